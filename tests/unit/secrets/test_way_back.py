"""The way back to an earlier version, and from what changed between two. The rules alone, over what is stored."""

from typing import Any

import pytest

from services.secrets.rules import way_back
from services.secrets.rules.stored import Entry, Kind, Snapshot
from services.secrets.rules.way_back import Back
from tests.unit.secrets.snapshots import HOUR, KEYS, NOW, entry, needed, snapshot, values


def _plan(now: Snapshot, back: Back, *, elsewhere: tuple[str, ...] = ()) -> tuple[dict[str, str], set[str], list[str]]:
    """What is brought back with which value, what goes, and what stays because it is something else."""
    plan, taken = way_back.plan(now, KEYS, back(now, KEYS), elsewhere, now=NOW)
    return values(plan), {change.name for change in plan.changes if change.action == "removed"}, taken


def test_to_a_version() -> None:
    then = [entry("A", "a", version=1), entry("B", "b", version=1), entry("GONE", "g", version=1)]
    now = snapshot(entry("A", "other"), entry("B", "b"), entry("ADDED"), entry("M", kind=Kind.MANAGED), at={1: then})
    assert _plan(now, way_back.to_version(1)) == ({"A": "a", "GONE": "g"}, {"ADDED"}, [])
    assert _plan(now, way_back.to_version(0)) == ({}, {"A", "B", "ADDED"}, [])


OLD, BAD, NEWER = "old", "bad", "newer"


@pytest.mark.parametrize(
    ("before", "after", "now", "back"),
    [
        (OLD, BAD, BAD, OLD),
        (OLD, BAD, NEWER, None),
        (OLD, BAD, "", None),  # unset since: that stands
        (OLD, OLD, OLD, None),
        (OLD, "", "", OLD),
        (OLD, "", NEWER, None),  # set since: that stands
        ("", BAD, BAD, "unset"),
        ("", BAD, NEWER, None),
        ("", BAD, "", None),
        ("", "", NEWER, None),
    ],
)
def test_from_changes(before: str, after: str, now: str, back: str | None) -> None:
    """Each name by itself: what was before, what the failed release had, what is now, what has to happen."""

    def stored(value: str, version: int) -> list[Entry]:
        return [entry("KEY", value, version=version)] if value else []

    seen = snapshot(*stored(now, 6), entry("OTHER"), at={1: stored(before, 1), 4: stored(after, 4)})
    kept, removed, _ = _plan(seen, way_back.from_changes(before=1, after=4))
    assert (kept, removed) == (
        {"KEY": back} if back not in (None, "unset") else {},
        {"KEY"} if back == "unset" else set(),
    )


def test_from_before_the_first_version() -> None:
    now = snapshot(entry("KEY", BAD), at={4: [entry("KEY", BAD)]})
    assert _plan(now, way_back.from_changes(before=0, after=4)) == ({}, {"KEY"}, [])


def test_what_is_something_else_stays_that() -> None:
    then = [entry("PLAIN", version=1), entry("M", version=1), entry("BACK", version=1)]
    now = snapshot(entry("M", kind=Kind.MANAGED), at={1: then, 4: []})
    for back in (way_back.to_version(1), way_back.from_changes(before=1, after=4)):
        kept, removed, taken = _plan(now, back, elsewhere=("PLAIN",))
        assert (kept, removed, sorted(taken)) == ({"BACK": "old"}, set(), ["M", "PLAIN"])


def test_managed_values_do_not_go_back() -> None:
    managed: dict[str, Any] = {"kind": Kind.MANAGED}
    now = snapshot(entry("M", "new", **managed), at={1: [entry("M", "old", version=1, **managed)], 4: []})
    assert _plan(now, way_back.to_version(1)) == ({}, set(), [])
    assert _plan(now, way_back.from_changes(before=1, after=4)) == ({}, set(), [])


def test_config_hears_of_what_comes_back_and_of_other_sizes() -> None:
    then = [entry("BACK", "12345", version=1), entry("A", "1", version=1), entry("SAME", "new", version=1)]
    now = snapshot(entry("A"), entry("SAME", "old"), at={1: then})
    assert needed(way_back.needs(now, way_back.to_version(1)(now, KEYS), now=NOW)) == {"BACK": 5, "A": 1}


@pytest.mark.parametrize(("left", "again"), [(HOUR, True), (0 * HOUR, False), (-HOUR, False)], ids=str)
def test_an_overlap_that_still_runs_comes_back_too(left: Any, again: bool) -> None:
    then = entry("KEY", "second", version=2, previous=1, previous_until=NOW + left)
    now = snapshot(entry("KEY", "third"), at={2: [then], 5: [entry("KEY", "third")]})
    way = way_back.from_changes(before=2, after=5)(now, KEYS)
    assert ("KEY_PREVIOUS" in needed(way_back.needs(now, way, now=NOW))) == again
    plan, _ = way_back.plan(now, KEYS, way, (), now=NOW)
    assert (plan.open[0].previous == 1, "KEY" in plan.overlaps) == (again, again)
    taken, _ = way_back.plan(now, KEYS, way, ("KEY_PREVIOUS",), now=NOW)
    assert taken.open[0].previous is None
