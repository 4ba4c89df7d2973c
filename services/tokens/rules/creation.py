"""Who may make which token, and how long it lives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from paaskit.audit import Actor
from paaskit.errors import AlreadyExists, InvalidInput, PermissionDenied, Unauthenticated
from paaskit.identity import AppScope, Identity, ProviderSession, StoredToken
from paaskit.requests import RequestKey, fingerprint
from paaskit.write_path import Decision
from services.tokens.rules.asked import NewToken
from services.tokens.token import Kind, Token, TokenRows

DEFAULT_TTL: Final = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Creation:
    """One token on its way: what was asked for, by whom, and what was prepared for it outside of the transaction."""

    wanted: NewToken
    identity: Identity
    actor: Actor
    apps: AppScope | None
    token_id: str
    digest: bytes
    now: datetime

    @property
    def request(self) -> RequestKey:
        """What makes it the same request again: whose token sent it, and all that is asked for, apps by their ids."""
        wanted = self.wanted
        apps = sorted(self.apps or ()) if wanted.apps else None
        ttl = None if wanted.ttl is None else str(wanted.ttl)
        return RequestKey(
            request_id=wanted.request_id,
            subject=self.actor.credential,
            method="CreateToken",
            fingerprint=fingerprint(wanted.name, sorted(set(wanted.permissions)), apps, ttl),
        )

    def decide(self, found: Sequence[Token]) -> Decision[TokenRows]:
        """Say what is written, given the token it is made with and the living PAT of its name, where there are any.

        Raises Unauthenticated, AlreadyExists and InvalidInput.
        """
        token = self.token(found)
        if any(each.kind is Kind.PAT and each.name == token.name and each.is_living(self.now) for each in found):
            raise name_taken(token.name)
        return Decision(
            answer={"token_id": token.token_id},
            rows=TokenRows(at=self.now, added=token, digest=self.digest),
            events=[
                self.actor.event(
                    "tokens.create",
                    targets=[token.name],
                    target_tokens=[token.target],
                    request_id=self.wanted.request_id,
                )
            ],
        )

    def token(self, found: Sequence[Token]) -> Token:
        """Return the token, given what it is made with.

        Raises Unauthenticated where that has ended: between the gateway's check and now it may have been revoked, and
        must make nothing any more. Raises InvalidInput where the token would outlive it.
        """
        made_with = self._made_with(found)
        return Token(
            tenant=self.identity.tenant,
            token_id=self.token_id,
            kind=Kind.PAT,
            name=self.wanted.name,
            granted=frozenset(self.wanted.permissions) or self.identity.permissions,
            apps=self.apps,
            creator=self.identity.subject,
            maker=made_with.person,
            maker_id=made_with.person_id,
            maker_permissions=made_with.permissions,
            parent_id=made_with.token_id,
            created_at=self.now,
            expires_at=expiry_of(self.wanted.ttl, limit=made_with.limit, now=self.now),
        )

    def _made_with(self, found: Sequence[Token]) -> "_MadeWith":
        match self.identity.origin:
            case ProviderSession(person_id=person_id):
                if self.identity.ends_at <= self.now:
                    raise signed_out()
                return _MadeWith(
                    person=self.identity.subject,
                    person_id=person_id,
                    permissions=self.identity.permissions,
                    token_id=None,
                    limit=None,
                )
            case StoredToken(token_id=token_id):
                parent = next((each for each in found if each.token_id == token_id), None)
                if parent is None or not parent.is_living(self.now):
                    raise signed_out()
                is_person = parent.kind is Kind.USER
                return _MadeWith(
                    person=parent.person,
                    person_id=parent.maker_id,
                    permissions=parent.permissions if is_person else parent.maker_permissions,
                    token_id=token_id,
                    limit=None if is_person else parent.expires_at,
                )


@dataclass(frozen=True, kw_only=True)
class _MadeWith:
    """What a token is made with: the person behind it and what that one may do, its id where it is a token, and what
    must not be outlived.
    """

    person: str
    person_id: str | None
    permissions: frozenset[str] | None
    token_id: str | None
    limit: datetime | None


def refuse_more_than_own(permissions: Sequence[str], identity: Identity) -> None:
    """Raise PermissionDenied where a token would have a permission that its creator lacks."""
    beyond = sorted(set(permissions) - identity.permissions)
    if beyond:
        raise PermissionDenied(
            f"A token can't do more than its creator: {identity.subject} does not have {', '.join(beyond)}.",
            metadata={"permission": beyond[0]},
        )


def expiry_of(ttl: timedelta | None, *, limit: datetime | None, now: datetime) -> datetime:
    """Return when a token ends that is made now. Raises InvalidInput where `ttl` goes beyond `limit`, a PAT's end.

    A token that could renew itself would never end (CVE-2021-32923). A person's sign-in is no such limit: it is
    renewed by signing in again.
    """
    expires_at = now + (DEFAULT_TTL if ttl is None else ttl)
    if limit is None or expires_at <= limit:
        return expires_at
    if ttl is None:
        return limit
    raise InvalidInput(
        f"A token can't outlive the one it is made with, which ends {limit:%Y-%m-%dT%H:%MZ}. "
        "Choose a shorter ttl, or leave it out."
    )


def signed_out() -> Unauthenticated:
    """Return the error for a credential that ended while its identity was still good."""
    return Unauthenticated("Your sign-in has ended. Sign in again, or set PAAS_TOKEN to a token that is valid.")


def name_taken(name: str) -> AlreadyExists:
    """Return the error for a name that a living token has."""
    return AlreadyExists(
        f"There is a token named {name} already. Choose another name, or revoke it first: `paas tokens:revoke`.",
        reason="TOKEN_EXISTS",
    )


def shown_before(name: str) -> AlreadyExists:
    """Return the error for a request whose token was made, and whose text is nowhere any more."""
    return AlreadyExists(
        f"This request made the token {name} already, and its text is shown only once. "
        f"If you don't have it, revoke the token and create it again.",
        reason="TOKEN_EXISTS",
    )
