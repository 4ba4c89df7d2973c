"""JSON with one spelling: the RFC's examples, round trips, and what has none."""

import enum
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transparency.canonical import LARGEST_INTEGER, Json, decoded, encoded
from transparency.failures import Malformed

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=8,
)


def test_strings_of_the_specification() -> None:
    """RFC 8785, section 3.2.2.2 and its example in 3.2.2."""
    value: Json = {"string": '€$\u000f\nA\'B"\\\\"/', "literals": [None, True, False]}
    assert encoded(value) == '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()
    assert encoded('\b\t\n\f\r\x00\x1f\x7f"\\/') == b'"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f\\"\\\\/"'


def test_names_are_in_the_order_of_the_specification() -> None:
    """RFC 8785, section 3.2.3: by code units of UTF-16, so a character beyond the first plane stands before U+FB33."""
    value: Json = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(encoded(value)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_objects_are_ordered_however_deep() -> None:
    assert encoded([{"b": {"d": 1, "c": []}, "a": {}}]) == b'[{"a":{},"b":{"c":[],"d":1}}]'


@pytest.mark.parametrize(("value", "text"), [(0, b"0"), (-5, b"-5"), (LARGEST_INTEGER, b"9007199254740991")])
def test_whole_numbers(value: int, text: bytes) -> None:
    assert encoded(value) == text


class Colour(enum.StrEnum):
    """A string that is more than that, and must not pass as one."""

    RED = "red"


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        LARGEST_INTEGER + 1,
        -LARGEST_INTEGER - 1,
        10**4000,
        b"bytes",
        (1, 2),
        {1: 2},
        {None: 2},
        {"a": {True: 1}},
        {"a": 1.5},
        [object()],
        Colour.RED,
        {Colour.RED: 1},
        "\ud800",
        {"\udfff": 1},
        ["\ud83d", "\ude00"],
    ],
)
def test_what_has_no_spelling_is_refused(value: Json) -> None:
    with pytest.raises(ValueError):
        encoded(value)


def test_depth_has_an_end() -> None:
    value: Json = []
    for _ in range(62):
        value = [value]
    assert decoded(encoded(value)) == value
    for _ in range(5000):
        value = [value]
    with pytest.raises(ValueError, match="deeper"):
        encoded(value)
    with pytest.raises(Malformed):
        decoded(b"[" * 100_000 + b"]" * 100_000)


@given(_VALUES)
def test_a_value_is_read_back(value: Json) -> None:
    assert decoded(encoded(value)) == value


@given(_VALUES)
def test_another_spelling_is_refused(value: Json) -> None:
    for other in (json.dumps(value, indent=1), json.dumps(value) + " ", " " + json.dumps(value)):
        if other.encode() != encoded(value):
            with pytest.raises(Malformed):
                decoded(other.encode())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b"1.0",
        b"1e3",
        b"-0",
        b"01",
        b"NaN",
        b"Infinity",
        b"9007199254740993",
        b"9" * 6000,
        b'"\\u0041"',
        b'"\\/"',
        b'"\\u000a"',
        b'"\\u000F"',
        b'"\\ud800"',
        b'"\xff"',
        b"\xef\xbb\xbf1",
        '"a"'.encode("utf-16"),
        '"a"'.encode("utf-32"),
        b"1\n",
        b"true false",
    ],
)
def test_json_that_is_not_canonical_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed, match="RFC 8785"):
        decoded(content)
