"""A question before something is done, on the terminal; where there is none, nothing is done unasked."""

from paas_cli.errors import Failure, Misuse
from paas_cli.session import Session
from paas_cli.terminal import hints
from paas_cli.terminal.text import visible


def can_be_asked(session: Session) -> bool:
    """Whether somebody is there to answer."""
    return session.surroundings.stdin.isatty() and session.err.is_terminal


def answer(session: Session, question: str) -> str:
    """What is typed after `question`, in small letters; empty for Enter alone or an end."""
    session.out.flush()
    session.err.raw(f"{question} ")
    session.err.flush()
    return session.surroundings.stdin.buffer.readline().decode("utf-8", "replace").strip().lower()


def is_yes(session: Session, question: str) -> bool:
    """Whether the answer is a plain yes."""
    return answer(session, f"{question} [y/N]") in ("y", "yes")


def agree(session: Session, question: str, *, yes: bool) -> None:
    """Go on only where that is agreed to, by `--yes` or by an answer. Raises Failure."""
    if yes:
        return
    if not can_be_asked(session):
        raise Failure("Nothing was changed: there is no terminal to ask on; --yes goes on without asking.")
    if not is_yes(session, question):
        raise Failure("Nothing was changed.")


def name_once_more(session: Session, name: str, *, what: str) -> str:
    """What is typed when asked for the name of something that is to be destroyed, with `what` goes along.

    Raises Misuse where nobody is there to type it.
    """
    if not session.surroundings.stdin.isatty():
        raise Misuse(f"Destroying {visible(name)} needs its name once more: add `--confirm {hints.quoted(name)}`.")
    session.warn(f"This destroys {visible(name)}, {what}; there is no way back.")
    session.err.raw(f"Type {visible(name)} to go on: ")
    session.err.flush()
    return session.surroundings.stdin.buffer.readline().decode("utf-8", "replace").strip()
