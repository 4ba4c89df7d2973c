"""An environment held against a schema. Leaves out what is of which type (test_value_types)."""

import pytest

from env_schema import reading
from env_schema.checking import Rule, check

SCHEMA = reading.read(
    "# @defaultSensitive=false\n# ---\n"
    "# @required @type=number\nWORKERS=\n"
    "# @type=enum(debug, info)\nLOG_LEVEL=info\n"
    "# @required @sensitive @type=string(minLength=8)\nKEY=\n"
    "# @type=url\nDOCS=\n"
    "# @required @type=port\nPORT=\n"
)
GOOD: dict[str, str | None] = {"WORKERS": "2", "KEY": "c4n4ry-key"}


def found(
    values: dict[str, str | None],
    *,
    sealed: set[str] | None = frozenset({"KEY"}),  # type: ignore[assignment]
) -> list[tuple[str, Rule]]:
    """Names and rules of what is wrong; the platform gives PORT."""
    violations = check(SCHEMA, values, sealed=sealed, passes=lambda name: name == "PORT")
    assert not any("c4n4ry" in str(each) for each in violations)
    return [(each.name, each.rule) for each in violations]


@pytest.mark.parametrize(
    ("bent", "wrong"),
    [
        ({}, []),
        ({"OTHER": "c4n4ry"}, []),
        ({"WORKERS": "c4n4ry"}, [("WORKERS", Rule.TYPE)]),
        ({"WORKERS": ""}, [("WORKERS", Rule.EMPTY)]),
        ({"LOG_LEVEL": "c4n4ry"}, [("LOG_LEVEL", Rule.TYPE)]),
        ({"LOG_LEVEL": ""}, [("LOG_LEVEL", Rule.EMPTY)]),
        ({"DOCS": ""}, []),
        ({"DOCS": "c4n4ry"}, [("DOCS", Rule.TYPE)]),
        ({"KEY": "c4n4ry"}, [("KEY", Rule.TYPE)]),
        ({"KEY": None}, []),
    ],
)
def test_what_is_wrong(bent: dict[str, str | None], wrong: list[tuple[str, Rule]]) -> None:
    assert found({**GOOD, **bent}) == wrong


def test_what_is_missing() -> None:
    """What has a default is not; what the platform gives is not looked at."""
    assert found({}) == [("WORKERS", Rule.MISSING), ("KEY", Rule.MISSING)]


def test_what_is_sensitive_is_a_secret() -> None:
    assert found(GOOD, sealed=set()) == [("KEY", Rule.SENSITIVE)]
    assert found(GOOD, sealed={"KEY", "WORKERS"}) == [], "more may be sealed than has to be"
    assert found(GOOD, sealed=None) == [], "a file knows no secrets"
