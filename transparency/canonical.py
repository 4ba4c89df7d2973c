"""JSON with one spelling (RFC 8785), for what is hashed: objects, lists, strings, booleans, null and whole numbers.

Numbers are whole and within what every reader of JSON holds exactly; larger ones are to be written as strings, and
fractions are refused, so that a leaf means the same in every language.
"""

import json
from typing import Final, TypeAlias

from transparency.failures import Malformed

LARGEST_INTEGER: Final = 2**53 - 1
"""RFC 7493, section 2.2."""
_DEEPEST: Final = 64
_WRITTEN: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

Json: TypeAlias = bool | int | str | list["Json"] | dict[str, "Json"] | None


def encoded(value: Json) -> bytes:
    """Return the one spelling of `value`. Raises ValueError, which names no value, for what it does not have."""
    text = _WRITTEN.encode(_ordered(value, _DEEPEST))
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ValueError("a string has half a character (RFC 8785, section 3.2.2.2)") from None


def decoded(content: bytes) -> Json:
    """Return the value of JSON in its one spelling. Raises Malformed for any other: spaces, order, a name twice."""
    try:
        value: Json = json.loads(content)
        if encoded(value) == content:
            return value
    except (ValueError, RecursionError):
        pass
    raise Malformed("an entry is not JSON as RFC 8785 spells it")


def _ordered(value: Json, depth: int) -> Json:
    """Return a copy in the order in which it is written. Types are exact: a float or an enum is none of these."""
    if depth == 0:
        raise ValueError(f"JSON is nested deeper than {_DEEPEST}")
    if type(value) is str:
        return value
    if type(value) is dict:
        if not all(type(name) is str for name in value):
            raise ValueError("names in JSON are strings")
        # In ASCII both orders are the same, and one of them is several times as fast.
        names = sorted(value) if "".join(value).isascii() else sorted(value, key=_utf16)
        return {name: _ordered(value[name], depth - 1) for name in names}
    if type(value) is list:
        return [_ordered(each, depth - 1) for each in value]
    if type(value) is int and abs(value) > LARGEST_INTEGER:
        raise ValueError("a number is larger than JSON's readers hold exactly: write it as a string")
    if value is None or type(value) in {bool, int}:
        return value
    raise ValueError("a value is none of JSON's whole numbers, strings, booleans, null, lists and objects")


def _utf16(name: str) -> bytes:
    """Names are compared by their code units of UTF-16 (RFC 8785, section 3.2.3)."""
    return name.encode("utf-16-be", errors="surrogatepass")
