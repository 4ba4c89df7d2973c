"""Going back: a version as a whole, and name by name what a failed release changed and still stands.

Any order of changes is tried in test_timeline.py; these are the cases with a name.
"""

from collections.abc import Mapping

import pytest

from paaskit.changes import Action
from paaskit.errors import InvalidInput, Refused
from paaskit.redact import Plaintext
from paaskit.variables import MAX_NAMES
from services.config.domain import AppSpec, ById, Kind, Totals
from services.config.rules.managed import Managed, plan_attach
from services.config.rules.names import Claim, Held, decide_claim, decide_give_up
from services.config.rules.plan import Plan
from services.config.rules.restore import Restore, Revert, decide_restore, decide_revert, plan_restore, plan_revert
from services.config.rules.vars import plan_set, plan_unset
from tests.unit.config.builders import RELEASER, Timeline

HERE = ById(tenant="acme", app_id="app1")


class App(Timeline):
    """An app whose changes read as what they are; each returns its version."""

    def set(self, **values: str) -> int:
        found = self.snapshot()
        return self._plan(plan_set(found.current, found.app.totals, list(values.items())))

    def unset(self, *names: str) -> int:
        found = self.snapshot()
        return self._plan(plan_unset(found.current, found.app.totals, names, ignore_missing=False))

    def claim(self, name: str) -> int:
        self.write(decide_claim(self.snapshot(), [Claim(name, 1)], claim_id="c", skip_taken=False).rows)
        return self.version

    def give_up(self, name: str) -> int:
        self.write(decide_give_up(self.snapshot(), [Held(name, "c")]).rows)
        return self.version

    def attach(self, name: str) -> int:
        managed = Managed(name=name, addon="pg", value=Plaintext("v"), display="...")
        return self._plan(plan_attach(self.snapshot(), managed, attachment_id="a"))

    def run(self, image: str) -> int:
        return self._plan(Plan(totals=self.totals, spec=AppSpec(image=image)))

    def revert(self, good: int, bad: int) -> tuple[Mapping[str, Action], list[str]]:
        """Take back; what was done to each name, and what is something else."""
        found = self.snapshot(good, bad)
        plan, taken = plan_revert(found, from_version=good, to_version=bad)
        self.write(None if plan.is_empty else plan.rows(found.app))
        return {change.name: change.action for change in plan.changes}, taken

    def _plan(self, plan: Plan) -> int:
        self.write(plan.rows(self.snapshot().app))
        return self.version


def test_what_was_changed_added_and_removed_goes_back() -> None:
    app = App()
    good = app.set(CHANGED="old", REMOVED="old", SAME="old")
    app.set(CHANGED="bad", ADDED="bad")
    bad = app.unset("REMOVED")
    changes, taken = app.revert(good, bad)
    assert changes == {"CHANGED": Action.CHANGED, "ADDED": Action.REMOVED, "REMOVED": Action.ADDED}
    assert (app.live, taken) == ({"CHANGED": "old", "REMOVED": "old", "SAME": "old"}, [])


def test_what_others_changed_meanwhile_stands() -> None:
    app = App()
    good = app.set(SET="old", UNSET="old", MINE="old")
    bad = app.set(SET="bad", UNSET="bad", MINE="bad", ADDED="bad")
    app.set(SET="good", ADDED="good")
    app.unset("UNSET")
    assert app.revert(good, bad)[0] == {"MINE": Action.CHANGED}
    assert app.live == {"SET": "good", "ADDED": "good", "MINE": "old"}


def test_a_newer_row_stands_although_its_value_is_the_failed_one() -> None:
    app = App()
    good = app.set(X="old")
    bad = app.set(X="bad")
    app.set(X="good")
    app.set(X="bad")
    assert app.revert(good, bad) == ({}, [])
    assert app.live == {"X": "bad"}


def test_what_was_set_and_unset_again_since_stays_away() -> None:
    app = App()
    good = app.set(X="old", Y="1")
    bad = app.unset("X")
    app.set(X="newer")
    app.unset("X")
    assert app.revert(good, bad) == ({}, [])


def test_a_value_that_was_the_same_all_along_is_left_alone() -> None:
    app = App()
    good = app.set(X="old")
    app.set(X="other")
    bad = app.set(X="old")
    assert app.revert(good, bad) == ({}, [])


def test_a_spec_goes_back_where_it_still_stands() -> None:
    app = App()
    good = app.version
    bad = app.run("web:bad")
    assert plan_revert(app.snapshot(good, bad), from_version=good, to_version=bad)[0].spec == app.specs[0].spec
    app.run("web:better")
    assert plan_revert(app.snapshot(good, bad), from_version=good, to_version=bad)[0].is_empty


def test_a_move_to_a_secret_goes_back_once_the_name_is_free() -> None:
    app = App()
    good = app.set(X="plain")
    app.unset("X")
    bad = app.claim("X")
    assert app.revert(good, bad) == ({}, ["X"])
    app.give_up("X")
    assert app.revert(good, bad) == ({"X": Action.ADDED}, [])
    assert app.live == {"X": "plain"}


def test_a_move_from_a_secret_is_given_up() -> None:
    app = App()
    good = app.claim("X")
    app.give_up("X")
    bad = app.set(X="plain")
    assert app.revert(good, bad) == ({"X": Action.REMOVED}, [])


def test_managed_variables_never_go_back() -> None:
    app = App()
    good = app.set(A="1")
    bad = app.attach("DATABASE_URL")
    assert app.revert(good, bad) == ({}, [])
    found = app.snapshot(good)
    assert plan_restore(found, good)[0].is_empty


def test_a_limit_keeps_nothing_from_going_back() -> None:
    app = App()
    good = app.set(X="old")
    bad = app.unset("X")
    app.totals = Totals(names=MAX_NAMES, size=0, next_position=app.totals.next_position)
    plan, _ = plan_revert(app.snapshot(good, bad), from_version=good, to_version=bad)
    assert [change.action for change in plan.changes] == [Action.ADDED]


def test_taking_back_is_recorded_and_orders_no_release() -> None:
    app = App()
    good = app.set(X="old")
    bad = app.set(X="bad")
    order = Revert(where=HERE, from_version=good, to_version=bad, request_id="revert-1-1")
    decision = decide_revert(RELEASER, order, app.snapshot(good, bad))
    assert decision.order is None
    (event,) = decision.events
    assert (event.action, event.actor, event.on_behalf_of) == ("config.revert", "service:releaser", "user:zoe")
    app.write(decision.rows)
    nothing = decide_revert(RELEASER, order, app.snapshot(good, bad))
    assert (nothing.answer["version"], nothing.rows, list(nothing.events)) == (app.version, None, [])


def test_restoring_refuses_what_is_something_else_unless_it_may_be_passed_over() -> None:
    app = App()
    then = app.set(A="1", B="1")
    app.unset("A")
    app.claim("A")
    app.set(B="2", C="1")
    with pytest.raises(Refused, match="A: a config var then"):
        decide_restore(RELEASER, _restore(then), app.snapshot(then))
    decision = decide_restore(RELEASER, _restore(then, skip_taken=True), app.snapshot(then))
    assert (decision.answer["taken"], decision.answer["spec"]) == (["A"], False)
    assert dict(decision.answer["changes"]) == {"B": "changed", "C": "removed"}
    app.write(decision.rows)
    assert app.live == {"B": "1"}


def test_restoring_frees_a_name_that_was_a_secret_then() -> None:
    app = App()
    then = app.claim("X")
    app.give_up("X")
    app.set(X="plain")
    decision = decide_restore(RELEASER, _restore(then, skip_taken=True), app.snapshot(then))
    app.write(decision.rows)
    assert app.live == {}


def test_restoring_keeps_the_order_of_the_release_it_is_for() -> None:
    app = App()
    then = app.set(A="1")
    app.set(A="2")
    app.run("web:2")
    decision = decide_restore(RELEASER, _restore(then), app.snapshot(then))
    order = decision.order
    assert order is not None
    assert (order.change_id, order.actor, order.config_version) == ("change-9", "user:zoe", app.version + 1)
    assert [(each.name, each.actor) for each in order.changes] == [("", "user:zoe"), ("A", "user:zoe")]
    app.write(decision.rows)
    again = decide_restore(RELEASER, _restore(then), app.snapshot(then))
    assert (again.order, again.rows, again.answer["changes"]) == (None, None, [])


@pytest.mark.parametrize("version", [0, -1, 99])
def test_a_version_that_never_was_is_refused(version: int) -> None:
    app = App()
    good = app.set(A="1")
    found = app.snapshot(good)
    with pytest.raises(InvalidInput, match=f"no version {version}"):
        found.at(version)


def test_kinds_that_are_not_config_are_no_part_of_a_past() -> None:
    app = App()
    app.set(A="1")
    version = app.claim("S")
    past = app.snapshot(version).at(version)
    assert (list(past.config), sorted(past.entries)) == (["A"], ["A", "S"])
    assert past.entries["S"].kind is Kind.SECRET


def _restore(version: int, *, skip_taken: bool = False) -> Restore:
    return Restore(
        where=HERE,
        version=version,
        request_id="request-1",
        change_id="change-9",
        actor="user:zoe",
        description="Roll back",
        skip_taken=skip_taken,
        validate_only=False,
    )
