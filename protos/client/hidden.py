"""Answers with a value that no output may have (`debug_redact`): classes whose `repr` leaves it out.

Protobuf's own shows it, and a notebook shows what the last line of a cell is.
"""

import textwrap
from collections.abc import Iterator
from functools import cache
from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from protos.client.annotations import got, message
from protos.client.docstrings import quoted
from protos.comments import comments

_WIDTH: Final = 110


@cache
def hides(kind: Descriptor) -> bool:
    """Whether a message has such a value, however deep."""
    return any(
        field.GetOptions().debug_redact or (field.message_type is not None and hides(field.message_type))
        for field in kind.fields
    )


def within(kind: Descriptor) -> Iterator[Descriptor]:
    """The messages that hide something, those within first."""
    if hides(kind):
        for field in kind.fields:
            if field.message_type is not None:
                yield from within(field.message_type)
        yield kind


def definition(kind: Descriptor) -> str:
    """The class of a message that hides something."""
    text = comments().get(kind.full_name) or f"The answer with {_hidden(kind)}, which its `repr` leaves out."
    fields = [line for field in kind.fields for line in _field(field)]
    copied = [f"            {field.name}={_copied(field)}," for field in kind.fields]
    return "\n".join(
        [
            "@dataclass(frozen=True)",
            f"class {kind.name}:",
            textwrap.indent(quoted(text), "    "),
            "",
            *fields,
            "",
            "    @classmethod",
            f"    def of(cls, message: {message(kind)}) -> Self:",
            f'        """What protobuf has as `{kind.full_name}`."""',
            "        return cls(",
            *copied,
            "        )",
        ]
    )


def _hidden(kind: Descriptor) -> str:
    names = [field.name for field in kind.fields if field.GetOptions().debug_redact]
    return " and ".join(f"`{name}`" for name in names) or "values"


def _field(field: FieldDescriptor) -> Iterator[str]:
    if text := comments().get(field.full_name):
        yield from (f"    # {line}" for line in textwrap.wrap(text.removeprefix("Output only. "), _WIDTH))
    kind = got(field)
    if field.message_type is not None and hides(field.message_type):
        kind = kind.replace(message(field.message_type), field.message_type.name)
    yield f"    {field.name}: {kind}" + (" = field(repr=False)" if field.GetOptions().debug_redact else "")


def _copied(field: FieldDescriptor) -> str:
    value = f"message.{field.name}"
    if field.message_type is not None and hides(field.message_type):
        name = field.message_type.name
        if field.is_repeated:
            return f"tuple({name}.of(each) for each in {value})"
        return f'{name}.of({value}) if message.HasField("{field.name}") else None'
    if field.is_repeated:
        return f"tuple({value})"
    return f'{value} if message.HasField("{field.name}") else None' if field.has_presence else value
