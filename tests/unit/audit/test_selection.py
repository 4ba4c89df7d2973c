"""What may be asked of the log, and how a wrong question is refused. What is found is in tests/integration/audit."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from paaskit.errors import InvalidInput
from services.audit.rpc import known_actions
from services.audit.selection import Selection, check

_NOW: Final = datetime(2026, 5, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"app": "x" * 65}, "app"),
        ({"app": "a\0"}, "app"),
        ({"action": "x" * 65}, "action"),
        ({"actor": "é" * 101}, "actor"),
        ({"name": "é" * 65}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"outcome": 4}, "outcome"),
        ({"outcome": -1}, "outcome"),
        ({"since": _NOW, "until": _NOW}, "until"),
        ({"since": _NOW, "until": _NOW - timedelta(microseconds=1)}, "until"),
    ],
)
def test_what_makes_no_sense_is_refused_and_named(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(Selection(**wrong), actions=known_actions())
    assert [violation.field for violation in refused.value.fields] == [field]
    assert not any(str(value) in refused.value.message for value in wrong.values() if isinstance(value, str))


def test_what_is_at_every_limit_is_asked() -> None:
    selection = Selection(
        app="a" * 64,
        action="secrets.get",
        actor="é" * 100,
        name="é" * 64,
        outcome=3,
        since=_NOW,
        until=_NOW + timedelta(microseconds=1),
    )
    check(selection, actions=known_actions())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("secrets.gett", "secrets.get"), ("secrets:get", "secrets.get"), ("secrets.reveal", ""), ("c4n4ry", "")],
)
def test_an_unknown_action_is_refused_with_those_it_may_have_been(typed: str, meant: str) -> None:
    with pytest.raises(InvalidInput, match="There is no such action") as refused:
        check(Selection(action=typed), actions=known_actions())
    assert meant in refused.value.message
    assert typed not in refused.value.message.replace(meant, "")
    assert [violation.field for violation in refused.value.fields] == ["action"]
