"""From an empty machine to an app of one's own, and where one stands after that."""

from typing import Final

from tests.e2e.tasks import pages
from tests.e2e.tasks.task import PASTE, Line, NotPossible, Task, Unknown, read, typed

TASKS: Final = (
    Task(
        key="install",
        words="Install it",
        ours=typed("uv tool install .", note="in a clone"),
        theirs={
            "heroku": Unknown("how it is installed is on pages that were not to be had"),
            "gh": read(pages.GH_README, "brew install gh"),
            "fly": read("https://fly.io/docs/flyctl/install/", "curl -L https://fly.io/install.sh | sh"),
            "doppler": read(pages.DOPPLER_README, "brew install dopplerhq/cli/doppler"),
            "infisical": read(pages.INFISICAL_INSTALL, "brew install infisical/get-cli/infisical"),
        },
    ),
    Task(
        key="sign in",
        words="Sign in",
        ours=typed(
            Line("paas login --gateway https://paas.example.com --token", (("token (not shown)", PASTE),)),
            note="without `--token`, in a browser",
        ),
        theirs={
            "heroku": read(pages.heroku("auth"), "heroku login"),
            "gh": read(pages.gh("auth/login"), "gh auth login", note="asks several questions"),
            "fly": read(pages.fly("auth-login"), "fly auth login"),
            "doppler": read(pages.doppler("login"), "doppler login"),
            "infisical": read(pages.INFISICAL_USAGE, "infisical login"),
        },
    ),
    Task(
        key="app",
        words="Make an app that runs something",
        ours=typed("paas apps:create web -- sleep infinity"),
        theirs={
            "heroku": read(pages.heroku("apps"), "heroku create web", note="what it runs is pushed after that"),
            "gh": NotPossible("it runs no apps", pages.GH),
            "fly": read(pages.fly("apps-create"), "fly apps create web", note="what it runs is deployed after that"),
            "doppler": read(pages.doppler("projects"), "doppler projects create web", note="it runs no apps"),
            "infisical": NotPossible("it runs no apps; projects are made in the dashboard", pages.INFISICAL),
        },
    ),
    Task(
        key="switch",
        words="Use another sign-in from now on",
        ours=typed("paas auth:switch work"),
        theirs={
            "heroku": read(pages.heroku("accounts"), "heroku accounts:set work"),
            "gh": read(pages.gh("auth/switch"), "gh auth switch", note="asks which, where there are more than two"),
            "fly": Unknown(),
            "doppler": Unknown("a sign-in is of a folder: `doppler login --scope`"),
            "infisical": read(pages.infisical("user"), "infisical user switch", note="asks which"),
        },
    ),
    Task(
        key="environment",
        words="See staging's variables, from the same folder",
        ours=typed("paas config --env staging"),
        theirs={
            "heroku": read(pages.heroku("config"), "heroku config -r staging"),
            "gh": read(pages.gh("variable/list"), "gh variable list --env staging"),
            "fly": read(pages.fly("secrets-list"), "fly secrets list -a web-staging", note="names and digests alone"),
            "doppler": read(pages.DOPPLER_CHOICE, "doppler secrets --config stg"),
            "infisical": read(pages.infisical("secrets"), "infisical secrets --env=staging"),
        },
    ),
    Task(
        key="completion",
        words="Complete commands in this shell",
        ours=typed('eval "$(paas completion bash)"'),
        theirs={
            "heroku": read(pages.heroku("autocomplete"), "heroku autocomplete bash", note="prints what to do then"),
            "gh": read(pages.gh("completion"), 'eval "$(gh completion -s bash)"'),
            "fly": Unknown(),
            "doppler": read(pages.doppler("completion"), "doppler completion install"),
            "infisical": Unknown(),
        },
    ),
)
