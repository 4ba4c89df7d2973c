"""The signed identity a user's call carries in `x-paas-identity`, and its verification.

tokens signs it (EdDSA, at most 60 s); every other service verifies it locally with tokens' public keys. Must not
sign: the private key lives in tokens alone.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from paaskit.clock import Clock
from paaskit.errors import Unauthenticated, Unavailable

HEADER: Final = "x-paas-identity"
ISSUER: Final = "paas-tokens"
AUDIENCE: Final = "paas-services"
LIFETIME: Final = timedelta(seconds=60)
_REFRESH_AT_MOST_EVERY: Final = timedelta(seconds=10)
_CACHED_IDENTITIES: Final = 4096

_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z")
"""A JWS in its compact serialisation, base64url without padding (RFC 7515, section 2)."""

KeySource = Callable[[], Awaitable[Mapping[str, Ed25519PublicKey]]]
"""Fetches tokens' public keys by key id. Raises Unavailable where it can't."""


AppScope = frozenset[tuple[str, str]]
"""The apps a token is limited to, each as its name and its id: a later app of the same name is a stranger."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A verified user or token: whose tenant, who, and what they may do to which apps (None: all)."""

    tenant: str
    subject: str
    kind: str
    permissions: frozenset[str]
    apps: AppScope | None
    token_id: str
    client_address: str
    expires_at: datetime

    def may_touch(self, app: str) -> bool:
        """Whether the identity's scope has an app of this name; which app that must be is told by `bound_id`."""
        return self.apps is None or any(name == app for name, _ in self.apps)

    def bound_id(self, app: str) -> str | None:
        """Return the id that an app of this name must have for this identity; None where any may."""
        return None if self.apps is None else dict(self.apps).get(app, "")

    @property
    def app_ids(self) -> frozenset[str] | None:
        """The ids of the apps in its scope; None: all. What lists are filtered by."""
        return None if self.apps is None else frozenset(app_id for _, app_id in self.apps if app_id)


def claims_of(identity: Identity, *, issued_at: datetime) -> dict[str, Any]:
    """Return the claims that stand for `identity`; the inverse of what `IdentityVerifier` reads."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": int(issued_at.timestamp()),
        "exp": int(identity.expires_at.timestamp()),
        "sub": identity.subject,
        "ten": identity.tenant,
        "knd": identity.kind,
        "prm": sorted(identity.permissions),
        "tid": identity.token_id,
        "cip": identity.client_address,
    }
    if identity.apps is not None:
        claims["app"] = dict(sorted(identity.apps))
    return claims


class IdentityVerifier:
    """Verifies identities with keys fetched at need. One fetch at most in ten seconds, whatever is presented."""

    def __init__(self, fetch_keys: KeySource, *, clock: Clock) -> None:
        self._fetch_keys = fetch_keys
        self._clock = clock
        self._keys: Mapping[str, Ed25519PublicKey] = {}
        self._fetched_at: datetime | None = None
        self._fetching: asyncio.Future[None] | None = None
        self._verified: dict[str, Identity] = {}

    async def verify(self, unverified_jwt: str) -> Identity:
        """Return the identity. Raises Unauthenticated if it is not one of ours or has ended, Unavailable if no key
        could be fetched yet.
        """
        now = self._clock()
        known = self._verified.get(unverified_jwt)
        if known is not None and known.expires_at > now:
            return known
        identity = self._decode(unverified_jwt, await self._key_for(unverified_jwt, now), now)
        if len(self._verified) >= _CACHED_IDENTITIES:
            self._verified.clear()
        self._verified[unverified_jwt] = identity
        return identity

    async def _key_for(self, unverified_jwt: str, now: datetime) -> Ed25519PublicKey:
        if not _COMPACT.match(unverified_jwt):
            raise _refused()  # PyJWT would forgive padding and other bytes
        try:
            header = jwt.get_unverified_header(unverified_jwt)
        except jwt.PyJWTError:
            raise _refused() from None
        if header.get("alg") != "EdDSA" or set(header) - {"alg", "kid", "typ"}:
            raise _refused()
        key_id = str(header.get("kid", ""))
        if key_id not in self._keys:
            await self._refresh(now)
        if key_id not in self._keys:
            raise _refused()
        return self._keys[key_id]

    async def _refresh(self, now: datetime) -> None:
        """Fetch keys unless that was done just now. Who comes while a fetch is in flight waits for its outcome."""
        if self._fetching is None:
            if self._fetched_at is not None and now - self._fetched_at < _REFRESH_AT_MOST_EVERY:
                return
            self._fetched_at = now
            self._fetching = asyncio.ensure_future(self._fetch())
            self._fetching.add_done_callback(self._fetch_ended)
        await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        try:
            self._keys = await self._fetch_keys()
        except Unavailable:
            if not self._keys:
                self._fetched_at = None  # nobody gets in before there is a key, so the next may ask at once
                raise

    def _fetch_ended(self, fetching: "asyncio.Future[None]") -> None:
        self._fetching = None
        if not fetching.cancelled():
            fetching.exception()  # taken, so that asyncio does not print it where nobody waits any more

    def _decode(self, unverified_jwt: str, key: Ed25519PublicKey, now: datetime) -> Identity:
        try:
            claims = jwt.decode(
                unverified_jwt,
                key,
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": ["exp", "iat", "iss", "aud", "sub"], "verify_exp": False, "verify_iat": False},
            )
            expires_at = datetime.fromtimestamp(claims["exp"], UTC)
            issued_at = datetime.fromtimestamp(claims["iat"], UTC)
            identity = Identity(
                tenant=claims["ten"],
                subject=claims["sub"],
                kind=claims["knd"],
                permissions=frozenset(claims["prm"]),
                apps=frozenset(claims["app"].items()) if "app" in claims else None,
                token_id=claims["tid"],
                client_address=claims["cip"],
                expires_at=expires_at,
            )
        except (jwt.PyJWTError, AttributeError, KeyError, TypeError, ValueError, OverflowError):
            raise _refused() from None
        # Checked here and not by PyJWT, so that the clock is the one passed in and the lifetime has a ceiling.
        if not now < expires_at <= now + LIFETIME + _SKEW or issued_at > now + _SKEW or not identity.tenant:
            raise _refused()
        return identity


_SKEW: Final = timedelta(seconds=5)


def _refused() -> Unauthenticated:
    return Unauthenticated("You are not signed in, or the sign-in has ended. Sign in and try again.")
