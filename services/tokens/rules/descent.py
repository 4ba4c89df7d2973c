"""What a token is made with: whose it is through that, and what it must not outlive."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from paaskit.errors import InvalidInput, Unauthenticated
from paaskit.identity import Identity, ProviderSession, StoredToken
from services.tokens.token import Kind, Token


@dataclass(frozen=True, kw_only=True)
class MadeWith:
    """The person behind what a token is made with and what that one may do, its id where it is a token, and the moment
    that must not be outlived.
    """

    person: str
    person_id: str | None
    permissions: frozenset[str] | None
    token_id: str | None
    limit: datetime | None


def made_with(identity: Identity, found: Sequence[Token], *, now: datetime) -> MadeWith:
    """Return what a caller makes tokens with, given the caller's own token, where there is one, among those found.

    Raises Unauthenticated where that has ended: between the gateway's check and now it may have been revoked, and must
    make nothing any more.
    """
    match identity.origin:
        case ProviderSession(person_id=person_id):
            if identity.ends_at <= now:
                raise signed_out()
            return MadeWith(
                person=identity.subject,
                person_id=person_id,
                permissions=identity.permissions,
                token_id=None,
                limit=None,
            )
        case StoredToken(token_id=token_id):
            parent = next((each for each in found if each.token_id == token_id), None)
            if parent is None or not parent.is_living(now):
                raise signed_out()
            is_person = parent.kind is Kind.USER
            return MadeWith(
                person=parent.person,
                person_id=parent.maker_id,
                permissions=parent.permissions if is_person else parent.maker_permissions,
                token_id=token_id,
                limit=None if is_person else parent.expires_at,
            )


def expiry_of(ttl: timedelta | None, *, default: timedelta, limit: datetime | None, now: datetime) -> datetime:
    """Return when a token ends that is made now. Raises InvalidInput where `ttl` goes beyond `limit`, a PAT's end.

    A token that could renew itself would never end (CVE-2021-32923). A person's sign-in is no such limit: it is
    renewed by signing in again.
    """
    expires_at = now + (default if ttl is None else ttl)
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
