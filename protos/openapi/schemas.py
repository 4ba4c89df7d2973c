"""Messages as JSON Schema, as ProtoJSON has them and the gateway reads and writes them.

A value that no log may have (`debug_redact`) is a password, which is sent and never answered, or the other way round.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, OneofDescriptor
from paas.limits.v1 import limits_pb2

from gateway.transcoding.shapes import oneof_of
from protos.comments import comments

_DEFAULT_BYTES: Final = 256
_DEFAULT_ITEMS: Final = 100
_REFERENCE: Final = "#/components/schemas/"
_KINDS: Final[dict[int, dict[str, Any]]] = {
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    # A number of 64 bits is a text in JSON, where numbers have 53. Requests may have it as a number too.
    FieldDescriptor.TYPE_INT64: {"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
}
_TEXTS: Final[dict[str, dict[str, Any]]] = {
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$", "examples": ["90s"]},
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
}


def components(requests: Iterable[Descriptor], responses: Iterable[Descriptor]) -> dict[str, Any]:
    """Return the schemas of all messages and enums that `requests` hold and `responses` are, by full name."""
    sent = {each.full_name: each for request in requests for each in _within(request) if each is not request}
    answered = {each.full_name: each for response in responses for each in _within(response)}
    enums: dict[str, EnumDescriptor] = {}
    for message in {**sent, **answered}.values():
        enums |= {field.enum_type.full_name: field.enum_type for field in message.fields if field.enum_type}
    for request in requests:
        enums |= {field.enum_type.full_name: field.enum_type for field in request.fields if field.enum_type}
    schemas = {name: _message(each, is_sent=name in sent) for name, each in {**sent, **answered}.items()}
    schemas |= {name: _enum(each) for name, each in enums.items()}
    return dict(sorted(schemas.items()))


def body(request: Descriptor, *, without: Iterable[str]) -> dict[str, Any]:
    """Return the schema of a request's body: its fields but those that stand in the path. No other is taken."""
    fields = [field for field in request.fields if field.name not in without]
    return {**_object(fields, is_sent=True), "additionalProperties": False}


def value(field: FieldDescriptor, *, is_sent: bool) -> dict[str, Any]:
    """Return the schema of a field with its description."""
    one = _one(field)
    limits = field.GetOptions().Extensions[limits_pb2.limits]
    if field.type == FieldDescriptor.TYPE_STRING and is_sent:
        one["maxLength"] = limits.max_bytes if limits.HasField("max_bytes") else _DEFAULT_BYTES
    if field.GetOptions().debug_redact:
        one |= {"format": "password", "writeOnly" if is_sent else "readOnly": True}
    if field.is_repeated:
        one = {"type": "array", "items": one}
        if is_sent:
            one["maxItems"] = limits.max_items if limits.HasField("max_items") else _DEFAULT_ITEMS
    text = comments().get(field.full_name, "")
    return {**one, "description": text} if text else one


def is_required(field: FieldDescriptor) -> bool:
    """Whether a request without it is refused. Of a oneof one is enough (`_choice`)."""
    return _says_required(field.full_name) and field.containing_oneof is None


def _within(message: Descriptor) -> Iterator[Descriptor]:
    """The message and all that it holds. None of ours holds itself."""
    yield message
    for field in message.fields:
        if field.message_type is not None and field.message_type.full_name not in _TEXTS:
            yield from _within(field.message_type)


def _message(message: Descriptor, *, is_sent: bool) -> dict[str, Any]:
    schema = _object(message.fields, is_sent=is_sent)
    text = comments().get(message.full_name, "")
    return {**schema, "description": text} if text else schema


def _object(fields: Iterable[FieldDescriptor], *, is_sent: bool) -> dict[str, Any]:
    fields = list(fields)
    required = [field.name for field in fields if is_sent and is_required(field)]
    properties = {field.name: value(field, is_sent=is_sent) for field in fields}
    choices = [_choice(oneof) for oneof in dict.fromkeys(filter(None, map(oneof_of, fields)))]
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        **({"allOf": choices} if len(choices) > 1 else choices[0] if choices else {}),
    }


def _choice(oneof: OneofDescriptor) -> dict[str, Any]:
    """Return what a schema says of a oneof's fields: that one of them is there, or none or one where none is enough."""
    one = [{"required": [field.name]} for field in oneof.fields]
    none = [] if _says_required(f"{oneof.containing_type.full_name}.{oneof.name}") else [{"not": {"anyOf": one}}]
    return {"oneOf": [*one, *none]}


def _says_required(name: str) -> bool:
    return comments().get(name, "").startswith(("Required.", "Required;"))


def _one(field: FieldDescriptor) -> dict[str, Any]:
    if field.enum_type is not None:
        return {"$ref": _REFERENCE + field.enum_type.full_name}
    if field.message_type is None:
        return dict(_KINDS[field.type])
    name = field.message_type.full_name
    return dict(_TEXTS[name]) if name in _TEXTS else {"$ref": _REFERENCE + name}


def _enum(enum: EnumDescriptor) -> dict[str, Any]:
    texts = [(each.name, comments().get(f"{enum.full_name}.{each.name}", "")) for each in enum.values]
    lines = [comments().get(enum.full_name, ""), *(f"- `{name}`: {text}" for name, text in texts if text)]
    return {"type": "string", "enum": [name for name, _ in texts], "description": "\n".join(filter(None, lines))}
