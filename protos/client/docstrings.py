"""What the contracts say of a method and its fields, as the docstring of its method in Python."""

import re
import textwrap
from collections.abc import Iterator
from typing import Final

from google.protobuf.descriptor import FieldDescriptor
from paas.limits.v1 import limits_pb2

from protos.client.calls import REQUEST_ID, Call
from protos.comments import comments

_CALLERS: Final = re.compile(r"\s*Callers: .*$")
# A comment that sends its reader to the same field of another request.
_AS_IN: Final = re.compile(r"(?P<need>Required|Optional)\. As in (?P<message>\w+)\.")
_WIDTH: Final = 108
_REQUEST_ID: Final = (
    "Optional. Chosen by you, to send the same again where the outcome is not known: it has its effect once. Made "
    "where it is left out, and kept over retries; an error has it."
)
_TIMEOUT: Final = "Optional. Seconds for each try; the client's where it is left out."
_IDLE: Final = "Optional. The most seconds between two answers."


def docstring(call: Call) -> str:
    """The docstring, without quotes and indentation."""
    head = "\n".join(textwrap.wrap(about(call), _WIDTH))
    needs = "\n".join(textwrap.wrap(f"{need(call)} Raises PaasError.", _WIDTH))
    return "\n".join([head, "", needs, "", *_listed(call)])


def quoted(text: str) -> str:
    """A docstring of sentences alone, with its quotes: on a line of their own where it has several."""
    lines = textwrap.wrap(text, _WIDTH)
    return '"""' + "\n".join(lines) + ('\n"""' if len(lines) > 1 else '"""')


def about(call: Call) -> str:
    """What the method does."""
    service = call.descriptor.containing_service.full_name
    return _CALLERS.sub("", comments()[f"{service}.{call.descriptor.name}"])


def need(call: Call) -> str:
    """What whoever calls it needs."""
    if call.rule.permission:
        return f"Needs the permission `{call.rule.permission}`."
    return "Needs no sign-in." if call.rule.anyone else "Needs a sign-in of any kind."


def parameters(call: Call) -> Iterator[tuple[str, str]]:
    """Each parameter with what it is."""
    for field in call.parameters:
        yield field.name, _REQUEST_ID if field.name == REQUEST_ID else meaning(field)
    yield ("idle", _IDLE) if call.is_stream else ("timeout", _TIMEOUT)


def meaning(field: FieldDescriptor) -> str:
    """What a field is, and its limits where its comment has no figure."""
    text = comments().get(field.full_name, "")
    if found := _AS_IN.fullmatch(text):
        package = field.full_name.rsplit(".", 2)[0]
        there = comments().get(f"{package}.{found['message']}.{field.name}", "").partition(". ")[2]
        text = f"{found['need']}. {there}" if there else text
    return text if re.search("[0-9]", text) else f"{text}{_limits(field)}"


def _limits(field: FieldDescriptor) -> str:
    limits = field.GetOptions().Extensions[limits_pb2.limits]
    if field.is_repeated and limits.HasField("max_items"):
        return f" At most {limits.max_items}."
    if not field.is_repeated and limits.HasField("max_bytes"):
        return f" At most {limits.max_bytes} bytes."
    return ""


def _listed(call: Call) -> Iterator[str]:
    for name, text in parameters(call):
        yield from textwrap.wrap(f"- `{name}`: {text}", _WIDTH, subsequent_indent="  ")
