"""What is of which type, and that nothing said of a value shows it. Leaves out how types are written (test_reading)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from env_schema import reading
from env_schema.value_types import STRING, ValueType


def type_of(text: str) -> ValueType:
    """The type that `@type=` and `text` name."""
    return reading.read(f"# @type={text}\nA=\n").variables["A"].type


@pytest.mark.parametrize(
    ("type_", "right", "wrong"),
    [
        ("string", ["", "a\nb"], []),
        ("string(minLength=2, maxLength=3)", ["ab", "éèê"], ["a", "abcd"]),
        ("string(isLength=2)", ["ab"], ["a", "abc"]),
        ('string(startsWith="sk-", endsWith=x)', ["sk-x"], ["sk-", "x", "SK-x"]),
        (
            "number",
            ["1", "-1.5", "+3", ".5", "1.", "1e9"],
            ["", "1a", "0x1", "1,5", " 1", "1e999", "NaN", "٣", "9" * 401],
        ),
        ("string(minLength=2, maxLength=2, isLength=2, startsWith=ab, endsWith=ab)", ["ab"], ["abc"]),
        ("number(min=1, max=2.5)", ["1", "2.5"], ["0.9", "2.51", "x"]),
        ("number(min=5, max=5)", ["5", "5.0"], ["4.9", "5.1"]),
        ("number(min=1.2, max=2, isInt=true)", ["2"], ["1", "1.5", "3"]),
        ("number(isInt=true)", ["1", "1.0", "1e308"], ["1.5"]),
        ("boolean", ["true", "FALSE", "1", "off", "t"], ["", "tru", "2"]),
        (
            "url",
            ["https://a.example/x?y", "postgres://u:p@h1,h2/db", "redis://h"],
            ["a.example", "https://", "http:///x", "https://a b"],
        ),
        ("email", ["a@b.example"], ["a", "a@b", "a@@b.c", "a b@c.d", "a@b."]),
        ("port", ["0", "65535"], ["65536", "-1", "1.0", "x", "123456"]),
        ("port(min=1024)", ["1024"], ["80"]),
        ("port(min=65535, max=70000)", ["65535"], ["65534", "65536"]),
        ("enum(dev, 'two words')", ["dev", "two words"], ["", "Dev", "two"]),
        ("ip", ["127.0.0.1", "::1"], ["1.2.3", "::g"]),
        ("ip(version=4)", ["127.0.0.1"], ["::1"]),
        ("uuid", ["123e4567-e89b-12d3-a456-426614174000"], ["123e4567"]),
        ("semver", ["1.2.3-beta.1+x"], ["1.2", "01.2.3"]),
        ("isoDate", ["2024-03-20", "2024-03-20T15:30:00Z"], ["yesterday", "2024-13-01"]),
        ("md5", ["d41d8cd98f00b204e9800998ecf8427e"], ["d41d"]),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_is_of_a_type(type_: str, right: list[str], wrong: list[str]) -> None:
    assert [value for value in right if type_of(type_).fault(value) is not None] == []
    assert [value for value in wrong if type_of(type_).fault(value) is None] == []


@pytest.mark.parametrize(
    "type_",
    [
        "string(startsWith=c4)",
        "string(endsWith=ry)",
        "enum(c4n4ry)",
        "number(min=3)",
        "number(isInt=true)",
        "port(max=9)",
    ],
)
def test_no_release_answers_guesses_at_a_sealed_value(type_: str) -> None:
    """Who may write the schema and not read the secret would have it letter by letter, a release at a time."""
    wrong = {"number": "1.5", "port": "99"}.get(type_.partition("(")[0], "other")
    found = type_of(type_)
    assert found.fault("2.5" if "min" in type_ else wrong) is not None
    assert found.fault("2.5" if "min" in type_ else wrong, sealed=True) is None


def test_of_a_sealed_value_its_type_and_length_are_looked_at() -> None:
    assert type_of("number(min=1)").fault("x", sealed=True) == "is not a number"
    assert type_of("string(minLength=32)").fault("short", sealed=True) == "has fewer than 32 characters"


def test_a_long_list_is_not_repeated_whole() -> None:
    fault = type_of(f"enum({', '.join(f'm{n}' for n in range(12))})").fault("x")
    assert fault == "is not one of m0, m1, m2, m3, m4, m5, m6, m7, m8, m9 and 2 more"


TYPES = [STRING] + [
    type_of(each)
    for each in (
        "number(min=1)",
        "boolean",
        "url",
        "email",
        "port",
        "enum(a)",
        "ip",
        "uuid",
        "semver",
        "isoDate",
        "md5",
    )
]


@given(st.sampled_from(TYPES), st.text(), st.booleans())
def test_any_value_is_of_a_type_or_not(type_: ValueType, value: str, sealed: bool) -> None:
    type_.fault(value, sealed=sealed)
    assert "c4n4ry" not in (type_.fault(f"c4n4ry{value}", sealed=sealed) or "")


@pytest.mark.parametrize("piece", ["a@", "a.", "1", "a-", "-1.", "a://", "e9"])
def test_a_long_value_is_looked_at_in_no_time(piece: str) -> None:
    """A pattern that goes back and forth would take hours for these; the suite has a limit for each test."""
    for type_ in TYPES:
        type_.fault("1." + piece * (64 * 1024 // len(piece)))
