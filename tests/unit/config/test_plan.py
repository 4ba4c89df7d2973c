"""Plans of change, for any registry and any request: limits are counted right, and going back goes back.

A registry is made by plans alone, as the service does; `Registry` applies what the store would write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paaskit.changes import Action
from paaskit.errors import LimitExceeded, NotFound, PaasError, Refused
from paaskit.variables import MAX_NAMES, MAX_TOTAL_BYTES
from services.config.plan import (
    Entry,
    Kind,
    Plan,
    Totals,
    plan_attach,
    plan_claim,
    plan_release,
    plan_restore,
    plan_set,
    plan_unset,
    size_of,
)

NAMES = ["A", "B", "C", "DATABASE_URL", "E"]
VALUES = ["", "1", "two", "é" * 10]
EVERYTHING = (Kind.CONFIG, Kind.SECRET)


@dataclass
class Registry:
    """An app's names, changed by plans."""

    entries: dict[str, Entry] = field(default_factory=dict)
    totals: Totals = field(default_factory=lambda: Totals(names=0, size=0, next_position=0))

    def apply(self, plan: Plan) -> None:
        """Write a plan as the store does: close rows, then open rows."""
        for name in plan.close:
            del self.entries[name]
        for entry in plan.open:
            assert entry.name not in self.entries
            self.entries[entry.name] = entry
        self.totals = plan.totals

    def check(self) -> None:
        """What holds after every change."""
        assert self.totals.names == len(self.entries)
        assert self.totals.size == sum(entry.size for entry in self.entries.values())
        positions = [entry.position for entry in self.entries.values()]
        assert len(positions) == len(set(positions))
        assert all(0 <= position < self.totals.next_position for position in positions)
        assert all(entry.value == "" for entry in self.entries.values() if entry.kind is Kind.SECRET)

    def do(self, step: tuple[str, Sequence[str], str]) -> Plan | None:
        """Plan and apply one step; None where it is refused."""
        what, names, value = step
        try:
            plan = self._plan(what, names, value)
        except PaasError:
            return None
        self.apply(plan)
        return plan

    def _plan(self, what: str, names: Sequence[str], value: str) -> Plan:
        match what:
            case "set":
                return plan_set(self.entries, self.totals, [(name, value) for name in names])
            case "unset":
                return plan_unset(self.entries, self.totals, names, ignore_missing=True)
            case "claim":
                return plan_claim(self.entries, self.totals, [(name, len(value)) for name in names])
            case "release":
                return plan_release(self.entries, self.totals, names)
        entry = Entry(
            name=names[0], kind=Kind.MANAGED, value="...", addon="pg", size=size_of(names[0], value), position=-1
        )
        return plan_attach(self.entries, self.totals, entry)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["set", "unset", "claim", "release", "attach"]),
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True),
        st.sampled_from(VALUES),
    ),
    max_size=12,
)


def _after(steps: Sequence[tuple[str, Sequence[str], str]]) -> Registry:
    registry = Registry()
    for step in steps:
        registry.do(step)
    return registry


@given(STEPS)
def test_totals_are_the_sum_of_the_entries_and_positions_unique(
    steps: list[tuple[str, list[str], str]],
) -> None:
    registry = Registry()
    for step in steps:
        registry.do(step)
        registry.check()


@given(STEPS)
def test_what_was_done_is_no_change_the_second_time(steps: list[tuple[str, list[str], str]]) -> None:
    registry = _after(steps[:-1])
    for step in steps[-1:]:
        if registry.do(step) is not None:
            again = registry.do(step)
            assert again is not None
            assert again.is_empty


@given(STEPS)
def test_a_plan_says_what_it_does(steps: list[tuple[str, list[str], str]]) -> None:
    registry = _after(steps[:-1])
    for step in steps[-1:]:
        before = dict(registry.entries)
        plan = registry.do(step)
        for name in NAMES:
            said = [change.action for change in plan.changes if change.name == name] if plan else []
            was, now = before.get(name), registry.entries.get(name)
            expected = (
                []
                if was == now
                else [Action.ADDED if was is None else Action.REMOVED if now is None else Action.CHANGED]
            )
            assert said == expected


@given(STEPS, STEPS)
def test_restoring_brings_back_what_was(
    steps: list[tuple[str, list[str], str]], more: list[tuple[str, list[str], str]]
) -> None:
    registry = _after(steps)
    old = dict(registry.entries)
    for step in more:
        registry.do(step)
    managed = {name: entry for name, entry in registry.entries.items() if entry.kind is Kind.MANAGED}
    # An add-on may have taken a name in between, and keeps it.
    if any(name in managed and entry.kind is not Kind.MANAGED for name, entry in old.items()):
        with pytest.raises(Refused):
            plan_restore(registry.entries, registry.totals, old, kinds=EVERYTHING)
        return
    registry.apply(plan_restore(registry.entries, registry.totals, old, kinds=EVERYTHING))
    registry.check()
    assert _of(registry.entries, *EVERYTHING) == _of(old, *EVERYTHING)
    assert {name: entry for name, entry in registry.entries.items() if entry.kind is Kind.MANAGED} == managed


def _of(entries: Mapping[str, Entry], *kinds: Kind) -> dict[str, Entry]:
    """Entries of some kinds. Without their places: a name that was unset and set again stays where it is now."""
    return {name: replace(entry, position=0) for name, entry in entries.items() if entry.kind in kinds}


@given(STEPS, STEPS)
def test_restoring_config_leaves_secrets_and_managed_alone(
    steps: list[tuple[str, list[str], str]], more: list[tuple[str, list[str], str]]
) -> None:
    registry = _after(steps)
    old = dict(registry.entries)
    for step in more:
        registry.do(step)
    others = {name: entry for name, entry in registry.entries.items() if entry.kind is not Kind.CONFIG}
    taken = [name for name, entry in old.items() if entry.kind is Kind.CONFIG and name in others]
    if taken:
        with pytest.raises(Refused, match=taken[0]):
            plan_restore(registry.entries, registry.totals, old, kinds=[Kind.CONFIG])
        return
    registry.apply(plan_restore(registry.entries, registry.totals, old, kinds=[Kind.CONFIG]))
    registry.check()
    assert {name: entry for name, entry in registry.entries.items() if entry.kind is not Kind.CONFIG} == others


def test_a_name_keeps_its_place_and_a_new_one_is_last() -> None:
    registry = _after([("set", ["A", "B"], "1"), ("set", ["A"], "two"), ("unset", ["B"], ""), ("set", ["B"], "1")])
    assert {name: entry.position for name, entry in registry.entries.items()} == {"A": 0, "B": 2}


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (("claim", ["A"], "1"), "set", "NAME_IS_SECRET"),
        (("attach", ["A"], "1"), "set", "NAME_IS_MANAGED"),
        (("claim", ["A"], "1"), "unset", "NAME_IS_SECRET"),
        (("attach", ["A"], "1"), "unset", "NAME_IS_MANAGED"),
        (("set", ["A"], "1"), "claim", "NAME_IS_CONFIG"),
        (("attach", ["A"], "1"), "claim", "NAME_IS_MANAGED"),
        (("set", ["A"], "1"), "attach", "NAME_IS_CONFIG"),
        (("claim", ["A"], "1"), "attach", "NAME_IS_SECRET"),
    ],
)
def test_a_name_is_one_thing_only(first: tuple[str, list[str], str], second: str, reason: str) -> None:
    registry = _after([first])
    with pytest.raises(Refused) as caught:
        registry._plan(second, ["A"], "2")
    assert caught.value.reason == reason
    assert "A" in caught.value.message


def test_a_missing_name_is_refused_unless_it_may_be() -> None:
    registry = _after([("set", ["A"], "1")])
    with pytest.raises(NotFound, match="B, C") as caught:
        plan_unset(registry.entries, registry.totals, ["A", "B", "C"], ignore_missing=False)
    assert caught.value.reason == "NAME_NOT_SET"


def test_limits_are_exact() -> None:
    registry = Registry()
    registry.apply(plan_set({}, registry.totals, [(f"N{number}", "") for number in range(MAX_NAMES)]))
    with pytest.raises(LimitExceeded, match="501"):
        plan_set(registry.entries, registry.totals, [("ONE_MORE", "")])
    with pytest.raises(LimitExceeded):
        plan_claim(registry.entries, registry.totals, [("ONE_MORE", 0)])
    plan_set(registry.entries, registry.totals, [("N0", "x")])


def test_sizes_are_bytes_and_count_names() -> None:
    assert size_of("ÄB", "é") == 5
    room = MAX_TOTAL_BYTES - 8 * 65536
    wanted = [(f"N{number}", "x" * 65534) for number in range(8)]
    registry = Registry()
    registry.apply(plan_set({}, registry.totals, wanted))
    assert registry.totals.size == MAX_TOTAL_BYTES - room
    with pytest.raises(LimitExceeded):
        plan_set(registry.entries, registry.totals, [("A", "")])


def test_one_over_its_limit_may_still_become_smaller() -> None:
    """Limits can be lowered; then removing must work, and be the way out."""
    entries = {"A": Entry(name="A", kind=Kind.CONFIG, value="x", size=MAX_TOTAL_BYTES * 2, position=0)}
    totals = Totals(names=1, size=MAX_TOTAL_BYTES * 2, next_position=1)
    assert plan_unset(entries, totals, ["A"], ignore_missing=False).totals.size == 0
