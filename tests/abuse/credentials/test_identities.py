"""50,000 changed identities at the verifier that every service has: none is accepted, and keys are fetched seldom.

Leaves out the transport: test_gateway.py.
"""

import random
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from paaskit.errors import Unauthenticated
from paaskit.identity import Identity, IdentityVerifier, StoredToken, claims_of
from services.tokens.check.signing import key_id_of
from tests.abuse.credentials.identities import KINDS, Good
from tests.abuse.seeds import SEED
from tests.fakes.clock import FakeClock

CHANGED: Final = 50_000
# The clock moves a second so often, so that a fetch every ten seconds is some hundred.
_A_SECOND: Final = 50


async def test_no_changed_identity_is_accepted() -> None:
    await changed_identities(CHANGED, seed=SEED)


async def changed_identities(number: int, *, seed: int) -> None:
    """Present so many changed identities. Raises AssertionError where one is accepted."""
    key, clock, choice, fetches = Ed25519PrivateKey.generate(), FakeClock(), random.Random(seed), 0

    async def public_keys() -> Mapping[str, Ed25519PublicKey]:
        nonlocal fetches
        fetches += 1
        return {key_id_of(key.public_key()): key.public_key()}

    verifier, tried = IdentityVerifier(public_keys, clock=clock), Counter[str]()
    good = identity_signed_by(key, clock)
    while tried.total() < number:
        if tried.total() % _A_SECOND == 0:
            clock.advance(seconds=1)
            good = identity_signed_by(key, clock)
        kind = KINDS[tried.total() % len(KINDS)]
        text = kind(good, choice)
        if text == good.text:
            continue
        tried[kind.__name__] += 1
        with pytest.raises(Unauthenticated):
            await verifier.verify(text)
    print(f"\n{tried.total()} changed identities of {len(tried)} kinds, seed {seed}: 0 accepted; {fetches} fetches")
    assert tried.total() == number
    assert fetches <= 1 + number / _A_SECOND / 10
    # The control: unchanged, it is accepted, by the same verifier at the same time.
    assert (await verifier.verify(good.text)).tenant == "acme"


def identity_signed_by(key: Ed25519PrivateKey, clock: FakeClock) -> Good:
    """A good identity as tokens makes it."""
    identity = Identity(
        tenant="acme",
        subject="user:ada@example.com",
        kind="user",
        permissions=frozenset({"apps.read", "tokens.manage"}),
        apps=frozenset({("web", "a1")}),
        origin=StoredToken(token_id="t1"),
        client_address="203.0.113.9",
        ends_at=clock() + timedelta(seconds=60),
        expires_at=clock() + timedelta(seconds=60),
    )
    header = {"alg": "EdDSA", "kid": key_id_of(key.public_key()), "typ": "JWT"}
    return Good(header, claims_of(identity, issued_at=clock()), key)
