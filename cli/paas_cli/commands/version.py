"""`paas version`."""

from paas_cli import __version__
from paas_cli.command import command as declare
from paas_cli.session import Session


@declare("version", app=False)
def command(session: Session) -> None:
    """Show the version of this program.

    For example:
      paas version
    """
    if session.as_json:
        session.out.json({"version": __version__})
    else:
        session.out.line(f"paas {__version__}")
