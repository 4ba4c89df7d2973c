"""Where the documentation of others is. Addresses of what was read, as it was on the day that `task` names."""

from typing import Final


def heroku(topic: str) -> str:
    """A topic of Heroku's commands, in the repository of its program."""
    return f"https://github.com/heroku/cli/blob/main/docs/{topic}.md"


def gh(command: str) -> str:
    """The source of a command of GitHub's program, which its manual is made from."""
    return f"https://github.com/cli/cli/blob/trunk/pkg/cmd/{command}"


def fly(command: str) -> str:
    """A command of Fly's program."""
    return f"https://fly.io/docs/flyctl/{command}/"


def doppler(file: str) -> str:
    """The source of a command of Doppler's program, which its help is made from."""
    return f"https://github.com/DopplerHQ/cli/blob/master/pkg/cmd/{file}.go"


def infisical(command: str) -> str:
    """A command of Infisical's program."""
    return f"https://infisical.com/docs/cli/commands/{command}"


HEROKU: Final = "https://github.com/heroku/cli/tree/main/docs"
GH: Final = "https://github.com/cli/cli/tree/trunk/pkg/cmd"
GH_README: Final = "https://github.com/cli/cli#installation"
FLY: Final = "https://fly.io/docs/flyctl/"
FLY_SECRETS: Final = "https://fly.io/docs/apps/secrets/"
FLY_ROLLBACK: Final = "https://fly.io/docs/blueprints/rollback-guide/"
DOPPLER: Final = "https://github.com/DopplerHQ/cli/tree/master/pkg/cmd"
DOPPLER_README: Final = "https://github.com/DopplerHQ/cli#install"
DOPPLER_LOGS: Final = "https://docs.doppler.com/docs/access-logs"
DOPPLER_CHOICE: Final = "https://docs.doppler.com/docs/environment-based-configuration"
INFISICAL: Final = "https://github.com/Infisical/cli/tree/main/packages/cmd"
INFISICAL_INSTALL: Final = "https://infisical.com/docs/cli/overview"
INFISICAL_USAGE: Final = "https://infisical.com/docs/cli/usage"
