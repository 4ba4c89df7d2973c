"""Names that secrets claims: a name is a config var, a secret or a managed variable, and never two of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from paaskit.errors import FieldViolation, NotFound
from paaskit.variables import check_totals, refuse, violations_of
from paaskit.write_path import NoEvent
from services.config.domain import ById, Decision, Entry, Kind, Needs, Snapshot
from services.config.rules.drafts import refuse_staged, reserved_of
from services.config.rules.plan import NEXT_POSITION, compare, refuse_kinds, rows_beside
from services.config.rules.sharing import check_step, refuse_used, step_of
from services.config.store.changes import Store


@dataclass(frozen=True)
class Claim:
    """A name that is to be a secret, and the size of its value in bytes."""

    name: str
    size: int


@dataclass(frozen=True)
class Held:
    """A name, and the id of the claim it is to be given up under; empty for names from before claims had ids."""

    name: str
    claim_id: str


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """What came of a claim: the version in which the names are secrets, and the names that were passed over.

    `is_group` tells secrets to ask before one of them goes.
    """

    version: int
    taken: Sequence[str]
    is_group: bool


class Names:
    """What secrets asks for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def claim(
        self,
        where: ById,
        claims: Sequence[Claim],
        *,
        claim_id: str,
        skip_taken: bool,
        leaving: bool = False,
        validate_only: bool,
    ) -> Claimed:
        """Claim names: all or, unless taken ones are to be passed over, none. With `leaving` they are for a draft.

        Raises InvalidInput, NotFound, Refused naming every name that is something else, or LimitExceeded.
        """
        names = [claim.name for claim in claims]
        missing = not claim_id and not validate_only
        refuse(
            [
                *violations_of(names, field="claims"),
                FieldViolation("claim_id", "a claim has an id") if missing else None,
                FieldViolation("claims", "a size is 0 or more") if any(each.size < 0 for each in claims) else None,
            ]
        )
        needs = Needs(names=names, drafts=names)

        def decide(snapshot: Snapshot) -> Decision:
            return decide_claim(snapshot, claims, claim_id=claim_id, skip_taken=skip_taken, leaving=leaving)

        if validate_only:
            snapshot = await self._store.look(where, needs)
            answer = decide(snapshot).answer
        else:
            _, answer = await self._store.change(where, needs=needs, decide=decide)
        return Claimed(version=answer["version"], taken=answer["taken"], is_group=answer["is_group"])

    async def check_unused(self, where: ById, names: Sequence[str]) -> None:
        """Raise Refused naming every one of `names` that an app has of this group; of an app's own, none."""
        refuse(violations_of(names, field="names"))
        refuse_used(await self._store.look(where, Needs(names=names)), names)

    async def give_up(self, where: ById, held: Sequence[Held]) -> None:
        """Give claims up. What is not held under the id named is passed over, and so is an app that is destroyed."""
        needs = Needs(names=[each.name for each in held], shared=False)
        try:
            await self._store.change(where, needs=needs, decide=lambda snapshot: decide_give_up(snapshot, held))
        except NotFound:
            return


def decide_claim(
    snapshot: Snapshot, claims: Sequence[Claim], *, claim_id: str, skip_taken: bool, leaving: bool = False
) -> Decision:
    """Decide on a claim. Names that are secrets already are held under it from now on, with the size it says.

    That makes no version: neither concerns a release. Nor is anything held of what is `leaving`: a config var that is
    staged to be unset is granted to a draft, stays what it is, and is claimed again once it is gone.
    """
    app, current = snapshot.app, snapshot.current
    if leaving:
        claims = [claim for claim in claims if not _leaves(snapshot, claim.name)]
    names = [claim.name for claim in claims]
    taken = {name for name in names if name in current and current[name].kind is not Kind.SECRET}
    taken |= set(reserved_of(snapshot, names))
    if taken and not skip_taken:
        refuse_kinds(current, names, allowed=Kind.SECRET)
        refuse_staged(snapshot, names)
    wanted = [claim for claim in claims if claim.name not in taken]
    hold = [_secret(claim, claim_id, current[claim.name]) for claim in wanted if claim.name in current]
    grows = sum(entry.size - current[entry.name].size for entry in hold)
    new = [_secret(claim, claim_id, None) for claim in wanted if claim.name not in current]
    totals = replace(app.totals, size=app.totals.size + grows)
    if grows > 0:
        check_totals(names=totals.names, size=totals.size)
    plan = compare(current, totals, keep=new)
    grown = [entry for entry in hold if entry.size > current[entry.name].size]
    check_step(snapshot, step_of(plan, resized=grown))
    rows = plan.rows(app) if plan.changes else rows_beside(app)
    rows = replace(rows, totals=plan.totals, hold=hold)
    passed_over = [name for name in names if name in taken]
    answer = {"version": rows.version, "taken": passed_over, "is_group": app.is_group}
    return Decision(answer=answer, rows=rows if hold or new else None, no_event=NoEvent.PART)


def _leaves(snapshot: Snapshot, name: str) -> bool:
    """Whether a name is a config var that is staged to be unset."""
    entry, draft = snapshot.current.get(name), snapshot.drafts.get(name)
    return entry is not None and entry.kind is Kind.CONFIG and draft is not None and draft.value is None


def decide_give_up(snapshot: Snapshot, held: Sequence[Held]) -> Decision:
    """Decide on names that are given up: those that are secrets, and held under no other claim by now."""
    app, current = snapshot.app, snapshot.current
    mine = [
        each.name
        for each in held
        if each.name in current
        and current[each.name].kind is Kind.SECRET
        and "".join(current[each.name].claims) == each.claim_id
    ]
    plan = compare(current, app.totals, remove=mine)
    return Decision(answer={}, rows=None if plan.is_empty else plan.rows(app), no_event=NoEvent.PART)


def _secret(claim: Claim, claim_id: str, present: Entry | None) -> Entry:
    return Entry(
        name=claim.name,
        kind=Kind.SECRET,
        size=len(claim.name.encode()) + claim.size,
        position=present.position if present else NEXT_POSITION,
        claims=(claim_id,),
    )
