"""Decisions on the draft: staging, dropping, making it live. The rules alone, over what is stored."""

import pytest

from paaskit.changes import Action, change_of
from paaskit.errors import NotFound, Refused
from paaskit.redact import Plaintext
from services.secrets.keys.envelope import OpenError
from services.secrets.rules import draft
from services.secrets.rules.draft import told
from services.secrets.rules.stored import Kind
from tests.unit.secrets.snapshots import (
    ADA,
    APP,
    HOUR,
    KEYS,
    MEANS,
    NOW,
    cause,
    entry,
    needed,
    snapshot,
    staged,
    values,
)


def test_staging_seals_for_the_draft_and_changes_nothing_live() -> None:
    decision = draft.stage(snapshot(entry("KEY")), MEANS, cause("secrets.stage"), [("KEY", Plaintext("old"))])
    plan = decision.rows
    assert plan is not None
    assert not plan.makes_version
    (row,) = plan.stage
    assert (row.revision, row.base, row.staged_by, row.staged_at) == (APP.draft_revision + 1, 5, ADA.name, NOW)
    assert row.sealed is not None
    assert KEYS.unseal("a1", "KEY", -row.revision, row.sealed).reveal() == "old"
    for version in (row.revision, APP.version, APP.version + 1):
        with pytest.raises(OpenError):
            KEYS.unseal("a1", "KEY", version, row.sealed)
    change = change_of(decision.answer, release=None)
    assert (change.version, change.status.value, decision.order) == (APP.version, "staged", None)


def test_staging_says_the_same_of_the_live_value_and_of_any_other() -> None:
    answers = [
        draft.stage(snapshot(entry("PIN", "4711")), MEANS, cause(), [("PIN", Plaintext(guess))]).answer
        for guess in ("4711", "4710")
    ]
    assert answers[0] == answers[1]


def test_config_hears_at_once_of_names_that_are_nothing_yet() -> None:
    now = snapshot(entry("LIVE"), staged("STAGED", "12"))
    wanted = [(name, Plaintext("12")) for name in ("LIVE", "STAGED", "ADDED")]
    assert needed(draft.needs_of_staging(now, wanted)) == {"ADDED": 2}
    assert needed(draft.needs_of_staging(now, [("STAGED", Plaintext("123"))])) == {"STAGED": 3}


def test_there_has_to_be_room_for_the_whole_draft() -> None:
    now = snapshot(entry("LIVE", "123"), staged("LIVE", "12345"), staged("OTHER", "1"), staged("GOING", None))
    assert needed(draft.sizes_once_released(now, [("ADDED", Plaintext("12"))])) == {"LIVE": 5, "OTHER": 1, "ADDED": 2}
    assert draft.sizes_once_released(now, [("LIVE", Plaintext("12"))]) == [], "nothing grows"


def test_what_is_only_staged_is_unset_at_once_and_what_is_live_with_the_release() -> None:
    now = snapshot(entry("LIVE"), staged("NEW"))
    plan = draft.stage_unset(now, MEANS, cause(), ["LIVE", "NEW"], ignore_missing=False).rows
    assert plan is not None
    assert ([row.name for row in plan.stage], [row.sealed for row in plan.stage]) == (["LIVE"], [None])
    assert plan.unstage == ("NEW",)
    with pytest.raises(NotFound, match="NONE"):
        draft.stage_unset(now, MEANS, cause(), ["NONE", "LIVE"], ignore_missing=False)


def test_what_others_are_told_of_a_staged_change() -> None:
    cases = [
        (staged("A"), None, Action.ADDED, False),
        (staged("A"), 5, Action.CHANGED, True),
        (staged("A", base=5), 5, Action.CHANGED, False),
        (staged("A", base=5), 6, Action.CHANGED, True),
        (staged("A", base=5), None, Action.ADDED, True),
        (staged("A", None, base=5), 5, Action.REMOVED, False),
        (staged("A", None, base=5), 6, Action.REMOVED, True),
        (staged("A", None, base=5), None, Action.REMOVED, False),  # gone already: there is nothing to replace
    ]
    for row, live, action, newer in cases:
        change = told(row, live=live)
        assert (change.action, change.replaces_newer) == (action, newer)


def test_discard_names_what_is_dropped() -> None:
    now = snapshot(entry("LIVE"), staged("LIVE", base=5), staged("NEW"))
    decision = draft.discard(now, cause("secrets.discard"), [])
    assert decision.rows is not None
    assert set(decision.rows.unstage) == {"LIVE", "NEW"}
    assert decision.answer["changes"] == [["LIVE", "changed"], ["NEW", "added"]]
    some = draft.discard(now, cause(), ["NEW", "OTHER"])
    assert some.rows is not None
    assert some.rows.unstage == ("NEW",)
    assert draft.discard(snapshot(), cause(), []).events == []


def test_release_seals_anew_and_says_who_staged_what() -> None:
    now = snapshot(
        entry("KEY"), entry("GOING"), staged("KEY", "new", base=5), staged("GOING", None, base=5), staged("NEW", "n")
    )
    assert needed(draft.needs_of_release(now, 3)) == {"NEW": 1}
    decision = draft.release(now, MEANS, cause("secrets.release"), revision=3, replace_newer=False)
    plan = decision.rows
    assert plan is not None
    assert values(plan) == {"KEY": "new", "NEW": "n"}
    assert set(plan.close) == {"KEY", "GOING"}
    assert set(plan.unstage) == {"KEY", "GOING", "NEW"}
    assert decision.order is not None
    assert {(each.name, each.action.value, each.actor, each.staged_at) for each in decision.order.changes} == {
        ("KEY", "changed", "user:bob@example.com", NOW),
        ("GOING", "removed", "user:bob@example.com", NOW),
        ("NEW", "added", "user:bob@example.com", NOW),
    }
    assert [change.name for change in draft.released_in(decision.answer)] == ["GOING", "KEY", "NEW"]


def test_release_replaces_newer_values_only_when_told() -> None:
    now = snapshot(entry("KEY", version=6), staged("KEY", base=5))
    with pytest.raises(Refused, match="KEY") as caught:
        draft.release(now, MEANS, cause(), revision=3, replace_newer=False)
    assert caught.value.reason == "DRAFT_REPLACES_NEWER"
    decision = draft.release(now, MEANS, cause(), revision=3, replace_newer=True)
    assert decision.order is not None
    assert [each.replaces_newer for each in decision.order.changes] == [True]


def test_release_leaves_what_was_staged_later() -> None:
    now = snapshot(staged("A", revision=2), staged("B", revision=3))
    plan = draft.release(now, MEANS, cause(), revision=2, replace_newer=False).rows
    assert plan is not None
    assert plan.unstage == ("A",)


def test_release_of_what_is_gone_already_only_drops_it() -> None:
    now = snapshot(staged("GONE", None, base=5))
    decision = draft.release(now, MEANS, cause(), revision=3, replace_newer=True)
    assert decision.rows is not None
    assert (decision.rows.unstage, decision.rows.makes_version, decision.order) == (("GONE",), False, None)
    assert draft.released_in(decision.answer) == []


def test_overlap_counts_from_the_release() -> None:
    now = snapshot(entry("KEY"), staged("KEY", base=5, overlap=HOUR))
    plan = draft.release(now, MEANS, cause(), revision=3, replace_newer=False).rows
    assert plan is not None
    assert (plan.open[0].previous, plan.overlaps) == (5, {"KEY": NOW + HOUR})
    gone = snapshot(staged("KEY", base=5, overlap=HOUR))
    plan = draft.release(gone, MEANS, cause(), revision=3, replace_newer=True).rows
    assert plan is not None
    assert (plan.open[0].previous, plan.overlaps) == (None, {}), "there is no old value any more"


def test_managed_values_are_not_staged_over() -> None:
    now = snapshot(entry("DATABASE_URL", kind=Kind.MANAGED))
    with pytest.raises(Refused):
        draft.stage(now, MEANS, cause(), [("DATABASE_URL", Plaintext("mine"))])
    with pytest.raises(Refused):
        draft.stage_unset(now, MEANS, cause(), ["DATABASE_URL"], ignore_missing=True)
