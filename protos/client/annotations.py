"""What a field is in Python: the type to give, the type to get, and what it is without a value."""

from typing import Final

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from protos.client.calls import REQUEST_ID
from protos.openapi.schemas import is_required

_SCALARS: Final = {
    FieldDescriptor.TYPE_STRING: ("str", '""'),
    FieldDescriptor.TYPE_BYTES: ("bytes", 'b""'),
    FieldDescriptor.TYPE_BOOL: ("bool", "False"),
    FieldDescriptor.TYPE_INT32: ("int", "0"),
    FieldDescriptor.TYPE_INT64: ("int", "0"),
}
# Given as Python has them.
_TIMES: Final = {"google.protobuf.Timestamp": "datetime", "google.protobuf.Duration": "timedelta"}


def given(field: FieldDescriptor) -> str:
    """The parameter of a field with its type, and its default where it may be left out: `stage: bool = False`."""
    kind, default = _given(field)
    if field.name == REQUEST_ID:
        return f"{field.name}: {kind} | None = None"
    if is_required(field):
        return f"{field.name}: {kind}"
    if default == "None":
        return f"{field.name}: {kind} | None = None"
    return f"{field.name}: {kind} = {default}"


def got(field: FieldDescriptor) -> str:
    """The type of a field of an answer, as protobuf gives it."""
    kind = _one(field)
    if field.is_repeated:
        return f"tuple[{kind}, ...]"
    return f"{kind} | None" if field.has_presence else kind


def message(kind: Descriptor) -> str:
    """`config_pb2.App`, or `google.protobuf`'s own."""
    return f"{module(kind)}.{kind.name}"


def module(kind: Descriptor | EnumDescriptor) -> str:
    """`config_pb2`, whose import is `from paas.config.v1 import config_pb2`."""
    return kind.file.name.rpartition("/")[2].removesuffix(".proto") + "_pb2"


def package(kind: Descriptor | EnumDescriptor) -> str:
    """`paas.config.v1`, of which the module is imported."""
    return kind.file.name.rpartition("/")[0].replace("/", ".")


def is_assigned(kind: Descriptor | None) -> bool:
    """Whether messages of a kind give names a value, so that a mapping says the same."""
    texts = [
        kind is not None
        and name in kind.fields_by_name
        and kind.fields_by_name[name].type == FieldDescriptor.TYPE_STRING
        for name in ("name", "value")
    ]
    return all(texts)


def _given(field: FieldDescriptor) -> tuple[str, str]:
    if field.is_repeated:
        kind = f"Iterable[{_one(field)}]"
        return (f"Mapping[str, str] | {kind}" if is_assigned(field.message_type) else kind), "()"
    if field.message_type is not None:
        return _TIMES.get(field.message_type.full_name) or _one(field), "None"
    if field.has_presence:
        return _one(field), "None"
    if field.enum_type is not None:
        return _one(field), f"{module(field.enum_type)}.{field.enum_type.values_by_number[0].name}"
    return _SCALARS[field.type]


def _one(field: FieldDescriptor) -> str:
    if field.message_type is not None:
        return message(field.message_type)
    if field.enum_type is not None:
        return f"{module(field.enum_type)}.{field.enum_type.name}.ValueType"
    return _SCALARS[field.type][0]
