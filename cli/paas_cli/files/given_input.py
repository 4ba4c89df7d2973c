# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH123
"""Read the file that a person named, `-` for standard input, up to a size that it can have."""

from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.terminal import streams
from paas_cli.terminal.text import visible


def read(path: str, session: Session, *, most: int) -> bytes:
    """The whole content. Raises Failure where it can't be read or has more than `most` bytes; never quotes it."""
    shown = "standard input" if path == "-" else visible(path)
    if path == "-":
        content = streams.read(session.surroundings.stdin, most + 1)
    else:
        try:
            with open(path, "rb") as file:
                content = file.read(most + 1)
        except OSError as error:
            raise Failure(f"{shown} can't be read: {streams.reason(error)}.") from None
    if len(content) > most:
        raise Failure(f"{shown} has more than {most:,} bytes, which none of these has.")
    return content
