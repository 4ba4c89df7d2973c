"""The rules of access tokens: who may make which, how long they live, what ends them.

Nothing here knows how a token's text looks (`pat`), how identities are signed (`signing`), or where rows are.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from paaskit.access import ROLES
from paaskit.audit import DENIED, Actor, AuditEvent
from paaskit.clock import Clock, IdSource
from paaskit.errors import AlreadyExists, InvalidInput, NotFound, PermissionDenied, Unauthenticated
from paaskit.identity import Identity
from paaskit.paging import page_size as page_size_of
from paaskit.redact import Plaintext
from paaskit.requests import RequestKey, fingerprint
from services.tokens.asked import NewToken, SignIn, check_new_token, check_sign_in
from services.tokens.paging import Place, page_token_of, place_of

DEFAULT_TTL = timedelta(days=30)
MAX_PAGE_SIZE = 100


class Kind(StrEnum):
    """What a credential stands for: a token made for a machine, or a person's own sign-in."""

    PAT = "pat"
    USER = "user"


@dataclass(frozen=True, kw_only=True)
class Token:
    """A stored credential, as far as it may be known without having it. `apps` None is all of the tenant's."""

    tenant: str
    token_id: str
    kind: Kind
    name: str
    permissions: frozenset[str]
    apps: frozenset[str] | None
    creator: str
    parent_id: str | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    @property
    def subject(self) -> str:
        """Who acts where this credential is used: `pat:github-ci`, `user:ada@example.com`."""
        return f"{self.kind}:{self.name}"

    def is_living(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who a verified credential stands for, whatever kind of credential it was."""

    tenant: str
    subject: str
    kind: str
    permissions: frozenset[str]
    apps: frozenset[str] | None
    token_id: str
    expires_at: datetime


class Authenticator(Protocol):
    """Verifies one kind of credential. There is one implementation for each kind."""

    def recognises(self, unverified_credential: str) -> bool:
        """Whether the text is of this kind, by its looks alone."""

    async def authenticate(self, unverified_credential: str, *, now: datetime, client_address: str) -> Principal | None:
        """Return who it stands for, or None where it is not accepted. Raises Unavailable where that can't be told."""


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a new token depends on: the one it is made with, the holder of its name, an earlier same request."""

    parent: Token | None
    namesake: Token | None
    made_before: bool


class Change(Protocol):
    """One transaction on a tenant's tokens; no other changes them meanwhile."""

    async def circumstances(self, *, parent_id: str, name: str, key: RequestKey, now: datetime) -> Circumstances:
        """Look up what a new token depends on. Raises InvalidInput where the request id was used differently."""

    async def add(self, token: Token, digest: bytes) -> None:
        """Store a token under the digest of its text."""

    async def end_sign_ins(self, user: str, *, creator: str, now: datetime) -> None:
        """Revoke the sign-ins that `creator` issued for a person, not what was made with them."""

    async def revoke(self, reference: str, *, apps: frozenset[str] | None, now: datetime) -> Sequence[Token]:
        """Revoke the living token of this name or id and all made with it; it comes first. None: an empty list."""

    async def record(self, event: AuditEvent) -> None:
        """Keep an audit event with the change."""

    async def remember(self, key: RequestKey, token: Token) -> None:
        """Keep that this request made this token."""


class TokenStore(Protocol):
    """What the rules need of the database."""

    def change(self, tenant: str) -> AbstractAsyncContextManager[Change]:
        """Begin a transaction; it is committed at the end of the block."""

    async def find(self, tenant: str, token_id: str) -> Token | None:
        """Return a token by its id, living or not."""

    async def page(
        self, tenant: str, *, apps: frozenset[str] | None, after: Place | None, limit: int, now: datetime
    ) -> Sequence[Token]:
        """Return living PATs, oldest first, of those limited to `apps` where that is given."""


@dataclass(frozen=True, kw_only=True)
class TextSource:
    """How texts of new tokens are made, and digested."""

    generate: Callable[[], str]
    digest: Callable[[str], bytes]


class Tokens:
    """Makes, lists and revokes tokens."""

    def __init__(
        self,
        store: TokenStore,
        *,
        texts: TextSource,
        record: Callable[[AuditEvent], Awaitable[None]],
        clock: Clock,
        new_id: IdSource,
    ) -> None:
        self._store = store
        self._texts = texts
        self._record = record
        self._clock = clock
        self._new_id = new_id

    async def current(self, identity: Identity) -> Token:
        """Return the token behind an identity. Raises Unauthenticated where it ended in the meantime."""
        token = await self._store.find(identity.tenant, identity.token_id)
        if token is None or not token.is_living(self._clock()):
            raise _signed_out()
        return token

    async def create(self, wanted: NewToken, identity: Identity, *, actor: Actor) -> tuple[Token, Plaintext]:
        """Make a token and return it with its text, which is kept nowhere."""
        check_new_token(wanted)
        await self._refuse_more_than_own(wanted, identity, actor=actor)
        now, text = self._clock(), self._texts.generate()
        key = RequestKey(
            request_id=wanted.request_id,
            subject=identity.subject,
            method="CreateToken",
            fingerprint=fingerprint(wanted.name, sorted(wanted.permissions), sorted(wanted.apps), str(wanted.ttl)),
        )
        async with self._store.change(identity.tenant) as change:
            found = await change.circumstances(parent_id=identity.token_id, name=wanted.name, key=key, now=now)
            if found.made_before:
                raise _shown_before(wanted.name)
            # Between the gateway's check and now the creator may have been revoked; it must make nothing any more.
            if found.parent is None or not found.parent.is_living(now):
                raise _signed_out()
            if found.namesake is not None:
                raise _name_taken(wanted.name)
            token = Token(
                tenant=identity.tenant,
                token_id=self._new_id(),
                kind=Kind.PAT,
                name=wanted.name,
                permissions=frozenset(wanted.permissions) or identity.permissions,
                apps=frozenset(wanted.apps) or identity.apps,
                creator=identity.subject,
                parent_id=identity.token_id,
                created_at=now,
                expires_at=expiry_of(wanted.ttl, parent=found.parent, now=now),
            )
            await change.add(token, self._texts.digest(text))
            await change.record(actor.event("tokens.create", targets=[token.name], request_id=wanted.request_id))
            await change.remember(key, token)
        return token, Plaintext(text)

    async def page(self, identity: Identity, *, page_size: int, page_token: str) -> tuple[Sequence[Token], str]:
        """Return living tokens, oldest first, and where the next page starts (empty: nowhere)."""
        limit = page_size_of(page_size, default=MAX_PAGE_SIZE, most=MAX_PAGE_SIZE)
        found = await self._store.page(
            identity.tenant, apps=identity.apps, after=place_of(page_token), limit=limit + 1, now=self._clock()
        )
        if len(found) <= limit:
            return found, ""
        last = found[limit - 1]
        return found[:limit], page_token_of(Place(created_at=last.created_at, token_id=last.token_id))

    async def revoke(self, reference: str, identity: Identity, *, actor: Actor) -> tuple[Token, int]:
        """Revoke a token by name or id with all made with it; return it and how many others there were.

        Who is limited to some apps sees, and so revokes, only tokens limited to these.
        """
        if not reference or len(reference) > 64 or "\0" in reference:
            raise _token_not_found()
        async with self._store.change(identity.tenant) as change:
            revoked = await change.revoke(reference, apps=identity.apps, now=self._clock())
            if not revoked:
                raise _token_not_found()
            await change.record(actor.event("tokens.revoke", targets=[token.name for token in revoked][:500]))
        return revoked[0], len(revoked) - 1

    async def sign_in(self, asked: SignIn, *, actor: Actor) -> tuple[Plaintext, datetime]:
        """Sign a person in; return the text of the sign-in and when it ends. The one issued before ends now."""
        check_sign_in(asked)
        now, text = self._clock(), self._texts.generate()
        token = Token(
            tenant=asked.tenant,
            token_id=self._new_id(),
            kind=Kind.USER,
            name=asked.user,
            permissions=ROLES[asked.role],
            apps=None,
            creator=actor.name,
            parent_id=None,
            created_at=now,
            expires_at=now + asked.ttl,
        )
        async with self._store.change(asked.tenant) as change:
            await change.end_sign_ins(asked.user, creator=actor.name, now=now)
            await change.add(token, self._texts.digest(text))
            await change.record(actor.event("tokens.sign_in", targets=[asked.user]))
        return Plaintext(text), token.expires_at

    async def _refuse_more_than_own(self, wanted: NewToken, identity: Identity, *, actor: Actor) -> None:
        beyond = sorted(set(wanted.permissions) - identity.permissions)
        foreign = [app for app in wanted.apps if not identity.may_touch(app)]
        if not beyond and not foreign:
            return
        denied = actor.event("tokens.create", targets=[wanted.name], request_id=wanted.request_id)
        await self._record(replace(denied, outcome=DENIED))
        if beyond:
            raise PermissionDenied(
                f"A token can't do more than its creator: {identity.subject} does not have {', '.join(beyond)}.",
                metadata={"permission": beyond[0]},
            )
        raise PermissionDenied(f"{identity.subject} is limited to other apps.", metadata={"permission": "app"})


def expiry_of(ttl: timedelta | None, *, parent: Token, now: datetime) -> datetime:
    """Return when a token ends that `parent` makes. Raises InvalidInput where `ttl` would outlive a PAT.

    A token that could renew itself would never end (CVE-2021-32923). A person's sign-in is no such limit: it is
    renewed by signing in again.
    """
    expires_at = now + (DEFAULT_TTL if ttl is None else ttl)
    if parent.kind is Kind.USER or expires_at <= parent.expires_at:
        return expires_at
    if ttl is None:
        return parent.expires_at
    raise InvalidInput(
        f"A token can't outlive the one it is made with, which ends {parent.expires_at:%Y-%m-%dT%H:%MZ}. "
        "Choose a shorter ttl, or leave it out."
    )


def _signed_out() -> Unauthenticated:
    return Unauthenticated("Your sign-in has ended. Sign in again, or set PAAS_TOKEN to a token that is valid.")


def _token_not_found() -> NotFound:
    # The reference is not repeated: it may be the text of a token, given by mistake.
    return NotFound(
        "There is no such token. `paas tokens:list` shows the names and ids of those there are.",
        reason="TOKEN_NOT_FOUND",
    )


def _name_taken(name: str) -> AlreadyExists:
    return AlreadyExists(
        f"There is a token named {name} already. Choose another name, or revoke it first: `paas tokens:revoke`.",
        reason="TOKEN_EXISTS",
    )


def _shown_before(name: str) -> AlreadyExists:
    return AlreadyExists(
        f"This request made the token {name} already, and its text is shown only once. "
        f"If you don't have it, revoke the token and create it again.",
        reason="TOKEN_EXISTS",
    )
