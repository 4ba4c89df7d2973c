"""What stands to the right of `=`: the default that the program takes, on one line, as it is.

Must not put any of it into a text: somebody may have pasted a secret there.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from env_schema.schema import LineFault
from env_schema.value_types import STRING, ValueType, make

_REFERENCE: Final = re.compile(r"\$[A-Za-z_{(]")
_CALL: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*\(")
_HASH: Final = re.compile(r"#.*", re.DOTALL)
# A number that reads back as it is written; all others stay texts (the format's "Default behavior").
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{0,8}[1-9])?")
_FUNCTION: Final = "has a default that is a function or refers to another variable, which nothing here runs"


@dataclass(frozen=True, kw_only=True)
class Default:
    """A default, None where there is none, and the comment behind it. `type` is what it is taken for by itself."""

    text: str | None = field(default=None, repr=False)
    type: ValueType = STRING
    comment: str = ""


def read(right: str) -> Default:
    """Return what is to the right of `=`, on one line. Raises LineFault."""
    right = right.strip()
    if not right or right.startswith("#"):
        return Default(comment=right[1:])
    if right[0] in "\"'`":
        return _quoted(right)
    if right[0] in "[{":
        raise LineFault("has a default that is a list or an object: put it in quotes, as one text")
    value = _HASH.sub("", right)
    comment = right[len(value) + 1 :]
    if value != right and not value[-1:].isspace():
        raise LineFault("has a # within its default: put the default in quotes, or a space before the #")
    value = value.strip()
    if _CALL.match(value) or _REFERENCE.search(value):
        raise LineFault(_FUNCTION)
    if value == "undefined":
        return Default(comment=comment)
    return Default(text=value, type=_inferred(value), comment=comment)


def _quoted(right: str) -> Default:
    quote = right[0]
    if right.startswith(quote * 3):
        raise LineFault("has a default in three quotes: a default is one line, in one quote")
    inside = re.compile(rf"{quote}((?:\\{quote}|[^{quote}\\]|\\(?!{quote}))*){quote}").match(right)
    if inside is None:
        raise LineFault("opens a quote that is not closed on the line: a default is one line")
    rest = right[inside.end() :].strip()
    if rest and not rest.startswith("#"):
        raise LineFault("goes on after the closing quote")
    value = inside.group(1).replace(f"\\{quote}", quote)
    if quote != "'":
        if _REFERENCE.search(value):
            raise LineFault(_FUNCTION)
        value = value.replace("\\n", "\n")
    return Default(text=value or None, comment=rest[1:])


def _inferred(value: str) -> ValueType:
    if value in ("true", "false"):
        return make("boolean", (), {})
    return make("number", (), {}) if _NUMBER.fullmatch(value) else STRING
