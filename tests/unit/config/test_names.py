"""Claims of names: whose a name may be, what a claim counts, and that a late message frees nothing."""

import pytest

from paaskit.errors import LimitExceeded, Refused
from paaskit.variables import MAX_NAMES, MAX_TOTAL_BYTES
from services.config.domain import Kind, Totals
from services.config.rules.names import Claim, Held, decide_claim, decide_give_up
from tests.unit.config.builders import draft, entry, snapshot


def test_a_new_name_is_held_under_its_claim_and_makes_a_version() -> None:
    decision = decide_claim(snapshot(version=5), [Claim("KEY", 10)], claim_id="c1", skip_taken=False)
    assert decision.answer == {"version": 6, "taken": [], "is_group": False}
    assert decision.rows is not None
    (new,) = decision.rows.open
    assert (new.kind, new.value, new.claims, new.size) == (Kind.SECRET, "", ("c1",), 13)
    assert (decision.order, list(decision.events)) == (None, [])


def test_a_name_that_is_claimed_again_is_held_under_the_later_claim_with_its_size() -> None:
    found = snapshot(entry("KEY", "x", kind=Kind.SECRET, claims=("c1",)), version=5)
    decision = decide_claim(found, [Claim("KEY", 10)], claim_id="c2", skip_taken=False)
    assert decision.answer["version"] == 5
    assert decision.rows is not None
    (held,) = decision.rows.hold
    assert (held.claims, held.size, decision.rows.open) == (("c2",), 13, ())
    assert (decision.rows.totals.size, decision.rows.totals.names) == (13, 1)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (snapshot(entry("KEY")), "NAME_IS_CONFIG"),
        (snapshot(entry("KEY", kind=Kind.MANAGED)), "NAME_IS_MANAGED"),
        (snapshot(drafts=(draft("KEY", "1"),)), "NAME_IS_CONFIG"),
    ],
    ids=["config", "managed", "staged"],
)
def test_claims_are_all_or_none_unless_taken_names_are_passed_over(found: object, reason: str) -> None:
    claims = [Claim("NEW", 1), Claim("KEY", 1)]
    with pytest.raises(Refused, match="KEY") as caught:
        decide_claim(found, claims, claim_id="c", skip_taken=False)  # type: ignore[arg-type]  # a parameter
    assert caught.value.reason == reason
    decision = decide_claim(found, claims, claim_id="c", skip_taken=True)  # type: ignore[arg-type]  # a parameter
    assert decision.answer["taken"] == ["KEY"]
    assert decision.rows is not None
    assert [each.name for each in decision.rows.open] == ["NEW"]


def test_a_draft_that_unsets_reserves_nothing() -> None:
    decision = decide_claim(
        snapshot(drafts=(draft("KEY", None, base=1),)), [Claim("KEY", 1)], claim_id="c", skip_taken=False
    )
    assert decision.answer["taken"] == []


def test_limits_count_new_names_and_what_held_ones_grow_by() -> None:
    full = snapshot(*(entry(f"N{index}", "", kind=Kind.SECRET) for index in range(MAX_NAMES)))
    with pytest.raises(LimitExceeded):
        decide_claim(full, [Claim("ONE_MORE", 0)], claim_id="c", skip_taken=False)
    decide_claim(full, [Claim("N0", 100)], claim_id="c", skip_taken=False)
    totals = Totals(names=1, size=MAX_TOTAL_BYTES, next_position=2)
    heavy = snapshot(entry("KEY", "x", kind=Kind.SECRET), totals=totals)
    with pytest.raises(LimitExceeded):
        decide_claim(heavy, [Claim("KEY", 2)], claim_id="c", skip_taken=False)
    decide_claim(heavy, [Claim("KEY", 1)], claim_id="c", skip_taken=False)
    decide_claim(heavy, [Claim("KEY", 0)], claim_id="c", skip_taken=False)


@pytest.mark.parametrize(
    ("held", "given_up", "freed"),
    [
        (("c1",), "c1", True),
        (("c2",), "c1", False),
        ((), "c1", False),
        (("c1",), "", False),
        ((), "", True),
    ],
)
def test_only_the_claim_a_name_is_held_under_gives_it_up(held: tuple[str, ...], given_up: str, freed: bool) -> None:
    found = snapshot(entry("KEY", kind=Kind.SECRET, claims=held), version=5)
    decision = decide_give_up(found, [Held("KEY", given_up), Held("GONE", "c")])
    assert (decision.rows is not None) == freed
    if decision.rows is not None:
        assert (decision.rows.close, decision.rows.version) == (("KEY",), 6)


@pytest.mark.parametrize("kind", [Kind.CONFIG, Kind.MANAGED])
def test_what_is_no_secret_is_nobodys_to_give_up(kind: Kind) -> None:
    found = snapshot(entry("KEY", kind=kind, claims=("c1",)))
    assert decide_give_up(found, [Held("KEY", "c1"), Held("KEY", "")]).rows is None


def test_what_leaves_is_granted_to_a_draft_and_stays_a_config_var() -> None:
    found = snapshot(entry("KEY", "x"), drafts=(draft("KEY", None, base=1),), version=5)
    claims = [Claim("KEY", 1), Claim("NEW", 1)]
    with pytest.raises(Refused, match=r"`paas secrets:seal KEY` makes it a secret"):
        decide_claim(found, claims, claim_id="c", skip_taken=False)
    decision = decide_claim(found, claims, claim_id="c", skip_taken=False, leaving=True)
    assert decision.answer == {"version": 6, "taken": [], "is_group": False}
    assert decision.rows is not None
    assert ([each.name for each in decision.rows.open], decision.rows.close) == (["NEW"], ())


@pytest.mark.parametrize(
    "found",
    [
        snapshot(entry("KEY", "x")),
        snapshot(entry("KEY", "x"), drafts=(draft("KEY", "y", base=1),)),
        snapshot(entry("KEY", kind=Kind.MANAGED), drafts=(draft("KEY", None, base=1),)),
        snapshot(drafts=(draft("KEY", "1"),)),
    ],
    ids=["not staged", "staged to be set", "managed", "staged alone"],
)
def test_what_does_not_leave_is_refused_to_a_draft_too(found: object) -> None:
    with pytest.raises(Refused, match="KEY"):
        decide_claim(found, [Claim("KEY", 1)], claim_id="c", skip_taken=False, leaving=True)  # type: ignore[arg-type]
