"""The protobuf wire format, as much as one listing needs (https://protobuf.dev/programming-guides/encoding/).

Importing the generated modules doubles what `paas config` costs, and people run that all day; so this one call
reads its few fields by hand. Everything else uses the generated modules, and a test holds the two against each
other. Must not grow into a second protobuf.
"""

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def text(number: int, value: str) -> bytes:
    """A string field; nothing for an empty one, which is how proto3 writes it."""
    content = value.encode("utf-8")
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content if content else b""


def fields(payload: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and content of each varint and length-delimited field; others are passed over.

    Raises ValueError where the payload is no message.
    """
    position, end = 0, len(payload)
    while position < end:
        key, position = _read_varint(payload, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, position = _read_varint(payload, position)
            yield number, value
        elif kind == _BYTES:
            size, position = _read_varint(payload, position)
            if position + size > end:
                raise ValueError
            yield number, payload[position : position + size]
            position += size
        elif kind in (_FIXED64, _FIXED32):
            position += 8 if kind == _FIXED64 else 4
        else:
            raise ValueError
    if position != end:
        raise ValueError


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(payload: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(payload) and shift < 70:
        byte = payload[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise ValueError
