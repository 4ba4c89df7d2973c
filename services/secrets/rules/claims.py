"""Which names config holds for us, and which it may give to others again. Pure rules over what is stored.

A name is held for as long as something is stored that needs it: a live value, a staged one, or an overlap. Each holding
is under the id of a claim, and giving it up names that id; so a message that arrives late frees nothing that was
claimed anew in between.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from services.secrets.rules.plan import Plan
from services.secrets.rules.stored import PREVIOUS_SUFFIX, Kind, OpenClaim, Snapshot, Staged

NO_CLAIM_ID: Final = ""
"""Names that were claimed before claims had ids are held under this one."""
LEFT_AFTER_SECONDS: Final = 60
"""By then whoever made a claim has ended, and what was asked of config has taken effect if ever it does."""


class StaleError(Exception):
    """What a change was prepared for is no longer so; it is to be prepared anew."""


@dataclass(frozen=True)
class Need:
    """A name that config has to know as ours, with the size of its value in bytes."""

    name: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """What config granted under one claim. `seen` has the ids each name was held under before that was asked for.

    `taken` are names that are something else and were passed over; `version` is the version of config in which the
    names are ours, and `is_group` whether they are a shared group's. Without a claim id nothing had to be asked for.
    """

    claim_id: str | None = None
    names: frozenset[str] = frozenset()
    taken: tuple[str, ...] = ()
    version: int | None = None
    is_group: bool = False
    seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class GivenUp:
    """A name that is no longer needed, and a claim that it was held under."""

    name: str
    claim_id: str


def names_needed(snapshot: Snapshot) -> set[str]:
    """Return the names that what is stored needs."""
    return _names(snapshot.secrets(), snapshot.staged.values(), snapshot.overlaps)


def names_needed_after(snapshot: Snapshot, plan: Plan) -> set[str]:
    """Return the names that what will be stored needs, once a plan is written."""
    staged = {name: each for name, each in snapshot.staged.items() if name not in plan.unstage}
    return _names(
        [
            *(name for name in snapshot.secrets() if name not in plan.close),
            *(entry.name for entry in plan.open if entry.kind is Kind.SECRET),
        ],
        {**staged, **{each.name: each for each in plan.stage}}.values(),
        [*(name for name in snapshot.overlaps if name not in plan.end_overlaps), *plan.overlaps],
    )


def claims_seen(snapshot: Snapshot, names: set[str]) -> dict[str, tuple[str, ...]]:
    """Return the ids each of `names` is held under now."""
    needed = names_needed(snapshot)
    return {name: ids for name in names if (ids := _held_under(snapshot, needed, name))}


def settle_names(snapshot: Snapshot, plan: Plan, claimed: Claimed) -> tuple[Plan, list[GivenUp]]:
    """Return the plan with what it does to names, and the names to give up. Raises StaleError.

    That is where a name is needed from now on that was not when the change was prepared, or the claim made then has
    been settled by others because it took too long.
    """
    own = {claim.name: claim for claim in snapshot.claims if claim.claim_id == claimed.claim_id}
    if not claimed.names <= own.keys():
        raise StaleError
    before, needed = names_needed(snapshot), names_needed_after(snapshot, plan)
    if not needed - before <= claimed.names:
        raise StaleError
    hold, given_up = {}, []
    if claimed.claim_id is not None:
        for name in claimed.names & needed:
            since = [each for each in _held_under(snapshot, before, name) if each not in claimed.seen.get(name, ())]
            hold[name] = (*since, claimed.claim_id)
        given_up = [GivenUp(name, claimed.claim_id) for name in sorted(claimed.names - needed)]
    gone = sorted(before - needed)
    given_up += [GivenUp(name, claim_id) for name in gone for claim_id in _held_under(snapshot, before, name)]
    # While somebody else is claiming a name, it can't be told which claim config has it under: freeing ours might free
    # theirs. So ours stays open, to be looked at again once they are done.
    contested = {claim.name for claim in snapshot.claims if not claim.left and claim.claim_id != claimed.claim_id}
    waiting = [OpenClaim(name=each.name, claim_id=each.claim_id) for each in given_up if each.name in contested]
    settled = replace(
        plan,
        hold=hold,
        let_go=tuple(gone),
        settled=tuple(claim for name, claim in own.items() if not (name in contested and name not in needed)),
        parked=tuple(claim for claim in waiting if claim.claim_id != claimed.claim_id),
        is_group=claimed.is_group,
    )
    return settled, [each for each in given_up if each.name not in contested]


def settle_left(snapshot: Snapshot, claim_id: str) -> tuple[Plan, list[GivenUp]]:
    """Return what becomes of a claim whose change did not come to pass.

    What is needed by now, through somebody else's change, is held under this id as well; the rest is given up.
    """
    names = frozenset(claim.name for claim in snapshot.claims if claim.claim_id == claim_id)
    return settle_names(snapshot, Plan(), Claimed(claim_id=claim_id, names=names))


def _held_under(snapshot: Snapshot, needed: set[str], name: str) -> tuple[str, ...]:
    if name in snapshot.held:
        return snapshot.held[name]
    return (NO_CLAIM_ID,) if name in needed else ()


def _names(secrets: Iterable[str], staged: Collection[Staged], overlaps: Iterable[str]) -> set[str]:
    values = {*secrets, *(each.name for each in staged if each.sealed is not None)}
    overlapping = {*overlaps, *(each.name for each in staged if each.overlap)}
    return values | {name + PREVIOUS_SUFFIX for name in overlapping}
