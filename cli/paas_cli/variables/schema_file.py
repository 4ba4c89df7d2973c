"""A `.env.schema` that a person named, read; whatever the locale says, it is UTF-8 or refused."""

from typing import TYPE_CHECKING

from paas_cli.errors import Failure
from paas_cli.files import given_input
from paas_cli.session import Session
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from env_schema.schema import Schema

NAME = ".env.schema"


def read(file: str, session: Session) -> "tuple[str, Schema]":
    """The text of `file`, `-` being standard input, and what it says. Raises Failure naming lines, never a value."""
    from env_schema.schema import MAX_BYTES

    content = given_input.read(file, session, most=MAX_BYTES)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Failure(f"Line {line} of {shown(file)} is not UTF-8 text.") from None
    return text, parse(text, source=shown(file))


def parse(text: str, *, source: str) -> "Schema":
    """What a schema says; `source` names it in errors. Raises Failure."""
    from env_schema import reading
    from env_schema.schema import UnreadableSchema

    try:
        return reading.read(text)
    except UnreadableSchema as unreadable:
        raise Failure(f"{source} can't be read as a schema. {unreadable}") from None


def shown(file: str) -> str:
    """What to call it."""
    return "standard input" if file == "-" else visible(file)
