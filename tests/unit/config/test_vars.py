"""Setting and unsetting config vars live: whose a name is, what is missing, exact limits, what follows."""

import pytest

from paaskit.access import AppRef
from paaskit.changes import Action, Mutation
from paaskit.errors import Conflict, LimitExceeded, NotFound, Refused
from paaskit.variables import MAX_NAMES, MAX_TOTAL_BYTES
from services.config.domain import Kind, Totals
from services.config.rules.mutations import check_etag, decide_live, order_of
from services.config.rules.plan import size_of
from services.config.rules.vars import plan_set, plan_unset
from tests.unit.config.builders import ADA, doing, draft, entry, snapshot


@pytest.mark.parametrize("kind", [Kind.SECRET, Kind.MANAGED])
def test_a_name_that_is_something_else_is_neither_set_nor_unset(kind: Kind) -> None:
    current = {"A": entry("A", kind=kind)}
    totals = Totals(names=1, size=2, next_position=2)
    with pytest.raises(Refused, match="A") as caught:
        plan_set(current, totals, [("A", "2"), ("B", "1")])
    assert caught.value.reason == f"NAME_IS_{kind.name}"
    with pytest.raises(Refused, match="A"):
        plan_unset(current, totals, ["A"], ignore_missing=True)


def test_a_missing_name_is_refused_unless_it_may_be() -> None:
    found = snapshot(entry("A"))
    with pytest.raises(NotFound, match="B, C") as caught:
        plan_unset(found.current, found.app.totals, ["A", "B", "C"], ignore_missing=False)
    assert caught.value.reason == "NAME_NOT_SET"
    plan = plan_unset(found.current, found.app.totals, ["A", "B", "C"], ignore_missing=True)
    assert [(change.name, change.action) for change in plan.changes] == [("A", Action.REMOVED)]


def test_limits_are_exact() -> None:
    empty = Totals(names=0, size=0, next_position=1)
    plan = plan_set({}, empty, [(f"N{number}", "") for number in range(MAX_NAMES)])
    full = {each.name: each for each in plan.open}
    with pytest.raises(LimitExceeded, match="501"):
        plan_set(full, plan.totals, [("ONE_MORE", "")])
    plan_set(full, plan.totals, [("N0", "x")])


def test_sizes_are_bytes_and_count_names() -> None:
    assert size_of("ÄB", "é") == 5
    room = MAX_TOTAL_BYTES - 8 * 65536
    wanted = [(f"N{number}", "x" * 65534) for number in range(8)]
    plan = plan_set({}, Totals(names=0, size=0, next_position=1), wanted)
    assert plan.totals.size == MAX_TOTAL_BYTES - room
    with pytest.raises(LimitExceeded):
        plan_set({each.name: each for each in plan.open}, plan.totals, [("A", "")])


def test_one_over_its_limit_may_still_become_smaller() -> None:
    """Limits can be lowered; then removing must work, and be the way out."""
    totals = Totals(names=1, size=MAX_TOTAL_BYTES * 2, next_position=2)
    current = {"A": entry("A", size=MAX_TOTAL_BYTES * 2)}
    assert plan_unset(current, totals, ["A"], ignore_missing=False).totals.size == 0


def test_a_live_change_leaves_the_draft_alone() -> None:
    found = snapshot(entry("A"), drafts=(draft("A", "2", base=1),))
    rows = plan_set(found.current, found.app.totals, [("A", "3")]).rows(found.app)
    assert (rows.unstage, rows.stage, rows.draft_revision) == ((), (), found.app.draft_revision)


def test_a_change_makes_a_version_an_event_and_an_order_and_no_change_makes_none() -> None:
    found = snapshot(entry("A"), version=5)
    nothing = decide_live(doing(), found.app, plan_set(found.current, found.app.totals, [("A", "1")]), verb="Set")
    assert (nothing.answer, nothing.rows, nothing.order, list(nothing.events)) == ({"version": 5}, None, None, [])
    plan = plan_set(found.current, found.app.totals, [("A", "value"), ("B", "value")])
    decision = decide_live(doing(), found.app, plan, verb="Set")
    assert decision.rows is not None
    assert decision.rows.version == decision.answer["version"] == 6
    assert decision.order == order_of(decision.answer, ADA, found.app)
    assert (decision.order.config_version, decision.order.description) == (6, "Set A, B")
    assert [(each.name, each.action, each.actor) for each in decision.order.changes] == [
        ("A", Action.CHANGED, "user:ada"),
        ("B", Action.ADDED, "user:ada"),
    ]
    (event,) = decision.events
    assert (event.action, event.app, event.app_id, list(event.targets)) == ("config.set", "web", "app1", ["A", "B"])
    assert "value" not in f"{decision.answer}{decision.order}{event}"


@pytest.mark.parametrize("etag", ["app1.5.0", "app1.4.1", "app2.5.1", "5", "x"])
def test_an_etag_of_another_state_or_another_app_is_stale(etag: str) -> None:
    app = snapshot(version=5, draft_revision=1).app
    ref = AppRef(tenant="acme", name="web")
    with pytest.raises(Conflict):
        check_etag(Mutation(request_id="request-1", app=ref, etag=etag), app)
    check_etag(Mutation(request_id="request-1", app=ref, etag="app1.5.1"), app)
    check_etag(Mutation(request_id="request-1", app=ref), app)
