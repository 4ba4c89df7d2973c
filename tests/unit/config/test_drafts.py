"""Drafts: what staging over live and staged values comes to, and what going live does to what is live by then.

The rows of the table in `docs/decisions/0011` that are about config; whole drafts of both services are releaser's.
"""

import pytest

from paaskit.changes import Action
from paaskit.errors import LimitExceeded, NotFound, Refused
from paaskit.variables import MAX_NAMES, MAX_TOTAL_BYTES
from services.config.domain import AppSpec, ById, Draft, Entry, Kind, Snapshot
from services.config.rules.drafts import (
    DraftStep,
    discard,
    go_live,
    refuse_staged,
    reserved_of,
    stage_set,
    stage_spec,
    stage_unset,
    staged,
)
from services.config.rules.mutations import decide_draft
from services.config.rules.staged import ReleaseOfDraft, decide_discard, decide_release
from tests.unit.config.builders import ADA, RELEASER, SPEC, STAMP, doing, draft, entry, snapshot, spec_draft

LIVE = entry("X", "live", valid_from=3)


def _said(step: DraftStep) -> list[tuple[str, Action]]:
    return [(change.name, change.action) for change in step.changes]


@pytest.mark.parametrize(
    ("live", "before", "value", "expected"),
    [
        (None, None, "new", ("put", Action.ADDED)),
        (LIVE, None, "new", ("put", Action.CHANGED)),
        (LIVE, None, "live", ("nothing", None)),
        (None, draft("X", "1"), "2", ("put", Action.CHANGED)),
        (None, draft("X", "1"), "1", ("nothing", None)),
        (LIVE, draft("X", "1", base=3), "2", ("put", Action.CHANGED)),
        (LIVE, draft("X", "1", base=3), "live", ("drop", Action.CHANGED)),
        (LIVE, draft("X", None, base=3), "live", ("drop", Action.ADDED)),
        (LIVE, draft("X", None, base=3), "2", ("put", Action.ADDED)),
        # Staged once more on top of a newer live value, it no longer replaces one unseen.
        (LIVE, draft("X", "1", base=2), "1", ("put", Action.CHANGED)),
    ],
)
def test_staging_a_value(
    live: Entry | None, before: Draft | None, value: str, expected: tuple[str, Action | None]
) -> None:
    found = snapshot(*([live] if live else []), drafts=(before,) if before else ())
    step = stage_set(found, [("X", value)], STAMP)
    what, action = expected
    assert _said(step) == ([("X", action)] if action else [])
    assert [each.name for each in step.put] == (["X"] if what == "put" else [])
    assert list(step.drop) == (["X"] if what == "drop" else [])
    for new in step.put:
        assert (new.value, new.base_from) == (value, live.valid_from if live else None)
        assert (new.staged_by, new.staged_at, new.revision) == (STAMP.by, STAMP.at, found.app.draft_revision + 1)


@pytest.mark.parametrize(
    ("live", "before", "expected"),
    [
        (LIVE, None, "put"),
        (LIVE, draft("X", "1", base=3), "put"),
        (LIVE, draft("X", None, base=3), "nothing"),
        (None, draft("X", "1"), "drop"),
        (None, None, "missing"),
        (None, draft("X", None, base=2), "missing"),
    ],
)
def test_staging_that_a_name_goes(live: Entry | None, before: Draft | None, expected: str) -> None:
    found = snapshot(*([live] if live else []), drafts=(before,) if before else ())
    if expected == "missing":
        with pytest.raises(NotFound, match="X"):
            stage_unset(found, ["X"], STAMP, ignore_missing=False)
    step = stage_unset(found, ["X"], STAMP, ignore_missing=expected == "missing")
    assert _said(step) == ([("X", Action.REMOVED)] if expected in {"put", "drop"} else [])
    assert [each.value for each in step.put] == ([None] if expected == "put" else [])
    assert list(step.drop) == (["X"] if expected == "drop" else [])


@pytest.mark.parametrize("kind", [Kind.SECRET, Kind.MANAGED])
def test_names_that_are_something_else_are_not_staged(kind: Kind) -> None:
    found = snapshot(entry("X", kind=kind))
    with pytest.raises(Refused):
        stage_set(found, [("X", "1")], STAMP)
    with pytest.raises(Refused):
        stage_unset(found, ["X"], STAMP, ignore_missing=True)


def test_staging_makes_no_version_and_no_order() -> None:
    found = snapshot(LIVE, version=5)
    decision = decide_draft(doing(), found.app, stage_set(found, [("X", "value")], STAMP))
    assert decision.rows is not None
    assert (decision.rows.version, decision.rows.draft_revision, decision.order) == (5, 1, None)
    assert (decision.answer["stage"], decision.answer["version"]) == (True, 5)
    (event,) = decision.events
    assert (event.action, list(event.targets), event.version) == ("config.stage", ["X"], 5)
    assert "value" not in f"{decision.answer}{event}"
    nothing = decide_draft(doing(), found.app, DraftStep())
    assert (nothing.answer, nothing.rows, list(nothing.events)) == ({"version": 5}, None, [])


def test_limits_count_what_is_live_and_staged() -> None:
    current = [entry(f"N{index}", "") for index in range(MAX_NAMES - 2)]
    full = snapshot(*current, drafts=(draft("S1", ""), draft("S2", "")))
    with pytest.raises(LimitExceeded, match="501"):
        stage_set(full, [("S3", "")], STAMP)
    stage_set(full, [("S2", "other"), ("N0", "other")], STAMP)
    less = snapshot(*current, drafts=(draft("S1", ""), draft("S2", ""), draft("N0", None, base=1)))
    stage_set(less, [("S3", "")], STAMP)


def test_bytes_count_what_is_live_and_staged() -> None:
    half = "x" * (MAX_TOTAL_BYTES // 2)
    found = snapshot(entry("A", half), drafts=(draft("A", "", base=1),))
    stage_set(found, [("B", half)], STAMP)
    with pytest.raises(LimitExceeded):
        stage_set(snapshot(entry("A", half)), [("B", half)], STAMP)


def test_a_spec_is_staged_replaced_and_taken_back_by_the_live_one() -> None:
    found = snapshot()
    step = stage_spec(found, AppSpec(image="web:2"), STAMP)
    assert step.put_spec is not None
    assert (step.put_spec.spec.image, step.put_spec.base_from, step.put_spec.revision) == ("web:2", 1, 1)
    assert stage_spec(found, SPEC, STAMP).is_empty
    again = snapshot(spec_draft=step.put_spec, draft_revision=1)
    assert stage_spec(again, AppSpec(image="web:2"), STAMP).is_empty
    assert stage_spec(again, AppSpec(image="web:3"), STAMP).put_spec is not None
    assert stage_spec(again, SPEC, STAMP).drop_spec


@pytest.mark.parametrize(
    ("value", "base", "live", "action", "newer"),
    [
        ("1", None, None, Action.ADDED, False),
        ("1", 3, LIVE, Action.CHANGED, False),
        ("1", 2, LIVE, Action.CHANGED, True),
        ("1", None, LIVE, Action.CHANGED, True),
        ("1", 3, None, Action.ADDED, True),
        ("live", 2, LIVE, Action.CHANGED, False),
        (None, 3, LIVE, Action.REMOVED, False),
        (None, 2, LIVE, Action.REMOVED, True),
        (None, 2, None, Action.REMOVED, False),
        (None, 2, entry("X", kind=Kind.SECRET, valid_from=4), Action.REMOVED, False),
    ],
)
def test_what_is_staged_against_what_is_live_now(
    value: str | None, base: int | None, live: Entry | None, action: Action, newer: bool
) -> None:
    shown = staged(draft("X", value, base=base), live)
    assert (shown.action, shown.replaces_newer) == (action, newer)


def test_a_draft_goes_live_with_its_spec_and_names_who_staged_what() -> None:
    found = snapshot(
        entry("A", "1", valid_from=2),
        entry("B", "1", valid_from=2, position=2),
        version=5,
        drafts=(draft("A", "2", base=2), draft("NEW", "x", by="user:bob"), draft("B", None, base=2)),
        spec_draft=spec_draft(AppSpec(image="web:2")),
    )
    decision = decide_release(RELEASER, _order(revision=3), found)
    rows = decision.rows
    assert rows is not None
    assert (rows.version, rows.draft_revision, rows.spec) == (6, 4, AppSpec(image="web:2"))
    assert {each.name: (each.value, each.position) for each in rows.open} == {"A": ("2", 1), "NEW": ("x", 3)}
    assert sorted(rows.close) == ["A", "B"]
    assert (sorted(rows.unstage), rows.unstage_spec) == (["A", "B", "NEW"], True)
    order = decision.order
    assert order is not None
    assert (order.change_id, order.actor, order.config_version) == ("change-9", "user:zoe", 6)
    assert [(each.name, each.action, each.actor) for each in order.changes] == [
        ("", Action.CHANGED, "user:bob"),
        ("A", Action.CHANGED, "user:ada"),
        ("NEW", Action.ADDED, "user:bob"),
        ("B", Action.REMOVED, "user:ada"),
    ]
    assert all(each.staged_at == STAMP.at for each in order.changes)
    assert [(event.action, event.actor, event.on_behalf_of, list(event.targets)) for event in decision.events] == [
        ("config.release", "service:releaser", "user:zoe", ["A", "NEW", "B"]),
        ("apps.release", "service:releaser", "user:zoe", []),
    ]
    assert len({event.event_id for event in decision.events}) == 2


def test_a_newer_live_value_is_replaced_only_where_that_is_said() -> None:
    found = snapshot(entry("X", "newer", valid_from=4), entry("Y", valid_from=2), drafts=(draft("X", "1", base=3),))
    with pytest.raises(Refused, match="X") as caught:
        go_live(found, revision=1, replace_newer=False)
    assert caught.value.reason == "DRAFT_REPLACES_NEWER"
    going = go_live(found, revision=1, replace_newer=True)
    assert [each.replaces_newer for each in going.vars] == [True]


def test_a_newer_spec_is_replaced_only_where_that_is_said() -> None:
    found = snapshot(spec_from=4, spec_draft=spec_draft(AppSpec(image="web:2"), base=3), draft_revision=1)
    with pytest.raises(Refused, match="spec") as caught:
        go_live(found, revision=1, replace_newer=False)
    assert caught.value.reason == "DRAFT_REPLACES_NEWER"
    assert go_live(found, revision=1, replace_newer=True).spec_replaces_newer


def test_what_was_staged_later_stays_staged() -> None:
    found = snapshot(
        LIVE,
        drafts=(draft("A", "1", revision=1), draft("X", "2", base=3, revision=2)),
        spec_draft=spec_draft(AppSpec(image="web:2"), revision=3),
    )
    going = go_live(found, revision=1, replace_newer=False)
    assert (going.used, going.spec_used, going.plan.spec) == (("A",), False, None)


@pytest.mark.parametrize(
    "found",
    [
        snapshot(entry("X", "same", valid_from=4), drafts=(draft("X", "same", base=3),)),
        snapshot(drafts=(draft("X", None, base=3),)),
        snapshot(entry("X", kind=Kind.SECRET), drafts=(draft("X", None, base=3),)),
        snapshot(spec_draft=spec_draft(SPEC, base=0), draft_revision=1),
    ],
    ids=["live already", "gone already", "a secret by now", "the same spec"],
)
def test_what_changes_nothing_any_more_leaves_the_draft_without_a_release(found: Snapshot) -> None:
    decision = decide_release(RELEASER, _order(revision=1), found)
    assert (decision.answer["version"], decision.order, list(decision.events)) == (None, None, [])
    assert decision.rows is not None
    assert decision.rows.version == found.app.version
    assert list(decision.rows.unstage) + ["spec"] * decision.rows.unstage_spec


def test_nothing_staged_is_nothing_to_release() -> None:
    decision = decide_release(RELEASER, _order(revision=1), snapshot(LIVE))
    assert (decision.answer, decision.rows) == ({"version": None, "released": [], "used_up": 0}, None)


def test_limits_are_checked_once_more_when_it_goes_live() -> None:
    current = [entry(f"N{index}", "") for index in range(MAX_NAMES)]
    with pytest.raises(LimitExceeded):
        go_live(snapshot(*current, drafts=(draft("ONE_MORE", ""),)), revision=1, replace_newer=False)


def test_discarding_says_what_releasing_would_have_done() -> None:
    found = snapshot(
        LIVE,
        drafts=(draft("X", None, base=3), draft("NEW", "1")),
        spec_draft=spec_draft(AppSpec(image="web:2")),
    )
    everything = discard(found, [], spec=False)
    assert _said(everything) == [("X", Action.REMOVED), ("NEW", Action.ADDED)]
    assert not everything.drop_spec
    assert _said(discard(found, ["NEW", "OTHER"], spec=False)) == [("NEW", Action.ADDED)]
    decision = decide_discard(ADA, found, ["NEW"], spec=True, request_id="request-1")
    assert decision.rows is not None
    assert (decision.rows.version, decision.rows.draft_revision) == (found.app.version, found.app.draft_revision + 1)
    assert [(event.action, list(event.targets)) for event in decision.events] == [
        ("config.discard", ["NEW"]),
        ("apps.discard", []),
    ]
    nothing = decide_discard(ADA, snapshot(LIVE), [], spec=True, request_id="request-1")
    assert (nothing.rows, list(nothing.events), nothing.answer) == (None, [], {"changes": [], "spec": False})


def test_only_a_name_that_is_nothing_else_yet_is_reserved() -> None:
    found = snapshot(LIVE, drafts=(draft("X", "2", base=3), draft("NEW", "1"), draft("GONE", None, base=2)))
    assert reserved_of(found, ["X", "NEW", "GONE", "OTHER"]) == ["NEW"]
    with pytest.raises(Refused, match="NEW: staged as a config var"):
        refuse_staged(found, ["X", "NEW"])
    refuse_staged(found, ["X", "GONE", "OTHER"])


def _order(*, revision: int, replace_newer: bool = False) -> ReleaseOfDraft:
    return ReleaseOfDraft(
        where=ById(tenant="acme", app_id="app1"),
        request_id="request-1",
        change_id="change-9",
        revision=revision,
        replace_newer=replace_newer,
        actor="user:zoe",
        description="Release the draft",
    )
