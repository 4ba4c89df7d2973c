"""The signed identity a user's call carries in `x-paas-identity`, and its verification.

tokens signs it (EdDSA, at most 60 s); every other service verifies it locally with tokens' public keys. Must not
sign: the private key lives in tokens alone.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from paaskit.clock import Clock
from paaskit.errors import Unauthenticated
from paaskit.rotating_keys import RotatingKeys
from paaskit.signed_claims import Expected, NotValid, key_id_of, verified_claims

HEADER: Final = "x-paas-identity"
ISSUER: Final = "paas-tokens"
AUDIENCE: Final = "paas-services"
LIFETIME: Final = timedelta(seconds=60)
_ALGORITHM: Final = "EdDSA"
_EXPECTED: Final = Expected(issuer=ISSUER, audience=AUDIENCE)
# Ids of tokens are hexadecimal, so no session can pass for one.
_SESSION: Final = "session:"
_CACHED_IDENTITIES: Final = 4096
_SWEEP_EVERY: Final = timedelta(seconds=10)

KeySource = Callable[[], Awaitable[Mapping[str, Ed25519PublicKey]]]
"""Fetches tokens' public keys by key id. Raises Unavailable where it can't."""


AppScope = frozenset[tuple[str, str]]
"""The apps a token is limited to, each as its name and its id: a later app of the same name is a stranger."""


@dataclass(frozen=True, kw_only=True)
class StoredToken:
    """An identity's origin: a token that tokens keeps a row of, and ends by revoking it.

    `person_id` is how the identity provider calls who made it, None where that is nobody the provider knows.
    """

    token_id: str
    person_id: str | None = None

    @property
    def credential(self) -> str:
        """What tells this origin apart from all others of its tenant."""
        return self.token_id


@dataclass(frozen=True, kw_only=True)
class ProviderSession:
    """An identity's origin: a session at the identity provider. Nobody here keeps it, so it ends when it says.

    `person_id` is how the provider calls the person, whatever name they have today.
    """

    session_id: str
    person_id: str

    @property
    def credential(self) -> str:
        """What tells this origin apart from all others of its tenant."""
        return f"{_SESSION}{self.session_id}"


Origin = StoredToken | ProviderSession


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A verified user or token: whose tenant, who, and what they may do to which apps (None: all).

    `origin` is the credential it was made from, which ends at `ends_at` if it is not revoked before; the identity
    itself ends at `expires_at`, a minute after it was made at the latest. `maker` is the person who made the token,
    `user:ada@example.com`; empty for a person's own sign-in.
    """

    tenant: str
    subject: str
    kind: str
    permissions: frozenset[str]
    apps: AppScope | None
    origin: Origin
    ends_at: datetime
    client_address: str
    expires_at: datetime
    maker: str = ""

    def may_touch(self, app: str) -> bool:
        """Whether the identity's scope has an app of this name; which app that must be is told by `bound_id`."""
        return self.apps is None or any(name == app for name, _ in self.apps)

    def bound_id(self, app: str) -> str | None:
        """Return the id that an app of this name must have for this identity; None where any may."""
        return None if self.apps is None else dict(self.apps).get(app, "")

    @property
    def app_names(self) -> list[str]:
        """The names of the apps in its scope, in order; none where it is limited to none."""
        return sorted(name for name, _ in self.apps or ())

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
        "end": int(identity.ends_at.timestamp()),
        "cip": identity.client_address,
    }
    match identity.origin:
        case StoredToken(token_id=token_id, person_id=person_id):
            claims["tid"] = token_id
            if person_id is not None:
                claims["per"] = person_id
        case ProviderSession(session_id=session_id, person_id=person_id):
            claims |= {"ses": session_id, "per": person_id}
    if identity.apps is not None:
        claims["app"] = dict(sorted(identity.apps))
    if identity.maker:
        claims["mkr"] = identity.maker
    return claims


class IdentityVerifier:
    """Verifies identities with keys fetched at need, and remembers those that are good."""

    def __init__(self, fetch_keys: KeySource, *, clock: Clock) -> None:
        self._keys = RotatingKeys(fetch_keys, clock=clock)
        self._clock = clock
        self._verified: dict[str, Identity] = {}
        self._swept_at = clock()

    async def verify(self, unverified_jwt: str) -> Identity:
        """Return the identity. Raises Unauthenticated if it is not one of ours or has ended, Unavailable if no key
        could be fetched yet.
        """
        now = self._clock()
        known = self._verified.get(unverified_jwt)
        if known is not None and known.expires_at > now:
            return known
        try:
            key = await self._keys.find(key_id_of(unverified_jwt, algorithms=[_ALGORITHM]))
            identity = _read(unverified_jwt, key, now)
        except NotValid:
            raise _refused() from None
        self._sweep(now)
        self._verified[unverified_jwt] = identity
        return identity

    def _sweep(self, now: datetime) -> None:
        """Forget those that have ended, now and then; and all of them where that leaves too many."""
        if len(self._verified) < _CACHED_IDENTITIES and now - self._swept_at < _SWEEP_EVERY:
            return
        self._swept_at = now
        self._verified = {text: each for text, each in self._verified.items() if each.expires_at > now}
        if len(self._verified) >= _CACHED_IDENTITIES:
            self._verified.clear()


_SKEW: Final = timedelta(seconds=5)


def _read(unverified_jwt: str, key: Ed25519PublicKey | None, now: datetime) -> Identity:
    """Return the identity that a token stands for. Raises NotValid."""
    if key is None:
        raise NotValid
    claims = verified_claims(unverified_jwt, key, algorithm=_ALGORITHM, expected=_EXPECTED)
    try:
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        issued_at = datetime.fromtimestamp(claims["iat"], UTC)
        identity = Identity(
            tenant=claims["ten"],
            subject=claims["sub"],
            kind=claims["knd"],
            permissions=frozenset(claims["prm"]),
            apps=frozenset(claims["app"].items()) if "app" in claims else None,
            origin=_origin(claims),
            # One that was signed by the release before does not say it.
            ends_at=datetime.fromtimestamp(claims.get("end", claims["exp"]), UTC),
            client_address=claims["cip"],
            expires_at=expires_at,
            maker=str(claims.get("mkr", "")),
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        raise NotValid from None
    # So that the clock is the one passed in and the lifetime has a ceiling.
    if not now < expires_at <= now + LIFETIME + _SKEW or issued_at > now + _SKEW or not identity.tenant:
        raise NotValid
    return identity


def _origin(claims: dict[str, Any]) -> Origin:
    """Return what an identity with these claims was made from. Raises KeyError where it is neither."""
    if "tid" in claims:
        return StoredToken(token_id=claims["tid"], person_id=claims.get("per"))
    return ProviderSession(session_id=claims["ses"], person_id=claims["per"])


def _refused() -> Unauthenticated:
    return Unauthenticated("You are not signed in, or the sign-in has ended. Sign in and try again.")
