"""What requests may hold, read from their contracts: `(paas.limits.v1.limits)` on a field, or the defaults of its kind.

Only sizes, ranges and characters; what a value means is for the domain. Must not repeat a value in what it says.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from paas.limits.v1 import limits_pb2

from paaskit.access import RuleError
from paaskit.errors import FieldViolation, InvalidInput

MAX_BYTES: Final = 256
MAX_ITEMS: Final = 100
MAX_DURATION_SECONDS: Final = 366 * 86_400
_GREATEST: Final = 2**63 - 1
_SHOWN: Final = 20
# A tag and a length, and the two numbers of a duration or a time, as varints (protobuf.dev, "Encoding").
_HEAD_BYTES: Final = 10
_NUMBERS_BYTES: Final = 24
_UNKNOWN_BYTES: Final = 4096
_ANY_SIZE: Final = 2**31
_DURATION: Final = "google.protobuf.Duration"
_TIMESTAMP: Final = "google.protobuf.Timestamp"
_HTTP_BODY: Final = "google.api.HttpBody"
_OURS: Final = "paas."
_INTEGERS: Final = frozenset(
    {
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT32,
        FieldDescriptor.CPPTYPE_UINT64,
    }
)
_ANY_IS_FINE: Final = frozenset({FieldDescriptor.CPPTYPE_BOOL, FieldDescriptor.CPPTYPE_ENUM})

# What a terminal or a page obeys instead of showing it, or shows as nothing, so that two names look like one: C0, DEL
# and C1; soft hyphen; what has no width, joins or turns the direction of writing (CVE-2021-42574); separators of lines
# and paragraphs; byte order mark, annotations, tags.
_OBEYED: Final = (
    "\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff9-\ufffb\U000e0000-\U000e007f"
)
_IN_ONE_LINE: Final = re.compile(f"[{_OBEYED}]")
_IN_MANY_LINES: Final = re.compile(f"(?![\t\n])[{_OBEYED}]")

_Problem = Callable[[Any], str | None]
"""Says what is wrong with one value, or None."""


@dataclass(frozen=True)
class _Field:
    """How one field is checked: how many items it may have, each item by `problem`, or each as a `message`."""

    name: str
    max_items: int | None
    problem: _Problem | None
    message: "Mapping[int, _Field] | None"
    most_bytes: int
    """How many bytes one item has at most when it is sent, without what `message` has."""
    together: int | None = None
    """How many bytes all items have at most."""


class Limits:
    """The limits of one kind of request."""

    def __init__(self, request: Descriptor) -> None:
        self._fields = _fields_of(request, {})
        self.largest = _largest(self._fields, frozenset()) + _UNKNOWN_BYTES
        """How many bytes a request has at most that holds what it may, and a little that only newer clients know of."""

    def check(self, request: Message) -> None:
        """Raise InvalidInput that names the fields that hold more than they may."""
        found = list(islice(_violations(self._fields, request, ""), _SHOWN))
        if found:
            first = found[0]
            raise InvalidInput(f"The request holds what it may not: {first.field} {first.description}.", fields=found)


def _largest(fields: Mapping[int, _Field], around: frozenset[int]) -> int:
    """Return how many bytes a message has at most; a message that holds itself may be of any size."""
    if id(fields) in around:
        return _ANY_SIZE
    each = around | {id(fields)}
    return min(_ANY_SIZE, sum(_size(field, each) for field in fields.values()))


def _size(field: _Field, around: frozenset[int]) -> int:
    items = 1 if field.max_items is None else field.max_items
    if field.together is not None:
        return items * _HEAD_BYTES + field.together
    return items * (_HEAD_BYTES + (field.most_bytes if field.message is None else _largest(field.message, around)))


def _violations(fields: Mapping[int, _Field], message: Message, path: str) -> Iterator[FieldViolation]:
    for descriptor, value in message.ListFields():
        field = fields.get(descriptor.number)
        if field is None:
            continue
        where = f"{path}{field.name}"
        if field.max_items is None:
            yield from _of_one(field, value, where)
        elif len(value) > field.max_items:
            yield FieldViolation(where, f"has more than {field.max_items} items")
        elif field.together is not None and sum(len(text.encode()) for text in value) > field.together:
            yield FieldViolation(where, f"has more than {field.together} bytes in all")
        else:
            for index, item in enumerate(value):
                yield from _of_one(field, item, f"{where}[{index}]")


def _of_one(field: _Field, value: Any, where: str) -> Iterator[FieldViolation]:
    if field.message is not None:
        yield from _violations(field.message, value, f"{where}.")
    elif field.problem is not None and (problem := field.problem(value)) is not None:
        yield FieldViolation(where, problem)


def _fields_of(message: Descriptor, known: dict[str, dict[int, _Field]]) -> dict[int, _Field]:
    """Return the checks of a message by field number; `known` ends the way into a message that holds itself."""
    if message.full_name in known:
        return known[message.full_name]
    fields = known[message.full_name] = {}
    for field in message.fields:
        limits = field.GetOptions().Extensions[limits_pb2.limits]
        max_items = (limits.max_items if limits.HasField("max_items") else MAX_ITEMS) if field.is_repeated else None
        ours = _ours(field)
        inner = _fields_of(ours, known) if ours is not None else None
        problem = _problem_of(field, limits) if inner is None else None
        together = limits.max_bytes_together if limits.HasField("max_bytes_together") else None
        if together is not None and not (field.is_repeated and field.type == FieldDescriptor.TYPE_STRING):
            raise RuleError(f"{field.full_name} has no several texts that could have so many bytes together")
        fields[field.number] = _Field(field.name, max_items, problem, inner, _most_bytes(field, limits), together)
    return fields


def _most_bytes(field: FieldDescriptor, limits: limits_pb2.Limits) -> int:
    most = limits.max_bytes if limits.HasField("max_bytes") else MAX_BYTES
    if field.type == FieldDescriptor.TYPE_STRING:
        return most
    # What a body is, its bytes, and the heads of both.
    return most + MAX_BYTES + 2 * _HEAD_BYTES if _kind_of(field) == _HTTP_BODY else _NUMBERS_BYTES


def _ours(field: FieldDescriptor) -> Descriptor | None:
    """Return the message of a field that holds one of ours, whose fields have limits of their own."""
    kind = field.message_type
    if kind is None or kind.GetOptions().map_entry or not kind.full_name.startswith(_OURS):
        return None
    return kind


def _problem_of(field: FieldDescriptor, limits: limits_pb2.Limits) -> _Problem | None:
    """Return what checks one value of a field. Raises RuleError for a kind that nothing here can check."""
    kind = _kind_of(field)
    if field.type == FieldDescriptor.TYPE_STRING:
        return _text(limits)
    if kind == _HTTP_BODY:
        return _http_body(limits)
    if field.cpp_type in _INTEGERS:
        return _number(limits)
    if kind == _DURATION:
        return _duration(limits)
    if kind == _TIMESTAMP or field.cpp_type in _ANY_IS_FINE:
        return None
    raise RuleError(f"{field.full_name} is of a kind that has no limits; see paaskit/limits.py")


def _kind_of(field: FieldDescriptor) -> str:
    return field.message_type.full_name if field.message_type is not None else ""


def _http_body(limits: limits_pb2.Limits) -> _Problem:
    most = limits.max_bytes if limits.HasField("max_bytes") else MAX_BYTES

    def problem(body: Any) -> str | None:
        return f"has more than {most} bytes" if len(body.data) > most else None

    return problem


def _text(limits: limits_pb2.Limits) -> _Problem:
    most = limits.max_bytes if limits.HasField("max_bytes") else MAX_BYTES
    any_text = limits.any_text
    obeyed = _IN_MANY_LINES if limits.many_lines else _IN_ONE_LINE

    def problem(text: str) -> str | None:
        if len(text) > most or (4 * len(text) > most and len(text.encode()) > most):
            return f"has more than {most} bytes"
        if any_text or (text.isascii() and text.isprintable()):
            return None
        found = obeyed.search(text)
        return f"has a control or invisible character, U+{ord(found.group()):04X}" if found else None

    return problem


def _number(limits: limits_pb2.Limits) -> _Problem:
    least = limits.min
    most = limits.max if limits.HasField("max") else _GREATEST

    def problem(number: int) -> str | None:
        return None if least <= number <= most else _range(least, most)

    return problem


def _duration(limits: limits_pb2.Limits) -> _Problem:
    least = limits.min
    most = limits.max if limits.HasField("max") else MAX_DURATION_SECONDS

    def problem(duration: Any) -> str | None:
        # Both parts of a duration have one sign, and less than a second of nanoseconds (duration.proto).
        fine = least <= duration.seconds <= most and 0 <= duration.nanos < 1_000_000_000
        return None if fine else f"{_range(least, most)} seconds"

    return problem


def _range(least: int, most: int) -> str:
    return f"is less than {least}" if most == _GREATEST else f"is not from {least} to {most}"


def limits_of(services: Iterable[ServiceDescriptor]) -> dict[str, Limits]:
    """Return the limits of each method's request by the path of the method; of those whose contract is ours.

    Raises RuleError where a field is of a kind that can't be limited, so the server must not start.
    """
    return {
        f"/{service.full_name}/{method.name}": Limits(method.input_type)
        for service in services
        for method in service.methods
        if method.input_type.full_name.startswith(_OURS)
    }
