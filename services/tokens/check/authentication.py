"""Telling who is calling: from a presented credential to a signed identity.

Runs for every request at the edge. Whatever is wrong with a credential, the answer is the same: nobody.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from paaskit.clock import Clock
from paaskit.identity import LIFETIME, Identity, StoredToken
from services.tokens import pat
from services.tokens.check.leases import Held
from services.tokens.check.wrong_tokens import Reason
from services.tokens.token import Accepted, Authenticator, Principal, Token

_SIGN_AGAIN_AFTER: Final = timedelta(seconds=20)
_CACHED_IDENTITIES: Final = 4096
_SCHEME: Final = "bearer"
_LONGEST_HEADER: Final = 8192


class SignsIdentities(Protocol):
    """The signer, as far as it is needed here."""

    def sign(self, identity: Identity, *, now: datetime) -> str:
        """Return the signed form of `identity`."""


class WatchesUse(Protocol):
    """Who is told that tokens are used."""

    def used(self, token: Token, *, now: datetime) -> None:
        """A living token was presented."""

    def refused(self, token: Token, *, now: datetime, client_address: str) -> None:
        """A token that ended was presented."""


class CountsWrongTokens(Protocol):
    """Who is told of tokens that are not accepted, and slows where many of them come from."""

    def count(self, reason: Reason, *, client_address: str) -> None:
        """A token was not accepted."""

    async def hold(self, digest: bytes, *, client_address: str) -> None:
        """Return when a token may be looked for."""


class PatAuthenticator:
    """Accepts PATs and sign-ins issued here, which have the same form. Nobody is asked about a text whose checksum is
    wrong.
    """

    def __init__(
        self,
        find: Callable[[bytes], Awaitable[Held | None]],
        *,
        usage: WatchesUse,
        wrong_tokens: CountsWrongTokens,
    ) -> None:
        self._find = find
        self._usage = usage
        self._wrong_tokens = wrong_tokens

    def recognises(self, unverified_credential: str) -> bool:
        """Whether it starts like a PAT."""
        return unverified_credential.startswith(pat.PREFIX)

    async def authenticate(self, unverified_credential: str, *, now: datetime, client_address: str) -> Accepted | None:
        """Return who the token stands for, or None. Raises Unavailable where the database is away."""
        digest = pat.digest_of(unverified_credential)
        if digest is None:
            self._wrong_tokens.count("malformed", client_address=client_address)
            return None
        await self._wrong_tokens.hold(digest, client_address=client_address)
        held = await self._find(digest)
        if held is None:
            self._wrong_tokens.count("unknown", client_address=client_address)
            return None
        token = held.token
        if not token.is_living(now):
            self._wrong_tokens.count("ended", client_address=client_address)
            self._usage.refused(token, now=now, client_address=client_address)
            return None
        self._usage.used(token, now=now)
        principal = Principal(
            tenant=token.tenant,
            subject=token.subject,
            kind=token.identity_kind,
            permissions=token.permissions,
            apps=token.reach,
            origin=StoredToken(token_id=token.token_id, person_id=token.maker_id),
            maker=token.maker,
            expires_at=token.expires_at,
        )
        return Accepted(principal=principal, holds_seconds=min(held.seconds, (token.expires_at - now).total_seconds()))


@dataclass(frozen=True)
class SignedIn:
    """A signed identity, and for how many seconds the same credential may be answered with it unasked."""

    identity: str
    holds_seconds: float


class SignInCheck:
    """Turns the `authorization` headers of a request into a signed identity."""

    def __init__(self, authenticators: Sequence[Authenticator], *, signer: SignsIdentities, clock: Clock) -> None:
        self._authenticators = authenticators
        self._signer = signer
        self._clock = clock
        # Signatures, not decisions: whether a principal is who it was is asked again each time.
        self._signed: dict[tuple[Principal, str], tuple[datetime, str]] = {}
        self._swept_at = clock()

    async def check(self, unverified_headers: Sequence[str], *, client_address: str) -> SignedIn | None:
        """Return the signed identity and for how long it holds, or None where nobody is signed in.

        Raises Unavailable where that can't be told.

        A request has exactly one such header, and it is `Bearer <credential>` (RFC 6750).
        """
        credential = _bearer(unverified_headers)
        if credential is None:
            return None
        now = self._clock()
        for authenticator in self._authenticators:
            if authenticator.recognises(credential):
                accepted = await authenticator.authenticate(credential, now=now, client_address=client_address)
                if accepted is None:
                    return None
                return SignedIn(self._sign(accepted.principal, client_address, now), accepted.holds_seconds)
        return None

    def _sign(self, principal: Principal, client_address: str, now: datetime) -> str:
        signed_at, signed = self._signed.get((principal, client_address), (None, ""))
        if signed_at is not None and timedelta() <= now - signed_at < _SIGN_AGAIN_AFTER:
            return signed
        identity = Identity(
            tenant=principal.tenant,
            subject=principal.subject,
            kind=principal.kind,
            permissions=principal.permissions,
            apps=principal.apps,
            origin=principal.origin,
            ends_at=principal.expires_at,
            maker=principal.maker,
            client_address=client_address,
            expires_at=min(now + LIFETIME, principal.expires_at),
        )
        signed = self._signer.sign(identity, now=now)
        self._sweep(now)
        self._signed[principal, client_address] = (now, signed)
        return signed

    def _sweep(self, now: datetime) -> None:
        """Forget what would be signed again, now and then; and everything where that leaves too much."""
        if len(self._signed) < _CACHED_IDENTITIES and now - self._swept_at < _SIGN_AGAIN_AFTER:
            return
        self._swept_at = now
        self._signed = {whose: each for whose, each in self._signed.items() if now - each[0] < _SIGN_AGAIN_AFTER}
        if len(self._signed) >= _CACHED_IDENTITIES:
            self._signed.clear()


def _bearer(unverified_headers: Sequence[str]) -> str | None:
    if len(unverified_headers) != 1 or len(unverified_headers[0]) > _LONGEST_HEADER:
        return None
    scheme, _, credential = unverified_headers[0].partition(" ")
    return credential.strip(" ") if scheme.lower() == _SCHEME else None
