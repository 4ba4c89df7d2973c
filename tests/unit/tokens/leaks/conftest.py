"""Secret scanning on a real socket, and the keys that are fetched of it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from ssl import create_default_context

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from paaskit.rotating_keys import RotatingKeys
from services.tokens.leaks.keys import fetch_keys
from services.tokens.leaks.signatures import Signatures, UnverifiedReport
from tests.fakes.clock import FakeClock
from tests.fakes.secret_scanning import KEY_ID, SIGNATURE, SecretScanning


@dataclass
class Verifier:
    """`signatures` is what is tested, with the times between fetches of production and waits that take no time."""

    github: SecretScanning
    signatures: Signatures
    keys: RotatingKeys[EllipticCurvePublicKey]
    clock: FakeClock
    waited: list[float] = field(default_factory=list)

    async def verify(self, body: bytes, headers: dict[str, str]) -> None:
        """Verify a report as it comes from the gateway."""
        await self.signatures.verify(
            UnverifiedReport(body=body, key_ids=_all(headers, KEY_ID), signatures=_all(headers, SIGNATURE))
        )


@pytest.fixture
def github(tmp_path: Path) -> Iterator[SecretScanning]:
    with SecretScanning(tmp_path / "github") as github:
        yield github


@pytest.fixture
async def verifier(github: SecretScanning) -> AsyncIterator[Verifier]:
    clock, waited = FakeClock(), list[float]()
    trusted = create_default_context(cafile=str(github.ca_file))

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    async with httpx.AsyncClient(verify=trusted, trust_env=False) as client:
        keys = RotatingKeys(
            lambda: fetch_keys(client, github.keys_url),
            clock=clock,
            fetch_every=timedelta(hours=1),
            at_most_every=timedelta(minutes=5),
            before_any=timedelta(seconds=10),
        )
        yield Verifier(github, Signatures(keys, sleep=wait), keys, clock, waited)


def _all(headers: dict[str, str], name: str) -> tuple[str, ...]:
    return (headers[name],) if name in headers else ()
