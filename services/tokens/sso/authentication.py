"""Accepting the access tokens of people who signed in at the identity provider.

Nobody is asked for it: the provider's keys are fetched when one is met that is unknown, and now and then. What is wrong
with a token is told to those who run this, in a metric, and to nobody else.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final, Protocol

from paaskit import metrics
from paaskit.identity import ProviderSession
from paaskit.rotating_keys import RotatingKeys
from paaskit.signed_claims import Expected, NotValid, key_id_of, verified_claims
from services.tokens.check.leases import LEASE_SECONDS
from services.tokens.check.wrong_tokens import Reason
from services.tokens.sso.claims import NotAccepted, Person, person_of
from services.tokens.sso.keys import ALGORITHMS, ProviderKey
from services.tokens.sso.provider import Provider
from services.tokens.token import Accepted, Kind, Principal

_REMEMBERED: Final = 4096
_SWEEP_EVERY: Final = timedelta(seconds=10)


class NotesPeople(Protocol):
    """Who is told of people who come with a sign-in."""

    def seen(self, person: Person, *, client_address: str) -> None:
        """Somebody came with an access token that is good."""


class CountWrong(Protocol):
    """Who is told of tokens that are not accepted."""

    def __call__(self, reason: Reason, *, client_address: str) -> None:
        """A token was not accepted."""


class ProviderAuthenticator:
    """Accepts access tokens (JWTs) of one provider."""

    def __init__(
        self,
        provider: Provider,
        keys: RotatingKeys[ProviderKey],
        *,
        people: NotesPeople,
        count_wrong: CountWrong,
    ) -> None:
        self._provider = provider
        self._keys = keys
        self._people = people
        self._count_wrong = count_wrong
        self._expected = Expected(issuer=provider.issuer, audience=provider.audience)
        # By digest, so that no token stays in memory. Who somebody was is never true for longer than their token.
        self._verified: dict[bytes, Person] = {}
        self._swept_at: datetime | None = None

    def recognises(self, unverified_credential: str) -> bool:
        """Whether it has the form of a signed token (RFC 7515, 7.1)."""
        return unverified_credential.count(".") == 2

    async def authenticate(self, unverified_credential: str, *, now: datetime, client_address: str) -> Accepted | None:
        """Return who signed in, or None. Raises Unavailable where no key of the provider could be fetched yet."""
        digest = hashlib.sha256(unverified_credential.encode()).digest()
        person = self._verified.get(digest)
        if person is None or person.expires_at <= now:
            try:
                person = await self._verify(unverified_credential, now)
            except NotAccepted as refused:
                metrics.SIGN_INS_REFUSED.labels(refused.reason).inc()
                wrong: Reason = "ended" if refused.reason == "ended" else "malformed"
                self._count_wrong(wrong, client_address=client_address)
                return None
            self._sweep(now)
            self._verified[digest] = person
        self._people.seen(person, client_address=client_address)
        return Accepted(
            principal=_principal(person),
            holds_seconds=min(LEASE_SECONDS, (person.expires_at - now).total_seconds()),
        )

    async def _verify(self, unverified_jwt: str, now: datetime) -> Person:
        try:
            key = await self._keys.find(key_id_of(unverified_jwt, algorithms=ALGORITHMS))
            if key is None:
                raise NotAccepted("key")
            claims = verified_claims(unverified_jwt, key.key, algorithm=key.algorithm, expected=self._expected)
        except NotValid:
            raise NotAccepted("signature") from None
        return person_of(claims, provider=self._provider, now=now)

    def _sweep(self, now: datetime) -> None:
        """Forget whose token has ended, now and then; and all of them where that leaves too many."""
        if self._swept_at is not None and len(self._verified) < _REMEMBERED and now - self._swept_at < _SWEEP_EVERY:
            return
        self._swept_at = now
        self._verified = {digest: each for digest, each in self._verified.items() if each.expires_at > now}
        if len(self._verified) >= _REMEMBERED:
            self._verified.clear()


def _principal(person: Person) -> Principal:
    return Principal(
        tenant=person.tenant,
        subject=f"{Kind.USER}:{person.user}",
        kind=Kind.USER.value,
        permissions=person.permissions,
        apps=None,
        origin=ProviderSession(session_id=person.session_id, person_id=person.person_id),
        maker="",
        expires_at=person.expires_at,
    )
