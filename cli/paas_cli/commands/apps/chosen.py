"""The app of a command that takes it as an argument or with -a/--app."""

from paas_cli.errors import Misuse
from paas_cli.session import Session


def choose(session: Session, name: str | None) -> None:
    """Make `name` the session's app. Raises Misuse where -a says another."""
    if name is None:
        return
    if session.flags.app not in (None, name):
        raise Misuse("Two different apps are named, as an argument and with -a/--app; name one.")
    session.choose_app(name)
