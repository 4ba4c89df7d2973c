"""What the claims of an access token say: whose tenant, who, and what they may do. Pure; the signature is verified.

An access token is told from an ID token and from a refresh token by `typ`, and from one for others by `aud` and `azp`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from paaskit.access import ROLES
from services.tokens.rules.asked import is_tenant, is_user
from services.tokens.sso.provider import Provider

LONGEST: Final = timedelta(minutes=5)
"""How long an access token may live: for so long somebody who was disabled may go on."""
SKEW: Final = timedelta(seconds=10)
"""How much the provider's clock may be ahead of ours. What has ended by our clock has ended."""
_LONGEST_ID: Final = 48


class NotAccepted(Exception):
    """The token is not accepted. `reason` is one of a few words of ours, for those who run this."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who signed in: `person_id` is the provider's own id of them, `session_id` that of the session."""

    tenant: str
    user: str
    person_id: str
    session_id: str
    permissions: frozenset[str]
    expires_at: datetime


def person_of(claims: Mapping[str, Any], *, provider: Provider, now: datetime) -> Person:
    """Return whom verified claims of `provider` are about. Raises NotAccepted."""
    if claims.get("typ") != "Bearer":
        raise NotAccepted("type")
    client = claims.get("azp")
    if not isinstance(client, str) or client not in provider.clients:
        raise NotAccepted("client")
    tenant, user = claims.get(provider.claims.tenant), claims.get(provider.claims.user)
    if not isinstance(tenant, str) or not is_tenant(tenant):
        raise NotAccepted("tenant")
    if not isinstance(user, str) or not is_user(user):
        raise NotAccepted("user")
    return Person(
        tenant=tenant,
        user=user,
        person_id=_id(claims, "sub"),
        session_id=_id(claims, "sid"),
        permissions=permissions_of(claims.get(provider.claims.roles)),
        expires_at=_end(claims, now),
    )


def permissions_of(roles: Any) -> frozenset[str]:
    """Return what somebody with these roles may do: what any of them may. Other names say nothing."""
    named = roles if isinstance(roles, list) else []
    return frozenset[str]().union(*(ROLES[role] for role in named if isinstance(role, str) and role in ROLES))


def _end(claims: Mapping[str, Any], now: datetime) -> datetime:
    try:
        issued_at, expires_at = (datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp"))
    except (TypeError, ValueError, OverflowError):
        raise NotAccepted("time") from None
    if expires_at - issued_at > LONGEST:
        raise NotAccepted("lifetime")
    if not now < expires_at:
        raise NotAccepted("ended")
    if issued_at > now + SKEW:
        raise NotAccepted("time")
    return expires_at


def _id(claims: Mapping[str, Any], name: str) -> str:
    found = claims.get(name)
    if not isinstance(found, str) or not 0 < len(found.encode()) <= _LONGEST_ID or not found.isprintable():
        raise NotAccepted("session")
    return found
