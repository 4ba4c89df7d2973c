"""Read a `.env.schema`, or say of each line that can't be read what is wrong with it.

The grammar is @env-spec's: comments directly above a variable are its own, a blank line or a divider (`# ---`) ends
them, and what comes before the first variable and is not its own is the header.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from env_schema import decorators, defaults
from env_schema.decorators import Decorator
from env_schema.header import Header, of_variable
from env_schema.schema import MAX_BYTES, MAX_VARIABLES, Fault, LineFault, Schema, UnreadableSchema, Variable

_DIVIDER: Final = re.compile(r"#[ \t]*[-=*#]{3,}")
_ITEM: Final = re.compile(r"(?:export[ \t]+)?([^\s=]+)[ \t]*=(.*)")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_NAME: Final = 128

ReadT = TypeVar("ReadT")


def read(text: str) -> Schema:
    """Return the schema that a file holds. Raises UnreadableSchema with every line that is no part of one."""
    if "\0" in text or len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        raise UnreadableSchema([Fault(1, f"begins a text that has a NUL character, or more than {MAX_BYTES} bytes")])
    reader = _Reader()
    for line, content in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"), 1):
        reader.take(line, content.strip())
    return reader.end()


@dataclass
class _Block:
    """Comments on lines that follow each other."""

    decorators: list[Decorator] = field(default_factory=list)
    docs: list[str] = field(default_factory=list)


class _Reader:
    """What was read so far."""

    def __init__(self) -> None:
        self._header = Header()
        self._block = _Block()
        self._variables: dict[str, Variable] = {}
        self._begun = False
        self._faults: list[Fault] = []

    def take(self, line: int, content: str) -> None:
        """Read one line."""
        if not content or _DIVIDER.match(content):
            self._close()
        elif content.startswith("#"):
            self._comment(line, content[1:].strip())
        else:
            self._begun = True
            block, self._block = self._block, _Block()
            self._try(line, lambda: self._variable(line, content, block))

    def end(self) -> Schema:
        """Return the schema. Raises UnreadableSchema."""
        self._close()
        if len(self._variables) > MAX_VARIABLES:
            self._faults.append(Fault(1, f"begins a schema of more than {MAX_VARIABLES} variables"))
        if self._faults:
            raise UnreadableSchema(self._faults)
        return Schema(variables=self._variables)

    def _comment(self, line: int, comment: str) -> None:
        if comment.startswith("@"):
            self._block.decorators += self._try(line, lambda: decorators.read(comment, line)) or []
        elif comment:
            self._block.docs.append(comment)

    def _close(self) -> None:
        """End a block of comments that is no variable's: part of the header, or without a decorator."""
        block, self._block = self._block, _Block()
        for decorator in block.decorators:
            try:
                self._of_no_variable(decorator)
            except LineFault as fault:
                self._faults.append(Fault(decorator.line, str(fault)))

    def _of_no_variable(self, decorator: Decorator) -> None:
        if self._begun:
            raise LineFault(f"has a @{decorator.name[:40]} that stands above no variable, only above a line left free")
        self._header = self._header.and_([decorator])

    def _variable(self, line: int, content: str, block: _Block) -> None:
        item = _ITEM.fullmatch(content)
        if item is None:
            raise LineFault("is neither NAME= nor a comment")
        name = item.group(1)
        if _NAME.fullmatch(name) is None or len(name) > _MAX_NAME:
            raise LineFault("has a name that no variable can have (letters, digits and _, not starting with a digit)")
        if name.startswith("LD_"):
            raise LineFault("has a name of the linker's (LD_...), which no variable of an app may have")
        if name in self._variables:
            raise LineFault(f"has {name} once more, which line {self._variables[name].line} has already")
        default = defaults.read(item.group(2))
        more = default.comment.strip()
        behind = decorators.read(more, line) if more.startswith("@") else []
        said = self._said([*block.decorators, *behind])
        self._variables[name] = self._made(name, line, default, said, docs="\n".join(block.docs))

    def _said(self, found: list[Decorator]) -> dict[str, Decorator]:
        """Return what decorators say of a variable; what is wrong with one is a fault of its own line."""
        said: dict[str, Decorator] = {}
        for decorator in found:
            try:
                said = of_variable([*said.values(), decorator])
            except LineFault as fault:
                self._faults.append(Fault(decorator.line, str(fault)))
        for one, other in (("required", "optional"), ("sensitive", "public")):
            if one in said and other in said:
                raise LineFault(f"is of a variable with both @{one} and @{other}")
        return said

    def _made(
        self, name: str, line: int, default: defaults.Default, said: dict[str, Decorator], *, docs: str
    ) -> Variable:
        type_ = self._try(said["type"].line, said["type"].type) if "type" in said else default.type
        required = self._switch(said, "required", "optional")
        if required is None:
            required = default.text is not None if self._header.required is None else self._header.required
        sensitive = self._switch(said, "sensitive", "public")
        if sensitive is None:
            sensitive = self._header.sensitive(name)
        if default.text is not None and sensitive:
            raise LineFault(f"gives {name} a default, and it is @sensitive: a secret has no place in a schema")
        type_ = type_ or default.type
        if default.text is not None and (fault := type_.fault(default.text)) is not None:
            raise LineFault(f"has a default for {name} that {fault}")
        return Variable(
            name=name, type=type_, required=required, sensitive=sensitive, default=default.text, docs=docs, line=line
        )

    def _switch(self, said: dict[str, Decorator], on: str, off: str) -> bool | None:
        """Return what one of two opposites says; None where neither is there, or can be read."""
        if on in said:
            return self._try(said[on].line, said[on].truth)
        if off in said:
            truth = self._try(said[off].line, said[off].truth)
            return None if truth is None else not truth
        return None

    def _try(self, line: int, reading: Callable[[], ReadT]) -> ReadT | None:
        """Return what was read; None where that is a fault, which is kept."""
        try:
            return reading()
        except LineFault as fault:
            self._faults.append(Fault(line, str(fault)))
            return None
