"""Where wrapped keys and the proof are kept, in memory."""

import asyncio
from collections.abc import Sequence

from services.secrets.keys.wrapping import WrappedKey


class FakeKeyStore:
    """Implements `services.secrets.keys.keyring.KeyStore`."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[int, WrappedKey]] = {}
        self.retired: set[tuple[str, int]] = set()
        self.expected: set[str] = set()
        self.reads = 0

    async def wrapped_keys(self, tenant: str) -> Sequence[WrappedKey]:
        self.reads += 1
        await asyncio.sleep(0)
        keys = [key for key in self.keys.get(tenant, {}).values() if (tenant, key.generation) not in self.retired]
        return sorted(keys, key=lambda key: -key.generation)

    async def wrapped_key(self, tenant: str, generation: int) -> WrappedKey | None:
        self.reads += 1
        await asyncio.sleep(0)
        return self.keys.get(tenant, {}).get(generation)

    async def expect_key(self, tenant: str) -> None:
        self.expected.add(tenant)

    async def add_key(self, tenant: str, key: WrappedKey) -> None:
        await asyncio.sleep(0)
        self.keys.setdefault(tenant, {}).setdefault(key.generation, key)


class Proofs:
    """Implements `services.secrets.keys.kms_check.ProofStore`."""

    def __init__(self) -> None:
        self.kept: bytes | None = None

    async def proof(self) -> bytes | None:
        await asyncio.sleep(0)
        return self.kept

    async def keep_proof(self, wrapped: bytes) -> None:
        self.kept = self.kept or wrapped
