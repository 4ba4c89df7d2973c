"""Secrets: setting one, looking at it, giving it a new value, and who did."""

from typing import Final

from tests.e2e.tasks import pages
from tests.e2e.tasks.task import PASTE, Line, NotPossible, Task, Unknown, read, typed

_RANDOM: Final = '"$(openssl rand -base64 32)"'

TASKS: Final = (
    Task(
        key="secret",
        words="Set a secret that the shell's history does not have",
        ours=typed(Line("paas secrets:set STRIPE_API_KEY", (("STRIPE_API_KEY", PASTE),))),
        theirs={
            "heroku": read(pages.heroku("config"), "heroku config:edit STRIPE_API_KEY", note="in an editor; no secret"),
            "gh": read(pages.gh("secret/set"), Line("gh secret set STRIPE_API_KEY", (("secret", PASTE),))),
            "fly": read(pages.fly("secrets-import"), "fly secrets import", note="then the line `NAME=value`, Ctrl-D"),
            "doppler": read(pages.doppler("secrets"), "doppler secrets set STRIPE_API_KEY", note="then the value"),
            "infisical": read(
                pages.infisical("secrets"),
                "infisical secrets set STRIPE_API_KEY=@key.txt",
                note="the value has to be in a file",
            ),
        },
    ),
    Task(
        key="seal",
        words="Make a secret of a config var",
        ours=typed("paas secrets:seal SMTP_PASSWORD"),
        theirs={
            "heroku": NotPossible("it has no secrets beside config vars", pages.heroku("config")),
            "gh": read(
                pages.gh("secret/set"),
                "gh variable get SMTP_PASSWORD | gh secret set SMTP_PASSWORD",
                "gh variable delete SMTP_PASSWORD",
            ),
            "fly": Unknown(),
            "doppler": NotPossible("all it has are secrets", pages.DOPPLER),
            "infisical": NotPossible("all it has are secrets", pages.INFISICAL),
        },
    ),
    Task(
        key="reveal",
        words="Look at a secret's value",
        ours=typed("paas secrets:get STRIPE_API_KEY", note="on record before it is shown"),
        theirs={
            "heroku": read(pages.heroku("config"), "heroku config:get STRIPE_API_KEY", note="not on record"),
            "gh": NotPossible("a secret can't be read back", pages.gh("secret")),
            "fly": NotPossible("“we do not allow read access to the plain-text values of secrets”", pages.FLY_SECRETS),
            "doppler": read(pages.doppler("secrets"), "doppler secrets get STRIPE_API_KEY --plain"),
            "infisical": read(pages.infisical("secrets"), "infisical secrets get STRIPE_API_KEY --plain"),
        },
    ),
    Task(
        key="rotate",
        words="Give a secret a new random value, and release it",
        ours=typed("paas secrets:rotate SESSION_KEY"),
        theirs={
            "heroku": read(pages.heroku("config"), f"heroku config:set SESSION_KEY={_RANDOM}"),
            "gh": read(pages.gh("secret/set"), "openssl rand -base64 32 | gh secret set SESSION_KEY"),
            "fly": read(pages.fly("secrets-set"), f"fly secrets set SESSION_KEY={_RANDOM}"),
            "doppler": read(pages.doppler("secrets"), "openssl rand -base64 32 | doppler secrets set SESSION_KEY"),
            "infisical": read(pages.infisical("secrets"), f"infisical secrets set SESSION_KEY={_RANDOM}"),
        },
    ),
    Task(
        key="overlap",
        words="The same, and the former value stays beside it for an hour",
        ours=typed("paas secrets:rotate SESSION_KEY --overlap 1h"),
        theirs={
            "heroku": NotPossible("no command of its list ends a variable later", pages.heroku("config")),
            "gh": NotPossible("a secret can't be read back, nor ended later", pages.gh("secret")),
            "fly": NotPossible("“we do not allow read access to the plain-text values of secrets”", pages.FLY_SECRETS),
            "doppler": NotPossible("no command of its list ends a secret later", pages.DOPPLER),
            "infisical": NotPossible("no command of its list ends a secret later", pages.INFISICAL),
        },
    ),
    Task(
        key="who read",
        words="Who read this secret in the last month?",
        ours=typed("paas audit --name STRIPE_API_KEY --action secrets.get --since 30d"),
        theirs={
            "heroku": NotPossible("no command of its list says who read what", pages.HEROKU),
            "gh": NotPossible("nobody can read one", pages.gh("secret")),
            "fly": NotPossible("nobody can read one", pages.FLY_SECRETS),
            "doppler": NotPossible("in the dashboard; `doppler activity` has changes", pages.DOPPLER_LOGS),
            "infisical": NotPossible("no command of its list has the audit log", pages.INFISICAL),
        },
    ),
    Task(
        key="log",
        words="The log as a file, and proof that nothing of it was changed",
        ours=typed("paas audit:export -o audit.jsonl", "paas audit:verify"),
        theirs={
            "heroku": NotPossible("no command of its list has a log of who did what", pages.HEROKU),
            "gh": NotPossible("no command of its list has a log of who did what", pages.GH),
            "fly": NotPossible("no command of its list has a log of who did what", pages.FLY),
            "doppler": NotPossible("`doppler activity` lists it; nothing verifies it", pages.doppler("activity")),
            "infisical": NotPossible("no command of its list has the audit log", pages.INFISICAL),
        },
    ),
)
