"""What requests may look like in JSON, as tables for `requests.lua`: the fields of each message, and of which kind.

Made from the contracts. What a field may hold is the service's to check, but for how many items: reading more than that
would only take time.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor, OneofDescriptor
from paas.limits.v1 import limits_pb2

_KINDS: Final = {
    FieldDescriptor.TYPE_STRING: "text",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_ENUM: "enum",
}
# Where a contract says nothing else (limits.proto).
_MAX_ITEMS: Final = 100
# Messages that are a text in JSON (protobuf.dev, "ProtoJSON").
_TEXTS: Final = {"google.protobuf.Duration": "duration", "google.protobuf.Timestamp": "time"}


def kind_of(field: FieldDescriptor) -> str:
    """Return of which kind a field's value is in JSON. Raises KeyError for one that no request has had so far."""
    if field.message_type is not None:
        return _TEXTS.get(field.message_type.full_name, "object")
    return _KINDS[field.type]


def oneof_of(field: FieldDescriptor) -> OneofDescriptor | None:
    """Return the oneof a field is in. What says `optional` is in one of its own, which is none to people."""
    oneof = field.containing_oneof
    return None if oneof is None or oneof.name == f"_{field.name}" else oneof


def lua_tables(requests: Iterable[Descriptor]) -> str:
    """Return an expression in Lua: a table of the shapes of `requests` and of all that they hold, by full name."""
    shapes = dict(_shapes(requests, set()))
    return "{\n" + "".join(f'  ["{name}"] = {shapes[name]},\n' for name in sorted(shapes)) + "}"


def _shapes(messages: Iterable[Descriptor], seen: set[str]) -> Iterator[tuple[str, str]]:
    for message in messages:
        if message.full_name in seen:
            continue
        seen.add(message.full_name)
        fields = ", ".join(f'["{field.name}"] = {_field(field)}' for field in message.fields)
        yield message.full_name, f"{{ {fields} }}"
        held = [field.message_type for field in message.fields if kind_of(field) == "object"]
        yield from _shapes(filter(None, held), seen)


def _field(field: FieldDescriptor) -> str:
    parts = [f'kind = "{kind_of(field)}"']
    if field.is_repeated:
        limits = field.GetOptions().Extensions[limits_pb2.limits]
        parts.append(f"most = {limits.max_items if limits.HasField('max_items') else _MAX_ITEMS}")
    if (oneof := oneof_of(field)) is not None:
        parts.append(f'oneof = "{oneof.name}"')
    if field.message_type is not None and kind_of(field) == "object":
        parts.append(f'of = "{field.message_type.full_name}"')
    if field.enum_type is not None:
        values = field.enum_type.values
        parts.append("of = { " + ", ".join(f"{value.name} = true" for value in values) + " }")
        parts.append(f'names = "{", ".join(value.name for value in values)}"')
    return "{ " + ", ".join(parts) + " }"
