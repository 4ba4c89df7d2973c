"""`paas completion`: a script that has a shell ask this program what may be typed next."""

import os

import click

from paas_cli import completion
from paas_cli.command import command as declare
from paas_cli.session import Session

_SHELLS = ("bash", "zsh", "fish")


@declare("completion", app=False)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(_SHELLS))
def command(session: Session, *, shell: str) -> None:
    """Print a script that completes commands in a shell.

    Its first lines say how it is installed. It completes commands and options, names of apps,
    variables, secrets, tokens and profiles, and numbers of releases; never a value. Names come from
    the gateway and are kept for a minute in ~/.cache/paas, readable by you alone, until you sign out.

    For example:
      eval "$(paas completion bash)"
      paas completion fish > ~/.config/fish/completions/paas.fish
    """
    run(shell, session)


def run(shell: str, session: Session) -> None:
    """Print it."""
    # Strings for paths: pathlib is slow to import, and the script may be asked for at each start of a shell.
    path = os.path.join(os.path.dirname(completion.__file__), "scripts", f"paas.{shell}")  # noqa: PTH118, PTH120
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        script = file.read()
    if session.as_json:
        session.out.json({"shell": shell, "script": script})
    else:
        session.out.raw(script)
