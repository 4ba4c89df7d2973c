"""Names held in config: what is stored needs them, and none is freed that somebody may be claiming at the moment.

The rules alone. That they hold with a config that is away or slow is in tests/integration/secrets/test_claims.py.
"""

import pytest

from services.secrets.rules.claims import (
    Claimed,
    GivenUp,
    StaleError,
    claims_seen,
    names_needed,
    settle_left,
    settle_names,
)
from services.secrets.rules.plan import NewEntry, Plan, plan_of
from services.secrets.rules.stored import Kind, OpenClaim
from tests.unit.secrets.snapshots import HOUR, NOW, entry, snapshot, staged

MINE = OpenClaim(name="NEW", claim_id="mine")
SET_NEW = Claimed(claim_id="mine", names=frozenset({"NEW"}))


def _new(name: str) -> NewEntry:
    stored = entry(name)
    return NewEntry(name=name, sealed=stored.sealed, size=stored.size)


def test_values_staged_ones_and_overlaps_need_their_names() -> None:
    now = snapshot(
        entry("LIVE"),
        entry("MANAGED", kind=Kind.MANAGED),
        staged("STAGED"),
        staged("GOING", None),
        staged("ROTATED", overlap=HOUR),
        staged("PLAINLY_ROTATED", overlap=0 * HOUR),
        overlaps={"LIVE": NOW},
    )
    assert names_needed(now) == {
        *("LIVE", "LIVE_PREVIOUS", "STAGED", "ROTATED", "ROTATED_PREVIOUS", "PLAINLY_ROTATED"),
    }


def test_a_new_name_is_held_under_its_claim() -> None:
    now = snapshot(claims=(MINE,))
    plan, given_up = settle_names(now, plan_of(now, keep=[_new("NEW")]), SET_NEW)
    assert (plan.hold, plan.settled, given_up) == ({"NEW": ("mine",)}, (MINE,), [])


def test_a_name_that_was_not_claimed_is_not_stored() -> None:
    now = snapshot()
    with pytest.raises(StaleError):
        settle_names(now, plan_of(now, keep=[_new("NEW")]), Claimed())


def test_a_claim_that_others_settled_is_no_claim() -> None:
    now = snapshot()
    with pytest.raises(StaleError):
        settle_names(now, plan_of(now, keep=[_new("NEW")]), SET_NEW)


def test_what_was_held_when_the_claim_was_made_is_replaced_and_what_came_since_is_kept() -> None:
    claimed = Claimed(claim_id="mine", names=frozenset({"KEY"}), seen={"KEY": ("first",)})
    open_ = OpenClaim(name="KEY", claim_id="mine")
    for held, then in ((("first",), ("mine",)), (("first", "since"), ("since", "mine"))):
        now = snapshot(entry("KEY"), held={"KEY": held}, claims=(open_,))
        plan, _ = settle_names(now, plan_of(now, keep=[_new("KEY")]), claimed)
        assert plan.hold == {"KEY": then}


def test_what_goes_is_given_up_under_all_it_may_be_held_under() -> None:
    now = snapshot(entry("KEY"), held={"KEY": ("one", "two")})
    plan, given_up = settle_names(now, plan_of(now, remove=["KEY"]), Claimed())
    assert plan.let_go == ("KEY",)
    assert given_up == [GivenUp("KEY", "one"), GivenUp("KEY", "two")]


def test_what_was_stored_before_claims_had_ids_is_given_up_without_one() -> None:
    now = snapshot(entry("KEY"), held={})
    assert claims_seen(now, {"KEY", "NONE"}) == {"KEY": ("",)}
    assert settle_names(now, plan_of(now, remove=["KEY"]), Claimed())[1] == [GivenUp("KEY", "")]


def test_what_the_draft_or_an_overlap_still_needs_is_not_given_up() -> None:
    now = snapshot(entry("KEY"), staged("KEY"))
    assert settle_names(now, plan_of(now, remove=["KEY"]), Claimed())[1] == []
    now = snapshot(entry("KEY"), overlaps={"KEY": NOW})
    _, given_up = settle_names(now, plan_of(now, remove=["KEY"]), Claimed())
    assert given_up == [GivenUp("KEY", "c-KEY"), GivenUp("KEY_PREVIOUS", "")]


def test_a_name_that_somebody_is_claiming_is_freed_by_nobody() -> None:
    theirs = OpenClaim(name="KEY", claim_id="theirs")
    now = snapshot(entry("KEY"), claims=(theirs,))
    plan, given_up = settle_names(now, plan_of(now, remove=["KEY"]), Claimed())
    assert given_up == []
    assert plan.parked == (OpenClaim(name="KEY", claim_id="c-KEY"),)
    assert plan.settled == ()
    left = snapshot(entry("KEY"), claims=(OpenClaim(name="KEY", claim_id="theirs", left=True),))
    assert settle_names(left, plan_of(left, remove=["KEY"]), Claimed())[1] == [GivenUp("KEY", "c-KEY")]


def test_what_was_claimed_for_nothing_is_given_up_at_once() -> None:
    now = snapshot(claims=(MINE,))
    plan, given_up = settle_names(now, Plan(), SET_NEW)
    assert (given_up, plan.settled, plan.hold) == ([GivenUp("NEW", "mine")], (MINE,), {})


def test_a_left_claim_is_given_up_or_held_as_well() -> None:
    assert settle_left(snapshot(claims=(MINE,)), "mine")[1] == [GivenUp("NEW", "mine")]
    plan, given_up = settle_left(snapshot(entry("NEW"), claims=(MINE,)), "mine")
    assert (plan.hold, plan.settled, given_up) == ({"NEW": ("c-NEW", "mine")}, (MINE,), [])
    contested = snapshot(claims=(MINE, OpenClaim(name="NEW", claim_id="theirs")))
    plan, given_up = settle_left(contested, "mine")
    assert (plan.settled, plan.parked, given_up) == ((), (), []), "it stays open until they are done"


def test_names_that_are_something_else_are_neither_held_nor_given_up() -> None:
    taken = OpenClaim(name="TAKEN", claim_id="mine")
    now = snapshot(claims=(MINE, taken))
    claimed = Claimed(claim_id="mine", names=frozenset({"NEW"}), taken=("TAKEN",))
    plan, given_up = settle_names(now, plan_of(now, keep=[_new("NEW")]), claimed)
    assert (set(plan.hold), set(plan.settled), given_up) == ({"NEW"}, {MINE, taken}, [])
