"""What a schema is once it is read, and what it is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from env_schema.value_types import ValueType

MAX_BYTES: Final = 64 * 1024
MAX_VARIABLES: Final = 500
"""As many as an app may have."""
_SHOWN: Final = 5


@dataclass(frozen=True, kw_only=True)
class Variable:
    """What one variable is to be. `default` is what the program takes where nothing is set; `docs` are its comments.

    `line` is where it stands, from 1.
    """

    name: str
    type: ValueType
    required: bool
    sensitive: bool
    default: str | None = field(default=None, repr=False)
    docs: str = ""
    line: int


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The variables of a schema by their names, in the file's order."""

    variables: Mapping[str, Variable]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a line, as the rest of a sentence that begins with the line."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"Line {self.line} {self.text}."


class LineFault(Exception):
    """A line can't be read. The message is the rest of a sentence about it, without any value."""


class UnreadableSchema(Exception):
    """Not every line can be read, so there is no schema. Its text names the first of them, a sentence each."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        more = len(self.faults) - _SHOWN
        super().__init__(" ".join(map(str, self.faults[:_SHOWN])) + (f" And {more} more." if more > 0 else ""))
