"""Making, listing and ending trusts: what is asked first, then one change each."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

from paaskit.audit import Actor
from paaskit.clock import Clock, IdSource
from paaskit.errors import NotFound
from paaskit.identity import Identity
from paaskit.requests import Answer, RequestKey
from paaskit.write_path import Decision
from services.tokens.rules.creation import permissions_of
from services.tokens.rules.sight import Sight, sight_of
from services.tokens.scopes import ResolveApp, scope_of
from services.tokens.token import Token
from services.tokens.trusts.rules.asked import NewTrust, check_new_trust, check_trust_reference, trust_not_found
from services.tokens.trusts.rules.making import NewTrustOnItsWay, decide_end, refuse_tokens
from services.tokens.trusts.trust import Trust, TrustPlace, TrustRows

Outlast = Callable[[], Awaitable[None]]
DecideMaking = Callable[[Sequence[Token], Sequence[Trust]], Decision[TrustRows]]
DecideEnd = Callable[[Sequence[Trust], Sequence[Token]], Decision[TrustRows]]


class KeepsTrusts(Protocol):
    """The store, as far as it is needed here."""

    async def page(self, tenant: str, *, sight: Sight, after: TrustPlace | None, limit: int) -> Sequence[Trust]:
        """Return trusts in sight, oldest first."""

    async def one(self, tenant: str, trust_id: str) -> Trust | None:
        """Return the tenant's trust of this id."""

    async def create(self, tenant: str, *, parent_id: str, request: RequestKey, decide: DecideMaking) -> Answer:
        """Change what `decide` says of the sign-in of `parent_id` and of all trusts there are."""

    async def end(self, tenant: str, reference: str, *, sight: Sight, now: datetime, decide: DecideEnd) -> None:
        """Change what `decide` says of the trust of this name or id that is in sight, and of the tokens it gave."""

    async def end_made_with(self, tenant: str, parents: Sequence[str], *, now: datetime, decide: DecideEnd) -> None:
        """Change what `decide` says of the trusts made with these sign-ins, and of the tokens they gave."""


class Trusts:
    """Makes, lists and ends trusts."""

    def __init__(
        self,
        store: KeepsTrusts,
        *,
        allows: Callable[[str], bool],
        resolve: ResolveApp,
        clock: Clock,
        new_id: IdSource,
        outlast: Outlast,
    ) -> None:
        self._store = store
        self._allows = allows
        self._resolve = resolve
        self._clock = clock
        self._new_id = new_id
        self._outlast = outlast

    async def create(self, wanted: NewTrust, identity: Identity, *, actor: Actor) -> Trust:
        """Make a trust and return it; an equal request gets the one that was made before."""
        refuse_tokens(identity)
        check_new_trust(wanted, issuer_is_allowed=self._allows(wanted.issuer))
        permissions_of(wanted.permissions, identity)  # refused before anybody is asked about apps
        new = NewTrustOnItsWay(
            wanted=wanted,
            identity=identity,
            actor=actor,
            apps=await scope_of(wanted.apps, identity, resolve=self._resolve),
            trust_id=self._new_id(),
            now=self._clock(),
        )
        answer = await self._store.create(
            identity.tenant, parent_id=identity.origin.credential, request=new.request, decide=new.decide
        )
        trust = await self._store.one(identity.tenant, answer["trust_id"])
        if trust is None:
            raise trust_not_found()  # it was made by an equal request, and ended since
        return trust

    async def page(
        self, identity: Identity, *, limit: int, after: TrustPlace | None
    ) -> tuple[Sequence[Trust], TrustPlace | None]:
        """Return trusts that the caller sees, oldest first, and where the next page starts (None: nowhere)."""
        found = await self._store.page(identity.tenant, sight=sight_of(identity), after=after, limit=limit + 1)
        if len(found) <= limit:
            return found, None
        last = found[limit - 1]
        return found[:limit], TrustPlace(created_at=last.created_at, trust_id=last.trust_id)

    async def end(self, reference: str, identity: Identity, *, actor: Actor) -> tuple[Trust, int]:
        """End a trust by name or id; return it, and how many living tokens ended with it.

        None of them is accepted any more when this returns, which takes a second. Raises NotFound.
        """
        check_trust_reference(reference)
        ended: list[tuple[Trust, int]] = []
        now = self._clock()

        def decide(found: Sequence[Trust], given: Sequence[Token]) -> Decision[TrustRows]:
            decision = decide_end(found, given, actor=actor, now=now)
            ended[:] = [(found[0], len(given))]
            return decision

        await self._store.end(identity.tenant, reference, sight=sight_of(identity), now=now, decide=decide)
        await self._outlast()
        return ended[0]

    async def end_made_with(self, tenant: str, parents: Sequence[str], *, actor: Actor) -> None:
        """End the trusts that were made with sign-ins, by the ids of these, and the tokens they gave.

        Whoever calls waits until nobody takes these tokens any more.
        """
        now = self._clock()
        try:
            await self._store.end_made_with(
                tenant, parents, now=now, decide=lambda found, given: decide_end(found, given, actor=actor, now=now)
            )
        except NotFound:
            return
