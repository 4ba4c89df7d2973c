"""Decorators in a comment: `# @required @type=enum(a, b) # and a remark`.

Where the format has functions, references, objects or lists in a decorator that counts here, that is a fault: whether a
variable is required would depend on what only a program that runs them can know.
"""

import re
from dataclasses import dataclass
from typing import Final

from env_schema.schema import LineFault
from env_schema.value_types import TypeFault, ValueType, make

_NAME: Final = re.compile(r"@([A-Za-z][A-Za-z0-9_]*)")
_CALL: Final = re.compile(r"([A-Za-z][A-Za-z0-9_]*)\(")
_BARE: Final = re.compile(r"[^\s#]+")
_QUOTES: Final = "\"'`"
_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
_ARGUMENT: Final = re.compile(
    r"""\s*(?:([A-Za-z][A-Za-z0-9_]*)=)?("(?:\\"|[^"])*"|'(?:\\'|[^'])*'|`(?:\\`|[^`])*`|[^\s,()\[\]{}"'`]+)\s*(,|\Z)"""
)


@dataclass(frozen=True, kw_only=True)
class Decorator:
    """One decorator. `value` is what follows `=`, None without; `inside` what its parentheses hold, None without them.

    Of `@type=enum(a)` the value is `enum` and the inside `a`; of `@docs(x)` the value is None.
    """

    name: str
    value: str | None
    inside: str | None
    line: int

    def truth(self) -> bool:
        """Return what `@name`, `@name=true` or `@name=false` says. Raises LineFault for anything else."""
        if self.inside is not None or (self.value or "").startswith(("$", "{", "[")):
            raise LineFault(f"makes @{self.name} depend on a function or another variable, which is not done here")
        if self.value not in (None, "true", "false"):
            raise LineFault(f"has a @{self.name} that is neither true nor false")
        return self.value != "false"

    def type(self) -> ValueType:
        """Return the type that `@type=...` names. Raises LineFault."""
        if self.value is None:
            raise LineFault("has a @type without a type, such as @type=number")
        if self.value[:1] in _QUOTES:
            raise LineFault("has a @type in quotes; write it without")
        members, options = self.arguments()
        try:
            return make(self.value, members, options)
        except TypeFault as fault:
            raise LineFault(str(fault)) from None

    def arguments(self) -> tuple[list[str], dict[str, str]]:
        """Return what is in the parentheses: texts, and options by their names. Raises LineFault."""
        members: list[str] = []
        options: dict[str, str] = {}
        inside = (self.inside or "").strip().removesuffix(",")
        position = 0
        while position < len(inside):
            found = _ARGUMENT.match(inside, position)
            if found is None:
                raise LineFault(f"has an argument of @{self.name} that can't be read here: texts and numbers can")
            name, text = found.group(1), found.group(2)
            if text.startswith("$"):
                raise LineFault(f"makes @{self.name} depend on another variable, which is not done here")
            if name in options:
                raise LineFault(f"gives {name} twice")
            if name is None:
                members.append(_unquoted(text))
            else:
                options[name] = _unquoted(text)
            position = found.end()
        return members, options


def read(comment: str, line: int) -> list[Decorator]:
    """Return the decorators of a comment that begins with one. Raises LineFault."""
    found: list[Decorator] = []
    position = 0
    while position < len(comment) and comment[position] != "#":
        name = _NAME.match(comment, position)
        if name is None:
            raise LineFault("has words after a decorator: put `#` before them")
        position = name.end()
        value = inside = None
        if comment.startswith("(", position):
            inside, position = _bracketed(comment, position)
        elif comment.startswith("=", position):
            value, inside, position = _value(comment, position + 1, name.group(1))
        if position < len(comment) and not comment[position].isspace():
            raise LineFault(f"has something behind @{name.group(1)} that can't be read")
        found.append(Decorator(name=name.group(1), value=value, inside=inside, line=line))
        while position < len(comment) and comment[position].isspace():
            position += 1
    return found


def _value(text: str, start: int, name: str) -> tuple[str, str | None, int]:
    """Return a value, what its parentheses hold, and where it ends."""
    if start < len(text) and text[start] in _QUOTES:
        end = _quote_end(text, start)
        return text[start:end], None, end
    if start < len(text) and text[start] in "[{":
        _, end = _bracketed(text, start)
        return text[start:end], None, end
    if (call := _CALL.match(text, start)) is not None:
        inside, end = _bracketed(text, call.end() - 1)
        return call.group(1), inside, end
    bare = _BARE.match(text, start)
    if bare is None:
        raise LineFault(f"has a @{name} with nothing behind its =")
    return bare.group(), None, bare.end()


def _bracketed(text: str, start: int) -> tuple[str, int]:
    """Return what is between a bracket and its partner, and where that ends."""
    open_: list[str] = []
    position = start
    while position < len(text):
        character = text[position]
        if character in _QUOTES:
            position = _quote_end(text, position)
            continue
        if character in _PAIRS:
            open_.append(_PAIRS[character])
        elif character in _PAIRS.values():
            if open_.pop() != character:
                break
            if not open_:
                return text[start + 1 : position], position + 1
        position += 1
    raise LineFault("opens a bracket that is not closed on the line")


def _quote_end(text: str, start: int) -> int:
    """Return where a quoted text ends, its last quote included."""
    quote, position = text[start], start + 1
    while position < len(text):
        if text.startswith(f"\\{quote}", position):
            position += 2
            continue
        if text[position] == quote:
            return position + 1
        position += 1
    raise LineFault("opens a quote that is not closed on the line")


def _unquoted(text: str) -> str:
    return text[1:-1].replace(f"\\{text[0]}", text[0]) if text[0] in _QUOTES else text
