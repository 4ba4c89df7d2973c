"""Where wrapped keys and the proof are kept, in memory."""

import asyncio
from collections.abc import Sequence

from services.secrets.keys.keyring import WrappedKey


class FakeKeyStore:
    """Implements `services.secrets.keys.keyring.KeyStore`."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[int, WrappedKey]] = {}
        self.reads = 0

    async def wrapped_keys(self, tenant: str) -> Sequence[WrappedKey]:
        self.reads += 1
        await asyncio.sleep(0)
        return sorted(self.keys.get(tenant, {}).values(), key=lambda key: -key.generation)

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
