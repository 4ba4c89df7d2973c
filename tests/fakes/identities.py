"""Signed identities for tests: a key of their own, and metadata as the gateway would send it."""

from collections.abc import Mapping
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from paaskit.access import PERMISSIONS
from paaskit.clock import utc_now
from paaskit.identity import HEADER, AppScope, Identity, StoredToken
from services.tokens.check.signing import Signer


def identity_of(
    *,
    tenant: str = "acme",
    subject: str = "user:ada@example.com",
    permissions: frozenset[str] = PERMISSIONS,
    apps: AppScope | None = None,
    token_id: str = "0" * 32,
) -> Identity:
    """An identity that is good for half a minute."""
    return Identity(
        tenant=tenant,
        subject=subject,
        kind=subject.partition(":")[0],
        permissions=permissions,
        apps=apps,
        origin=StoredToken(token_id=token_id),
        client_address="203.0.113.9",
        ends_at=utc_now() + timedelta(seconds=30),
        expires_at=utc_now() + timedelta(seconds=30),
    )


class FakeTokens:
    """Signs as tokens does. `public_keys` is the key source of whoever verifies."""

    def __init__(self) -> None:
        self._signer = Signer(Ed25519PrivateKey.generate())

    def metadata(self, identity: Identity) -> tuple[tuple[str, str], ...]:
        """What a call through the gateway carries."""
        return ((HEADER, self._signer.sign(identity, now=utc_now())),)

    async def public_keys(self) -> Mapping[str, Ed25519PublicKey]:
        """The keys that verify it."""
        return await self._signer.public_keys()
