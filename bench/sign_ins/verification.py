"""Verifying the identity of a request, which every service does for each, against one echo."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bench.echo import METHOD, running_echo
from bench.load import Ratio, at_most, medians, rate
from bench.platform import Bench
from local.operator_channel import open_channel
from paaskit.access import PERMISSIONS
from paaskit.clock import utc_now
from paaskit.identity import Identity, IdentityVerifier, StoredToken
from services.tokens.check.signing import Signer

_PAIRS = 7
_SECONDS = 1.0


async def verification(bench: Bench, echo_address: str) -> Ratio:
    """Seconds for one identity that was met before, as all but one a minute are, and for one echo, one at a time."""
    key = Ed25519PrivateKey.generate()
    signer = Signer(key)

    async def keys() -> Mapping[str, Ed25519PublicKey]:
        return {signer.key_id: key.public_key()}

    now = utc_now()
    ends_at = now + timedelta(seconds=59)
    identity = Identity(
        tenant="bench",
        subject="user:bench@example.com",
        kind="user",
        permissions=PERMISSIONS,
        apps=None,
        origin=StoredToken(token_id="0" * 32),
        ends_at=ends_at,
        client_address="127.0.0.1",
        expires_at=ends_at,
    )
    signed, verifier = signer.sign(identity, now=now), IdentityVerifier(keys, clock=utc_now)

    async def ours(_: int) -> Any:
        return await verifier.verify(signed)

    async with (
        running_echo(echo_address, bench.stack.layout.tls, 64),
        open_channel(
            echo_address, service="config.paas.internal", tls=bench.stack.layout.tls, identity="gateway"
        ) as channel,
    ):
        method: Any = channel.unary_unary(METHOD)

        async def theirs(_: int) -> Any:
            return await method(b"x" * 64)

        pairs = [
            (
                1e3 / await rate(ours, in_flight=1, seconds=_SECONDS),
                1e3 / await rate(theirs, in_flight=1, seconds=_SECONDS),
            )
            for _ in range(_PAIRS)
        ]
    figures = medians(pairs)
    return at_most(
        figures, measure="identity verified, for each request", against="one bare echo", unit="ms", reach=0.15
    )
