"""Protobuf's wire format by hand, valid or not (https://protobuf.dev/programming-guides/encoding)."""

from typing import Final

VARINT, FIXED64, BYTES, GROUP, GROUP_END, FIXED32 = range(6)
LARGEST_FIELD: Final = 2**29 - 1


def varint(number: int) -> bytes:
    """A number of up to 64 bits; a negative one as its complement of two."""
    rest, written = number % 2**64, b""
    while rest >= 128:
        written += bytes((rest % 128 + 128,))
        rest //= 128
    return written + bytes((rest,))


def tag(field: int, kind: int) -> bytes:
    """What a field starts with."""
    return varint(field << 3 | kind)


def field_of(field: int, content: bytes) -> bytes:
    """A field with a length."""
    return tag(field, BYTES) + varint(len(content)) + content


def nested(field: int, depth: int) -> bytes:
    """Messages in one another. Each level adds its length, so the whole is built from the inside."""
    pieces, size = [], 0
    for _ in range(depth):
        start = tag(field, BYTES) + varint(size)
        pieces.append(start)
        size += len(start)
    return b"".join(reversed(pieces))


def groups(field: int, depth: int, *, closed: bool = True) -> bytes:
    """Groups in one another (CVE-2025-4565)."""
    return tag(field, GROUP) * depth + (tag(field, GROUP_END) * depth if closed else b"")
