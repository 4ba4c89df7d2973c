"""Config vars: one, all of them, from a file, and between apps."""

from typing import Final

from tests.e2e.tasks import pages
from tests.e2e.tasks.task import Line, NotPossible, Task, Unknown, read, typed

_YES: Final = (("[y/N]", "y"),)
_FLY_NO_VALUES: Final = NotPossible(
    "“we do not allow read access to the plain-text values of secrets”", pages.FLY_SECRETS
)
_HEROKU_NO_COPY: Final = NotPossible("no command of its list does", pages.heroku("config"))
_GH_NO_COPY: Final = NotPossible("no command of its list does, and a secret can't be read back", pages.GH)

TASKS: Final = (
    Task(
        key="set",
        words="Set a config var, and release it",
        ours=typed("paas config:set LOG_LEVEL=debug"),
        theirs={
            "heroku": read(pages.heroku("config"), "heroku config:set LOG_LEVEL=debug"),
            "gh": read(pages.gh("variable/set"), "gh variable set LOG_LEVEL --body debug"),
            "fly": read(pages.fly("secrets-set"), "fly secrets set LOG_LEVEL=debug"),
            "doppler": read(pages.doppler("secrets"), "doppler secrets set LOG_LEVEL=debug"),
            "infisical": read(pages.infisical("secrets"), "infisical secrets set LOG_LEVEL=debug"),
        },
    ),
    Task(
        key="list",
        words="List config vars",
        ours=typed("paas config"),
        theirs={
            "heroku": read(pages.heroku("config"), "heroku config"),
            "gh": read(pages.gh("variable/list"), "gh variable list"),
            "fly": read(pages.fly("secrets-list"), "fly secrets list", note="names and digests alone"),
            "doppler": read(pages.doppler("secrets"), "doppler secrets"),
            "infisical": read(pages.infisical("secrets"), "infisical secrets"),
        },
    ),
    Task(
        key="get",
        words="Print one value, for a script",
        ours=typed("paas config:get LOG_LEVEL"),
        theirs={
            "heroku": read(pages.heroku("config"), "heroku config:get LOG_LEVEL"),
            "gh": read(pages.gh("variable/get"), "gh variable get LOG_LEVEL"),
            "fly": _FLY_NO_VALUES,
            "doppler": read(pages.doppler("secrets"), "doppler secrets get LOG_LEVEL --plain"),
            "infisical": read(pages.infisical("secrets"), "infisical secrets get LOG_LEVEL --plain"),
        },
    ),
    Task(
        key="unset",
        words="Unset a config var",
        ours=typed("paas config:unset LOG_LEVEL"),
        theirs={
            "heroku": read(pages.heroku("config"), "heroku config:unset LOG_LEVEL"),
            "gh": read(pages.gh("variable/delete"), "gh variable delete LOG_LEVEL"),
            "fly": read(pages.fly("secrets-unset"), "fly secrets unset LOG_LEVEL"),
            "doppler": read(pages.doppler("secrets"), "doppler secrets delete LOG_LEVEL", note="asks"),
            "infisical": read(pages.infisical("secrets"), "infisical secrets delete LOG_LEVEL"),
        },
    ),
    Task(
        key="import",
        words="A `.env` becomes one release, what looks like a credential sealed",
        ours=typed(Line("paas config:import .env --split", _YES)),
        theirs={
            "heroku": NotPossible("no command of its list reads a file", pages.heroku("config")),
            "gh": read(pages.gh("secret/set"), "gh secret set -f .env", note="all of it as secrets"),
            "fly": read(pages.fly("secrets-import"), "fly secrets import < .env", note="all of it as secrets"),
            "doppler": read(pages.doppler("secrets"), "doppler secrets upload .env", note="all of it as secrets"),
            "infisical": read(pages.INFISICAL, "infisical secrets set --file=.env", note="all of it as secrets"),
        },
    ),
    Task(
        key="copy",
        words="Copy one variable to another app",
        ours=typed(Line("paas config:copy LOG_LEVEL --from staging --to production", _YES)),
        theirs={
            "heroku": read(
                pages.heroku("config"),
                'heroku config:set LOG_LEVEL="$(heroku config:get LOG_LEVEL -a staging)" -a production',
                note="made of two commands",
            ),
            "gh": read(
                pages.gh("variable/set"),
                "gh variable get LOG_LEVEL -R o/staging | gh variable set LOG_LEVEL -R o/production",
                note="made of two commands",
            ),
            "fly": _FLY_NO_VALUES,
            "doppler": read(
                pages.doppler("secrets"),
                "doppler secrets get LOG_LEVEL --plain -c stg | doppler secrets set LOG_LEVEL -c prd",
                note="made of two commands",
            ),
            "infisical": Unknown(),
        },
    ),
    Task(
        key="promote",
        words="Production gets what staging has, secrets too, after a look at the difference",
        ours=typed(Line("paas promote staging production --with-secrets", _YES)),
        theirs={
            "heroku": NotPossible("`pipelines:promote` takes code along and no config", pages.heroku("pipelines")),
            "gh": _GH_NO_COPY,
            "fly": _FLY_NO_VALUES,
            "doppler": Unknown("a download and an upload take all over, without a look"),
            "infisical": Unknown("an export and a set from that file take all over, without a look"),
        },
    ),
    Task(
        key="compare",
        words="Compare two apps",
        ours=typed("paas config:diff staging production"),
        theirs={
            "heroku": read(
                pages.heroku("config"),
                "diff <(heroku config -s -a staging) <(heroku config -s -a production)",
                note="made of two commands; shows all values",
            ),
            "gh": read(
                pages.gh("variable/list"),
                "diff <(gh variable list -R o/staging) <(gh variable list -R o/production)",
                note="made of two commands",
            ),
            "fly": read(
                pages.fly("secrets-list"),
                "diff <(fly secrets list -a staging) <(fly secrets list -a production)",
                note="made of two commands; names and digests alone",
            ),
            "doppler": read(
                pages.doppler("secrets"),
                "diff <(doppler secrets -c stg) <(doppler secrets -c prd)",
                note="made of two commands; shows all values",
            ),
            "infisical": read(
                pages.infisical("secrets"),
                "diff <(infisical secrets --env=staging) <(infisical secrets --env=prod)",
                note="made of two commands; shows all values",
            ),
        },
    ),
)
