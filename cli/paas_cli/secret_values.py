# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH123
"""Where the value of a secret comes from: standard input, a file, or a prompt that does not echo.

A command line can be read by every process of the machine and stays in the shell's history; these three can't.
Must not show a value, nor a path, which may be a value that was mistyped.
"""

from paas_cli.errors import Failure, Misuse
from paas_cli.names import MAX_VALUE_BYTES
from paas_cli.session import Session

# Enough to tell a value that is too long from one that is not.
_READ = MAX_VALUE_BYTES * 2


def from_stdin(session: Session, *, name: str) -> str:
    """Everything on standard input, less one newline at its end."""
    stdin = session.surroundings.stdin
    if stdin.isatty():
        session.note(f"Type the value of {name}, then Enter and Ctrl-D.")
    return _text(stdin.buffer.read(_READ), name=name).removesuffix("\n")


def from_file(path: str, *, name: str) -> str:
    """The bytes of a file exactly, as UTF-8 text."""
    try:
        with open(path, "rb") as file:
            content = file.read(_READ)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no such path"
        raise Failure(f"The file for {name} can't be read: {reason.lower()}.") from None
    return _text(content, name=name)


def from_prompt(session: Session, *, name: str) -> str:
    """What is typed on the terminal. Raises Misuse where there is none."""
    if not session.surroundings.stdin.isatty():
        raise Misuse(
            f"{name} has no value, and there is no terminal to ask on; pipe it in with {name}=- or name a file with "
            f"{name}=@path."
        )
    from getpass import getpass

    session.out.flush()
    return getpass(f"Value of {name} (not shown): ", stream=session.surroundings.stderr)


def _text(content: bytes, *, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end >= _READ:  # cut in the middle of a character: far too long, which the check says
            return content.decode("utf-8", "replace")
        raise Failure(f"The value of {name} is not UTF-8 text; encode it, for example as base64.") from None
