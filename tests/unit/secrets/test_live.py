"""Decisions on live values: set, rotate, unset. The rules alone, over what is stored."""

from collections.abc import Callable

import pytest
from paas.audit.v1 import audit_pb2

from paaskit.changes import Action, NameChange
from paaskit.errors import InvalidInput, NotFound, Refused
from paaskit.redact import Plaintext
from services.secrets.rules import live
from services.secrets.rules.stored import Kind
from tests.unit.secrets.snapshots import ADA, APP, HOUR, MEANS, NOW, cause, entry, needed, snapshot, staged, values

MANAGED = entry("DATABASE_URL", kind=Kind.MANAGED)


def _pairs(**wanted: str) -> list[tuple[str, Plaintext]]:
    return [(name, Plaintext(value)) for name, value in wanted.items()]


def test_what_differs_is_set_with_its_event_order_and_answer() -> None:
    now = snapshot(entry("SAME"), entry("KEY"))
    decision = live.set_secrets(now, MEANS, cause(), _pairs(SAME="old", KEY="new", ADDED="x"))
    assert decision.rows is not None
    assert values(decision.rows) == {"KEY": "new", "ADDED": "x"}
    assert decision.rows.changes == (NameChange("KEY", Action.CHANGED), NameChange("ADDED", Action.ADDED))
    assert [each.position for each in decision.rows.open] == [5, 20]
    assert decision.rows.next_position == 21
    (event,) = decision.events
    assert (event.action, event.app, event.app_id, event.targets, event.version, event.outcome) == (
        *("secrets.set", "web", "a1", ["KEY", "ADDED"], 8),
        audit_pb2.OUTCOME_OK,
    )
    assert decision.order is not None
    assert (decision.order.secrets_version, decision.order.config_version) == (8, None)
    assert (decision.order.change_id, decision.order.description) == ("change-1", "Do KEY, ADDED")
    assert [(each.name, each.secret, each.actor) for each in decision.order.changes] == [
        ("KEY", True, ADA.name),
        ("ADDED", True, ADA.name),
    ]
    assert "new" not in str(decision.answer)


def test_nothing_that_differs_is_no_change() -> None:
    decision = live.set_secrets(snapshot(entry("SAME")), MEANS, cause(), _pairs(SAME="old"))
    assert (decision.answer, decision.events, decision.order) == ({"version": APP.version}, (), None)


def test_config_hears_of_new_names_and_of_other_sizes() -> None:
    now = snapshot(entry("KEY"), entry("OTHER"), MANAGED)
    wanted = _pairs(KEY="new", OTHER="longer", ADDED="12", DATABASE_URL="longer")
    assert needed(live.needs_of_set(now, wanted)) == {"OTHER": 6, "ADDED": 2}


def test_managed_values_are_nobodys_to_set_rotate_or_unset() -> None:
    now = snapshot(MANAGED)
    wanted = _pairs(DATABASE_URL="mine")
    calls: list[Callable[[], object]] = [
        lambda: live.set_secrets(now, MEANS, cause(), wanted),
        lambda: live.rotate(now, MEANS, cause(), name="DATABASE_URL", plaintext=Plaintext("mine"), overlap=0 * HOUR),
        lambda: live.unset(now, MEANS, cause(), ["DATABASE_URL"], ignore_missing=True),
    ]
    for call in calls:
        with pytest.raises(Refused) as caught:
            call()
        assert caught.value.reason == "NAME_IS_MANAGED"


def test_rotation_keeps_the_old_value_for_the_overlap() -> None:
    now = snapshot(entry("KEY"))
    decision = live.rotate(now, MEANS, cause(), name="KEY", plaintext=Plaintext("new"), overlap=HOUR)
    assert decision.rows is not None
    (made,) = decision.rows.open
    assert (made.previous, made.previous_until) == (5, NOW + HOUR)
    assert decision.rows.overlaps == {"KEY": NOW + HOUR}
    assert needed(live.needs_of_rotation(now, "KEY", Plaintext("new"), overlap=True)) == {"KEY_PREVIOUS": 3}


def test_rotation_of_what_is_not_there() -> None:
    for now in (snapshot(), snapshot(staged("KEY"))):
        with pytest.raises(NotFound):
            live.rotate(now, MEANS, cause(), name="KEY", plaintext=Plaintext("new"), overlap=0 * HOUR)
        assert live.needs_of_rotation(now, "KEY", Plaintext("new"), overlap=True) == []


@pytest.mark.parametrize("taken", [entry("KEY_PREVIOUS"), staged("KEY_PREVIOUS")], ids=["live", "staged"])
def test_overlap_over_a_secret_of_that_name_is_refused(taken: object) -> None:
    now = snapshot(entry("KEY"), taken)  # type: ignore[arg-type]  # an entry or a staged one
    with pytest.raises(Refused, match="KEY_PREVIOUS"):
        live.rotate(now, MEANS, cause(), name="KEY", plaintext=Plaintext("new"), overlap=HOUR)
    live.rotate(now, MEANS, cause(), name="KEY", plaintext=Plaintext("new"), overlap=0 * HOUR)


def test_overlap_of_the_longest_name_has_no_name() -> None:
    name = "K" * 128
    with pytest.raises(InvalidInput):
        live.rotate(snapshot(entry(name)), MEANS, cause(), name=name, plaintext=Plaintext("new"), overlap=HOUR)


def test_overlap_goes_on_under_a_set_and_ends_with_a_rotation_or_an_unset() -> None:
    until = NOW + HOUR
    now = snapshot(entry("KEY", previous=2, previous_until=until), overlaps={"KEY": until})
    set_ = live.set_secrets(now, MEANS, cause(), _pairs(KEY="new")).rows
    rotated = live.rotate(now, MEANS, cause(), name="KEY", plaintext=Plaintext("new"), overlap=0 * HOUR).rows
    unset = live.unset(now, MEANS, cause(), ["KEY"], ignore_missing=False).rows
    assert set_ is not None
    assert rotated is not None
    assert unset is not None
    assert (set_.open[0].previous, set_.overlaps, set_.end_overlaps) == (2, {"KEY": until}, ())
    assert (rotated.open[0].previous, rotated.end_overlaps) == (None, ("KEY",))
    assert unset.end_overlaps == ("KEY",)
    over = snapshot(entry("KEY", previous=2, previous_until=NOW), overlaps={"KEY": NOW})
    ended = live.set_secrets(over, MEANS, cause(), _pairs(KEY="new")).rows
    assert ended is not None
    assert (ended.open[0].previous, ended.end_overlaps) == (None, ("KEY",))


@pytest.mark.parametrize(
    "now",
    [snapshot(entry("KEY"), overlaps={"KEY": NOW}), snapshot(entry("KEY"), staged("KEY", overlap=HOUR))],
    ids=["running", "staged"],
)
def test_name_of_an_old_value_is_not_set(now: object) -> None:
    with pytest.raises(Refused) as caught:
        live.set_secrets(now, MEANS, cause(), _pairs(KEY_PREVIOUS="mine"))  # type: ignore[arg-type]  # a snapshot
    assert caught.value.reason == "NAME_IS_PREVIOUS"


def test_unset_takes_all_or_none_unless_missing_ones_are_fine() -> None:
    now = snapshot(entry("KEY"))
    with pytest.raises(NotFound, match="NONE"):
        live.unset(now, MEANS, cause(), ["KEY", "NONE"], ignore_missing=False)
    decision = live.unset(now, MEANS, cause(), ["KEY", "NONE"], ignore_missing=True)
    assert decision.rows is not None
    assert (decision.rows.close, decision.rows.changes) == (("KEY",), (NameChange("KEY", Action.REMOVED),))
    assert live.unset(now, MEANS, cause(), ["NONE"], ignore_missing=True).order is None
