"""Releases: several changes in one, watching it, going back, and what runs."""

from typing import Final

from tests.e2e.tasks import pages
from tests.e2e.tasks.task import PASTE, Answer, Line, NotPossible, Task, Unknown, read, typed

_NO_APPS: Final[dict[str, Answer]] = {
    "gh": NotPossible("it runs no apps", pages.GH),
    "doppler": NotPossible("it runs no apps", pages.DOPPLER),
    "infisical": NotPossible("it runs no apps", pages.INFISICAL),
}

TASKS: Final = (
    Task(
        key="stage",
        words="Change a config var and a secret, and release both at once",
        ours=typed(
            "paas config:set LOG_LEVEL=info --stage",
            Line("paas secrets:set STRIPE_API_KEY --stage", (("STRIPE_API_KEY", PASTE),)),
            "paas releases:create",
        ),
        theirs={
            **_NO_APPS,
            "heroku": NotPossible(
                "each `config:set` is a release, and its values are in the line", pages.heroku("config")
            ),
            "fly": read(
                pages.FLY_SECRETS,
                "fly secrets set LOG_LEVEL=info --stage",
                "fly secrets import --stage",
                "fly secrets deploy",
                note="after the second, the line `NAME=value`, Ctrl-D",
            ),
        },
    ),
    Task(
        key="watch",
        words="Watch the release; it fails: why?",
        ours=typed("paas releases:watch v9", note="with the last lines of the instance that failed"),
        theirs={
            **_NO_APPS,
            "gh": read(pages.gh("run"), "gh run watch", "gh run view --log-failed", note="of a workflow's run"),
            "heroku": read(pages.heroku("releases"), "heroku releases:output v9", note="of the release phase alone"),
            "fly": Unknown("`fly releases` lists what failed, and not why"),
        },
    ),
    Task(
        key="roll back",
        words="Go back to the config of an earlier release, after a look at what that changes",
        ours=typed("paas rollback v2 --dry-run", "paas rollback v2"),
        theirs={
            **_NO_APPS,
            "heroku": read(
                pages.heroku("releases"),
                "heroku releases:info v2",
                "heroku rollback v2",
                note="it shows all that v2 had, and not what differs",
            ),
            "fly": NotPossible("“Rollbacks don't undo config changes”", pages.FLY_ROLLBACK),
            "doppler": read(
                pages.doppler("configs_logs"),
                "doppler configs logs",
                "doppler configs logs get LOG_ID",
                "doppler configs logs rollback LOG_ID",
                note="undoes one change",
            ),
            "infisical": NotPossible("no command of its list does", pages.INFISICAL),
        },
    ),
    Task(
        key="run",
        words="Run a program here with the app's variables, secrets among them",
        ours=typed("paas run -- printenv LOG_LEVEL"),
        theirs={
            "heroku": NotPossible("`heroku run` runs on a dyno, `local:run` with a `.env`", pages.heroku("run")),
            "gh": NotPossible("a secret can't be read back", pages.gh("secret")),
            "fly": NotPossible("“we do not allow read access to the plain-text values of secrets”", pages.FLY_SECRETS),
            "doppler": read(pages.doppler("run"), "doppler run -- printenv LOG_LEVEL"),
            "infisical": read(pages.infisical("run"), "infisical run -- printenv LOG_LEVEL"),
        },
    ),
    Task(
        key="logs",
        words="What did it write?",
        ours=typed("paas logs"),
        theirs={
            **_NO_APPS,
            "heroku": read(pages.heroku("logs"), "heroku logs"),
            "fly": read(pages.fly("logs"), "fly logs --no-tail"),
        },
    ),
    Task(
        key="restart",
        words="Restart it, and see what runs",
        ours=typed("paas restart", "paas ps"),
        theirs={
            **_NO_APPS,
            "heroku": read(pages.heroku("ps"), "heroku ps:restart", "heroku ps"),
            "fly": read(pages.fly("apps-restart"), "fly apps restart web", "fly status"),
        },
    ),
)
