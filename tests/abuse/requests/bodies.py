"""What is wrong with a message: one function a kind, each from a valid message to bytes that are another."""

import random
from collections.abc import Callable, Iterator
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from tests.abuse.requests.wire import (
    BYTES,
    FIXED32,
    FIXED64,
    GROUP,
    GROUP_END,
    LARGEST_FIELD,
    VARINT,
    field_of,
    groups,
    nested,
    tag,
    varint,
)

_DEEPEST: Final = 10_000
_MANY_ITEMS: Final = 20_000
_BAD_UTF8: Final = (
    b"\xff", b"\x80", b"\xc0\xaf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xed\xb0\x80", b"\xed\xa0\xbd\xed\xb8\x80",
    b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"abc\xc3", b"\xe2\x82", b"\x00\xff",
)  # fmt: skip
_ODD_TEXT: Final = (
    "\0", "a\0b", "\x1b[2J", "\u202egnp.exe", "a\nb", "\ufeff", "\ufffe", "\U0010ffff", "\u0131", "\ufb00", "a" * 300,
    "é" * 200, "../../etc/passwd", "'; DROP TABLE apps; --", "%s%n", "{0}", "$(id)", "\u2028", "x" * 140_000,
)  # fmt: skip
_ODD_NUMBERS: Final = (-1, -(2**31), 2**31 - 1, 2**31, -(2**63), 2**63 - 1, 2**32, 10**12)
_ODD_NANOS: Final = (-1, 999_999_999, 1_000_000_000, -(2**31), 2**31 - 1)

Kind = Callable[[Message, random.Random], bytes]


def random_bytes(_message: Message, choice: random.Random) -> bytes:
    """Bytes that are nobody's."""
    return choice.randbytes(choice.choice((1, 2, 5, 17, 64, 300)))


def truncated(message: Message, choice: random.Random) -> bytes:
    """A message that ends too early."""
    raw = message.SerializeToString()
    return raw[: choice.randrange(len(raw))] if raw else b"\x0a"


def flipped(message: Message, choice: random.Random) -> bytes:
    """A message with one to eight bits changed."""
    raw = bytearray(message.SerializeToString() or b"\0")
    for _ in range(choice.randint(1, 8)):
        raw[choice.randrange(len(raw))] ^= 1 << choice.randrange(8)
    return bytes(raw)


def deep(message: Message, choice: random.Random) -> bytes:
    """Messages or groups in one another, as deep as it goes, under a known field or an unknown one."""
    numbers = [field.number for field in message.DESCRIPTOR.fields] or [1]
    number = choice.choice((*numbers, 99, 20_000))
    depth = choice.choice((64, 99, 100, 101, 1_000, _DEEPEST))
    inner = nested(number, depth) if choice.random() < 0.5 else groups(number, depth, closed=choice.random() < 0.5)
    return message.SerializeToString() + inner


def huge_repeated(message: Message, choice: random.Random) -> bytes:
    """One field thousands of times: many items where it is repeated, the last one counts where it is not."""
    fields: list[Any] = list(message.DESCRIPTOR.fields)
    if not fields:
        return field_of(1, b"") * choice.choice((101, 1_001, _MANY_ITEMS))
    field = choice.choice([each for each in fields if each.is_repeated] or fields)
    one = field_of(field.number, b"" if field.message_type is not None else b"a")
    if field.message_type is None and field.type not in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
        one = tag(field.number, VARINT) + b"\1"
    return message.SerializeToString() + one * choice.choice((101, 1_001, _MANY_ITEMS))


def wrong_types(message: Message, choice: random.Random) -> bytes:
    """Known fields in the form of other kinds."""
    written = b""
    for field in message.DESCRIPTOR.fields:
        form = choice.choice((VARINT, FIXED64, BYTES, FIXED32, GROUP))
        content = {
            VARINT: varint(choice.choice(_ODD_NUMBERS)),
            FIXED64: choice.randbytes(8),
            BYTES: varint(5) + choice.randbytes(5),
            FIXED32: choice.randbytes(4),
            GROUP: tag(field.number, GROUP_END),
        }[form]
        written += tag(field.number, form) + content
    return written + message.SerializeToString() if choice.random() < 0.5 else message.SerializeToString() + written


def unknown_fields(message: Message, choice: random.Random) -> bytes:
    """A valid message and fields that nobody knows."""
    numbers = (98, 1_000, 19_000, 50_712, LARGEST_FIELD)
    more = b"".join(field_of(choice.choice(numbers), choice.randbytes(20)) for _ in range(choice.randint(1, 50)))
    return more + message.SerializeToString()


def bad_tags(message: Message, choice: random.Random) -> bytes:
    """Tags that mean nothing: field 0, wire types 6 and 7, an end without a start, too large a number or varint."""
    odd = (
        b"\0",
        b"\6\0",
        b"\x0e\0",
        b"\x0f\0",
        tag(1, GROUP_END),
        tag(LARGEST_FIELD + 1, VARINT) + b"\0",
        b"\xff" * 11,
    )
    return message.SerializeToString() + choice.choice(odd)


def bad_lengths(message: Message, choice: random.Random) -> bytes:
    """Fields that say to be longer than what is there."""
    numbers = [field.number for field in message.DESCRIPTOR.fields] or [1]
    length = choice.choice((1, 2**7, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1))
    return message.SerializeToString() + tag(choice.choice(numbers), BYTES) + varint(length)


def bad_utf8(message: Message, choice: random.Random) -> bytes:
    """A text that is no UTF-8: loose and overlong bytes, surrogates, code points beyond the last."""
    text = choice.choice(_BAD_UTF8)
    paths = list(_texts(message.DESCRIPTOR, ()))
    path = choice.choice(paths) if paths else (1,)
    written = text
    for number in reversed(path):
        written = field_of(number, written)
    return message.SerializeToString() + written


def odd_texts(message: Message, choice: random.Random) -> bytes:
    """Texts that are valid UTF-8 and nothing anybody is called."""
    for owner, field in _places(message, FieldDescriptor.CPPTYPE_STRING):
        if field.type == FieldDescriptor.TYPE_STRING and choice.random() < 0.4:
            odd = choice.choice(_ODD_TEXT)
            if field.is_repeated:
                getattr(owner, field.name).append(odd)
            else:
                setattr(owner, field.name, odd)
    return message.SerializeToString()


def odd_numbers(message: Message, choice: random.Random) -> bytes:
    """Numbers, durations and times at and beyond their ends, and enum values that there are not."""
    written = b""
    for field in message.DESCRIPTOR.fields:
        kind = field.message_type.full_name if field.message_type is not None else ""
        if kind in ("google.protobuf.Duration", "google.protobuf.Timestamp"):
            inner = tag(1, VARINT) + varint(choice.choice(_ODD_NUMBERS))
            written += field_of(field.number, inner + tag(2, VARINT) + varint(choice.choice(_ODD_NANOS)))
        elif field.message_type is None and field.type not in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
            written += tag(field.number, VARINT) + varint(choice.choice(_ODD_NUMBERS))
    inner_kinds: list[Any] = [each for each in message.DESCRIPTOR.fields if each.message_type is not None]
    for field in inner_kinds:
        for inside in field.message_type.fields:
            if inside.enum_type is not None or inside.cpp_type == FieldDescriptor.CPPTYPE_INT32:
                odd = tag(inside.number, VARINT) + varint(choice.choice(_ODD_NUMBERS))
                written += field_of(field.number, odd)
    return message.SerializeToString() + written


def twice(message: Message, choice: random.Random) -> bytes:
    """The message and again the message: the last of each field counts, and repeated ones have all of both."""
    return message.SerializeToString() * choice.randint(2, 5)


def empty(_message: Message, _choice: random.Random) -> bytes:
    """A message without anything in it."""
    return b""


NEVER_A_MESSAGE: Final[tuple[Kind, ...]] = (bad_tags, bad_lengths)
"""Kinds that no parser may make a message of."""
_SELDOM_A_MESSAGE: Final[tuple[Kind, ...]] = (random_bytes, truncated, flipped, bad_utf8)
_STILL_A_MESSAGE: Final[tuple[Kind, ...]] = (
    deep, huge_repeated, wrong_types, unknown_fields, odd_texts, odd_numbers, twice, empty,
)  # fmt: skip
KINDS: Final = (*NEVER_A_MESSAGE * 4, *_SELDOM_A_MESSAGE * 4, *_STILL_A_MESSAGE)
"""Every kind. Three quarters are of those that are refused at once; the others cost a database its time."""


def _texts(kind: Any, path: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for field in kind.fields:
        if field.type == FieldDescriptor.TYPE_STRING:
            yield (*path, field.number)
        elif field.message_type is not None and len(path) < 3:
            yield from _texts(field.message_type, (*path, field.number))


def _places(message: Message, kind: int) -> Iterator[tuple[Any, Any]]:
    for field in message.DESCRIPTOR.fields:
        if field.message_type is None:
            if field.cpp_type == kind:
                yield message, field
        elif not field.message_type.GetOptions().map_entry:
            inner = getattr(message, field.name)
            for each in inner if field.is_repeated else [inner]:
                yield from _places(each, kind)
