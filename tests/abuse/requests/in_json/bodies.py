"""What is wrong with a body in JSON: one function a kind, each from a good call to a text that is another."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from tests.abuse.requests.in_json.calls import Call

# What stands in a text until it is replaced by what no writer of JSON would write.
_HERE: Final = "~here~"
_QUOTED: Final = f'"{_HERE}"'
_PIECES: Final = (
    '"', "\\", ",", "{", "}", "[", "]", ":", "0", "-", "a", "é", " ", "\n", "\0", "\\u00e9", "\\ud83d", "\\u0000",
    "true", "null", "//", "/*", "'", "\ufeff", "\u2028",
)  # fmt: skip
_BAD_UTF8: Final = (
    b"\xff", b"\x80", b"\xc0\xaf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xed\xb0\x80", b"\xed\xa0\xbd\xed\xb8\x80",
    b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"abc\xc3", b"\xe2\x82", b"\x00\xff",
)  # fmt: skip
# As they stand between two quotes.
_ODD_TEXTS: Final = (
    "\\u0000", "\\u001b[2J", "\\u202egnp.exe", "a\\nb", "\\ufeff", "\\uffff", "\\ud83d\\ude00", "\\ud83d", "\\ud83dx",
    "\\udc00\\ud83d", "\\x41", "\\u12", "\\", "\\/", "é", "\u0131", "\U0010ffff", "a" * 300, "../../etc/passwd", "%s%n",
    "{0}", "$(id)", "%DOWNSTREAM_REMOTE_ADDRESS%", "a\nb", "\x7f", "",
)  # fmt: skip
_ODD_NUMBERS: Final = (
    "-1", "-0", "00", "007", "+1", ".5", "5.", "1.0", "1e3", "1E400", "-1e-400", "1e", "0x10", "1_000", "NaN",
    "Infinity", "-Infinity", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808",
    "-9223372036854775809", "18446744073709551616", "9" * 5_000, "0." + "0" * 5_000 + "1", "1" + "0" * 100_000,
    '"9223372036854775808"', '"0x10"', '"1e3"', '" 1"', '""', '"9"', "\u0661",
)  # fmt: skip
_UNKNOWN: Final = (
    "unheard", "requestId", "request-id", "REQUEST_ID", "", "__proto__", "constructor", "@type", "[paas.config.v1.x]",
    "1", "x-paas-identity", "vars.name", "é", "a" * 5_000, "request_id\\u0000", "request\\u005fid",
)  # fmt: skip
_DEPTHS: Final = (64, 100, 101, 1_000, 10_000, 100_000)
_NUMBERS: Final = (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)
_Values = tuple[Any, ...]
# What no field of a kind takes.
_NO_OBJECT: Final[_Values] = (None, [], [[]], "a", 1, True)
_NO_ARRAY: Final[_Values] = (None, {}, "a", 1, True)
_NO_TEXT: Final[_Values] = (None, [], ["a"], {}, 1, 1.5, True)
_NO_BOOL: Final[_Values] = (None, [], {}, 0, 1, "true", "", "yes")
_NO_NUMBER: Final[_Values] = (None, [], {}, True, 1.5, "a", "1.5", "")
_NO_ENUM: Final[_Values] = (None, [], {}, 0, 1, True, "UNHEARD", "ok")
_NO_TIME: Final[_Values] = (None, [], {}, 1, True, "soon", "1h", "P1D", "2030-13")
_NO_REQUEST: Final = ("null", "[]", "[{}]", '"a"', "1", "true", "", " ", "{}{}", "{} 1", "\ufeff{}", "{},")

Kind = Callable[[Call, random.Random], bytes]


def json_changed(call: Call, choice: random.Random) -> bytes:
    """A text with a few characters put in or left out, which may be one that is taken all the same."""
    text = json.dumps(call.fields, ensure_ascii=choice.random() < 0.5)
    for _ in range(choice.randint(1, 3)):
        at = choice.randrange(len(text) + 1)
        text = text[:at] + choice.choice((*_PIECES, "")) + text[at + choice.randrange(3) :]
    return text.encode("utf-8", "surrogatepass")


def json_truncated(call: Call, choice: random.Random) -> bytes:
    """A text that ends too early."""
    text = json.dumps(call.fields).encode()
    return text[: choice.randrange(len(text))]


def json_wrong_types(call: Call, choice: random.Random) -> bytes:
    """A field with what its kind does not take, or a request that is no object."""
    fields = copy.deepcopy(call.fields)
    places = list(_places(fields, call.request))
    if not places or choice.random() < 0.1:
        return choice.choice(_NO_REQUEST).encode()
    owner, field = choice.choice(places)
    wrong = choice.choice(_not_taken_by(field))
    if field.is_repeated:
        owner[field.name] = choice.choice(_NO_ARRAY) if choice.random() < 0.5 else [*owner[field.name], wrong]
    else:
        owner[field.name] = wrong
    return json.dumps(fields).encode()


def json_unknown_fields(call: Call, choice: random.Random) -> bytes:
    """A field that nobody knows, at any depth: first, last, or the only one."""
    fields = copy.deepcopy(call.fields)
    owner = choice.choice(list(_objects(fields, call.request)))
    there = {} if choice.random() < 0.2 else dict(owner)
    owner.clear()
    more: dict[str, Any] = {_HERE: choice.choice(("a", 1, None, {}, [], {"a": {"a": []}}))}
    owner.update({**more, **there} if choice.random() < 0.5 else {**there, **more})
    return json.dumps(fields).replace(_HERE, choice.choice(_UNKNOWN)).encode()


def json_deep(call: Call, choice: random.Random) -> bytes:
    """Arrays or objects in one another, closed or not, under a field or as the whole."""
    depth = choice.choice(_DEPTHS)
    opened, closed = choice.choice((("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")))
    inside = opened * depth + "1" + (closed * depth if choice.random() < 0.5 else "")
    if not call.fields or choice.random() < 0.2:
        return inside.encode()
    return _in_place_of_one(call, choice, inside).encode()


def json_numbers(call: Call, choice: random.Random) -> bytes:
    """Numbers at and beyond their ends, and what some take for numbers."""
    fields = copy.deepcopy(call.fields)
    places = list(_places(fields, call.request))
    numbers = [each for each in places if each[1].cpp_type in _NUMBERS and each[1].message_type is None]
    if not places:
        return choice.choice(_ODD_NUMBERS).encode()
    owner, field = choice.choice(numbers or places)
    owner[field.name] = _HERE
    return json.dumps(fields).replace(_QUOTED, choice.choice(_ODD_NUMBERS)).encode()


def json_duplicates(call: Call, choice: random.Random) -> bytes:
    """A field that is there twice: with the same, with something else, next to each other or not."""
    fields = copy.deepcopy(call.fields)
    owners = [each for each in _objects(fields, call.request) if each]
    if not owners:
        return b'{"request_id": "a", "request_id": "a"}'
    owner = choice.choice(owners)
    name = choice.choice(list(owner))
    there = dict(owner)
    again: Any = choice.choice((owner[name], "a", None, {}, []))
    owner.clear()
    owner.update({_HERE: again, **there} if choice.random() < 0.5 else {**there, _HERE: again})
    return json.dumps(fields).replace(_HERE, name).encode()


def json_bad_utf8(call: Call, choice: random.Random) -> bytes:
    """Bytes that are no UTF-8: in a text, in a name, or between them."""
    odd = choice.choice(_BAD_UTF8)
    if not call.fields or choice.random() < 0.2:
        text = json.dumps(call.fields).encode()
        at = choice.randrange(len(text) + 1)
        return text[:at] + odd + text[at:]
    quoted = _QUOTED if choice.random() < 0.7 else f'{{"{_HERE}": 1}}'
    return _in_place_of_one(call, choice, quoted).encode().replace(_HERE.encode(), odd)


def json_odd_texts(call: Call, choice: random.Random) -> bytes:
    """Texts as they may be written and nothing anybody is called, and escapes that there are not."""
    fields = copy.deepcopy(call.fields)
    texts = [
        (owner, field) for owner, field in _places(fields, call.request) if field.type == FieldDescriptor.TYPE_STRING
    ]
    for owner, field in texts:
        if choice.random() < 0.4:
            owner[field.name] = [*owner[field.name], _HERE] if field.is_repeated else _HERE
    return json.dumps(fields).replace(_HERE, choice.choice(_ODD_TEXTS)).encode()


def json_large(call: Call, choice: random.Random) -> bytes:
    """Many items, a long text, white space without end, and now and then more than is taken at all."""
    fields = copy.deepcopy(call.fields)
    places = list(_places(fields, call.request))
    repeated = [each for each in places if each[1].is_repeated]
    if repeated and choice.random() < 0.5:
        owner, field = choice.choice(repeated)
        items = owner[field.name]
        owner[field.name] = (items or [{}]) * choice.choice((101, 501, 1_001, 10_000))
        return json.dumps(fields).encode()[: 2**20]
    size = choice.choice((5_000, 140_000, 800_000))
    if not places or choice.random() < 0.5:
        return json.dumps(fields).encode() + b" " * size
    return _in_place_of_one(call, choice, f'"{"x" * size}"').encode()


NEVER_TAKEN: Final[tuple[Kind, ...]] = (
    json_truncated,
    json_wrong_types,
    json_unknown_fields,
    json_deep,
    json_duplicates,
    json_bad_utf8,
)
"""Kinds that no call takes."""
KINDS: Final[tuple[Kind, ...]] = (*NEVER_TAKEN, json_changed, json_numbers, json_odd_texts, json_large)


def _not_taken_by(field: FieldDescriptor) -> _Values:
    if field.message_type is not None:
        return _NO_TIME if field.message_type.file.package == "google.protobuf" else _NO_OBJECT
    if field.enum_type is not None:
        return _NO_ENUM
    if field.cpp_type in _NUMBERS:
        return _NO_NUMBER
    return _NO_BOOL if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL else _NO_TEXT


def _in_place_of_one(call: Call, choice: random.Random, written: str) -> str:
    """The body with `written` in the place of a field's value."""
    fields = {**call.fields, choice.choice(list(call.fields)): _HERE}
    return json.dumps(fields).replace(_QUOTED, written)


def _objects(fields: dict[str, Any], kind: Descriptor) -> Iterator[dict[str, Any]]:
    """An object and those in it, each of a message of ours."""
    yield fields
    for name, value in fields.items():
        inner = kind.fields_by_name[name].message_type
        if inner is None or inner.file.package == "google.protobuf":
            continue
        for each in value if isinstance(value, list) else [value]:
            yield from _objects(each, inner)


def _places(fields: dict[str, Any], kind: Descriptor) -> Iterator[tuple[dict[str, Any], FieldDescriptor]]:
    """Each field that is there, with the object that it is in."""
    for name, value in list(fields.items()):
        field = kind.fields_by_name[name]
        yield fields, field
        inner = field.message_type
        if inner is not None and inner.file.package != "google.protobuf":
            for each in value if isinstance(value, list) else [value]:
                yield from _places(each, inner)
