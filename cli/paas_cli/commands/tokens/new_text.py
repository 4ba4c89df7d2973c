"""A token's text, the one time it is shown, with what else a machine needs to use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from paas_cli.errors import FAILED, READER_GONE, Failure
from paas_cli.session import Session
from paas_cli.terminal.streams import Unwritten
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import Token

TTL_LIMITS = "from 1m to 366d"


def show(token: "Token", secret: str, session: Session) -> None:
    """Print the text, on standard output alone; beside it say the gateway, and what the token may do."""
    session.out.line(f"  PAAS_TOKEN={visible(secret)}")
    session.out.flush()
    apps = ", ".join(token.apps) or "all apps"
    session.note(f"its scope is {', '.join(token.permissions)}, in {apps}. A machine needs the gateway as well:")
    session.err.line(f"  PAAS_GATEWAY={session.sign_in.address}")


def gateway(session: Session) -> dict[str, str]:
    """The gateway, as JSON shows it."""
    return {"gateway": str(session.sign_in.address)}


@contextmanager
def shown_once(session: Session, *, done: str) -> Iterator[None]:
    """Show a text within the block. Raises Failure where it can't be written, since it is nowhere else.

    `done` is the sentence about what was done all the same; `{}` in it becomes what went wrong.
    """
    try:
        yield
        session.out.flush()
    except Unwritten as unwritten:
        wrong = f"it could not be written to standard output ({unwritten.reason}), and it is shown only once"
        raise Failure(done.format(wrong), exit_code=READER_GONE if unwritten.is_reader_gone else FAILED) from None
