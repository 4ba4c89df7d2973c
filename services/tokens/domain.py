"""Making, listing, rotating and revoking tokens, and signing people in: what is asked first, then one change each.

Nothing here knows how a token's text looks (`pat`), how identities are signed (`check`), or where rows are.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from paaskit.audit import Actor
from paaskit.clock import Clock, IdSource
from paaskit.errors import NotFound
from paaskit.identity import Identity
from paaskit.redact import Plaintext
from paaskit.requests import Answer, RequestKey, fingerprint
from paaskit.write_path import Decision
from services.tokens.flights import Flights
from services.tokens.rules import creation, rotation
from services.tokens.rules.asked import NewText, NewToken, SignIn, check_new_text, check_new_token, check_sign_in
from services.tokens.rules.creation import Creation, permissions_of
from services.tokens.rules.revocation import check_reference, check_references, decide_revocation
from services.tokens.rules.rotation import Rotation
from services.tokens.rules.sessions import EndOfSessions
from services.tokens.rules.sight import Sight, sight_of
from services.tokens.rules.sign_ins import NewSignIn
from services.tokens.scopes import ResolveApp, scope_of
from services.tokens.token import Created, Kind, Rotated, Token, TokenRows

MAX_PAGE_SIZE: Final = 100
MAX_FOUND: Final = 500
# How far apart requests may arrive that were sent at once; the gateway tries one of them again within this as well.
_LINGER_SECONDS: Final = 2.0

Found = Sequence[Token]
TokenKey = tuple[str, str]
"""A tenant, and the id of one of its tokens."""
Outlast = Callable[[], Awaitable[None]]
"""Returns once nobody takes a token for what it was before."""


class EndsTrusts(Protocol):
    """Trusts, as far as they are needed here."""

    async def end_made_with(self, tenant: str, parents: Sequence[str], *, actor: Actor) -> None:
        """End the trusts that were made with sign-ins, by the ids of these, and the tokens they gave."""


Decide = Callable[[Found], Decision[TokenRows]]
"""Says what a change comes to, given the tokens it depends on. Pure; raises PaasError."""
DecideRotation = Callable[[Found, Found], Decision[TokenRows]]
"""The same, given the caller's own token, where there is one, and the token that is meant with all that end with it."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The last token of a page; the next page starts after it."""

    created_at: datetime
    token_id: str


class TokenStore(Protocol):
    """What the rules need of the database. No two changes of a tenant's tokens happen at once."""

    async def living(self, tenant: str, token_ids: Sequence[str], *, now: datetime) -> Collection[str]:
        """Return which of some tokens, by id, are living."""

    async def page(self, tenant: str, *, sight: Sight, after: Place | None, limit: int, now: datetime) -> Found:
        """Return living PATs in sight, oldest first."""

    async def find(self, tenant: str, references: Sequence[str], *, sight: Sight, limit: int) -> Found:
        """Return tokens in sight by their names or ids, ended ones as well, the newest first."""

    async def create(
        self, tenant: str, *, parent_id: str, name: str, now: datetime, request: RequestKey, decide: Decide
    ) -> tuple[Found, Answer]:
        """Change what `decide` says of the token of `parent_id` and the living PAT of `name`; return these.

        An equal request's answer is given again. Raises InvalidInput where the request id was used differently.
        """

    async def rotate(
        self,
        tenant: str,
        reference: str,
        *,
        parent_id: str,
        sight: Sight,
        now: datetime,
        request: RequestKey,
        decide: DecideRotation,
    ) -> tuple[Found, Found, Answer]:
        """Change what `decide` says of the token of `parent_id`, and of what `revoke` would; return these.

        An equal request's answer is given again. Raises InvalidInput where the request id was used differently.
        """

    async def revoke(self, tenant: str, reference: str, *, sight: Sight, now: datetime, decide: Decide) -> Found:
        """Change what `decide` says of the living tokens of this name or id and the living ones made with them.

        Returns these, the newest of that name first and then the others of it. It is looked for among those in sight.
        """

    async def sign_in(self, tenant: str, user: str, *, now: datetime, decide: Decide) -> Found:
        """Change what `decide` says of a person's living sign-ins; return these."""


@dataclass(frozen=True, kw_only=True)
class TextSource:
    """How texts of new tokens are made, and digested."""

    generate: Callable[[], str]
    digest: Callable[[str], bytes]


class Tokens:
    """Makes, lists, rotates and revokes tokens."""

    def __init__(
        self,
        store: TokenStore,
        *,
        texts: TextSource,
        resolve: ResolveApp,
        clock: Clock,
        new_id: IdSource,
        outlast: Outlast,
        trusts: EndsTrusts,
        linger_seconds: float = _LINGER_SECONDS,
    ) -> None:
        self._store = store
        self._texts = texts
        self._resolve = resolve
        self._clock = clock
        self._new_id = new_id
        self._outlast = outlast
        self._trusts = trusts
        self._flights = Flights[tuple[Created, Plaintext]](linger_seconds=linger_seconds)
        self._rotations = Flights[tuple[Rotated, Plaintext]](linger_seconds=linger_seconds)

    async def ended(self, keys: Sequence[TokenKey]) -> list[TokenKey]:
        """Return which of some tokens, of whatever tenants, are not living."""
        of_tenant: dict[str, list[str]] = {}
        for tenant, token_id in keys:
            of_tenant.setdefault(tenant, []).append(token_id)
        now = self._clock()
        living = await asyncio.gather(*(self._store.living(each, ids, now=now) for each, ids in of_tenant.items()))
        known = dict(zip(of_tenant, living, strict=True))
        return [(tenant, token_id) for tenant, token_id in keys if token_id not in known[tenant]]

    async def create(self, wanted: NewToken, identity: Identity, *, actor: Actor) -> tuple[Created, Plaintext]:
        """Make a token and return it with its text, which is kept nowhere.

        Equal requests that are sent at once share it: nothing could give them the text later.
        """
        check_new_token(wanted)
        permissions_of(wanted.permissions, identity)  # refused before anybody is asked about apps
        asked = fingerprint(wanted.name, wanted.permissions, wanted.apps, str(wanted.ttl))
        same = (identity.tenant, actor.credential, wanted.request_id, asked)
        return await self._flights.share(same, lambda: self._create(wanted, identity, actor))

    async def _create(self, wanted: NewToken, identity: Identity, actor: Actor) -> tuple[Created, Plaintext]:
        text = self._texts.generate()
        new = Creation(
            wanted=wanted,
            identity=identity,
            actor=actor,
            apps=await scope_of(wanted.apps, identity, resolve=self._resolve),
            token_id=self._new_id(),
            digest=self._texts.digest(text),
            now=self._clock(),
        )
        found, answer = await self._store.create(
            identity.tenant,
            parent_id=identity.origin.credential,
            name=wanted.name,
            now=new.now,
            request=new.request,
            decide=new.decide,
        )
        if answer["token_id"] != new.token_id:
            raise creation.shown_before(wanted.name)
        return Created(token=new.token(found), event_id=new.event_id), Plaintext(text)

    async def rotate(self, wanted: NewText, identity: Identity, *, actor: Actor) -> tuple[Rotated, Plaintext]:
        """Give a token a new text and return what comes of it, with that text, which is kept nowhere.

        Equal requests that are sent at once share it. Where the text before ends now, it is not accepted any more when
        this returns. Raises what `revoke` does.
        """
        check_new_text(wanted)
        check_reference(wanted.reference)
        asked = fingerprint(wanted.reference, str(wanted.overlap), str(wanted.ttl))
        same = (identity.tenant, actor.credential, wanted.request_id, asked)
        return await self._rotations.share(same, lambda: self._rotate(wanted, identity, actor))

    async def _rotate(self, wanted: NewText, identity: Identity, actor: Actor) -> tuple[Rotated, Plaintext]:
        text = self._texts.generate()
        new = Rotation(
            wanted=wanted,
            identity=identity,
            actor=actor,
            token_id=self._new_id(),
            digest=self._texts.digest(text),
            now=self._clock(),
        )
        found, family, answer = await self._store.rotate(
            identity.tenant,
            wanted.reference,
            parent_id=identity.origin.credential,
            sight=sight_of(identity),
            now=new.now,
            request=new.request,
            decide=new.decide,
        )
        if new.ends_at <= new.now:
            await self._outlast()
        if answer["token_id"] != new.token_id:
            raise rotation.shown_before()
        return new.rotated(found, family), Plaintext(text)

    async def page(self, identity: Identity, *, limit: int, after: Place | None) -> tuple[Found, Place | None]:
        """Return living tokens that the caller sees, oldest first, and where the next page starts (None: nowhere)."""
        sight, now = sight_of(identity), self._clock()
        found = await self._store.page(identity.tenant, sight=sight, after=after, limit=limit + 1, now=now)
        if len(found) <= limit:
            return found, None
        last = found[limit - 1]
        return found[:limit], Place(created_at=last.created_at, token_id=last.token_id)

    async def find(self, references: Sequence[str], identity: Identity) -> tuple[Found, bool]:
        """Return tokens that the caller sees by their names or ids, ended ones as well, and whether there are more."""
        check_references(references)
        found = await self._store.find(
            identity.tenant, sorted(set(references)), sight=sight_of(identity), limit=MAX_FOUND + 1
        )
        return found[:MAX_FOUND], len(found) > MAX_FOUND

    async def revoke(self, reference: str, identity: Identity, *, actor: Actor) -> tuple[Token, Found]:
        """Revoke a token by name or id with all made with it; return it, and which others there were.

        By its name also those that it was rotated from. None of them is accepted any more when this returns, which
        takes a second.

        Revoked is only what the caller sees. Raises NotFound, and PermissionDenied for a token of somebody else's that
        may do more than the caller.
        """
        check_reference(reference)
        now = self._clock()
        try:
            revoked = await self._store.revoke(
                identity.tenant,
                reference,
                sight=sight_of(identity),
                now=now,
                decide=lambda found: decide_revocation(found, identity=identity, actor=actor, now=now),
            )
        except NotFound:
            # It may have been revoked a moment ago, by a request whose answer got lost: that is an answer too.
            await self._outlast()
            raise
        if sign_ins := [token.token_id for token in revoked if token.kind is Kind.USER]:
            await self._trusts.end_made_with(identity.tenant, sign_ins, actor=actor)
        await self._outlast()
        return replace(revoked[0], revoked_at=now), revoked[1:]

    async def sign_in(self, asked: SignIn, *, actor: Actor) -> tuple[Plaintext, datetime]:
        """Sign a person in; return the text of the sign-in and when it ends. The one issued before ends now."""
        check_sign_in(asked)
        text = self._texts.generate()
        new = NewSignIn(
            asked=asked, actor=actor, token_id=self._new_id(), digest=self._texts.digest(text), now=self._clock()
        )
        before = await self._store.sign_in(asked.tenant, asked.user, now=new.now, decide=new.decide)
        if before:
            await self._outlast()
        return Plaintext(text), new.token.expires_at

    async def end_sessions(self, user: str, identity: Identity, *, actor: Actor) -> int:
        """End somebody's sign-ins, or have it on record that the caller's own browsers are signed out; how many ended.

        None of them is accepted any more when this returns. Raises InvalidInput, PermissionDenied.
        """
        end = EndOfSessions(user=user, identity=identity, actor=actor, now=self._clock())
        found = await self._store.sign_in(identity.tenant, end.name, now=end.now, decide=end.decide)
        ended = end.ended(found)
        if ended:
            await self._outlast()
        return len(ended)
