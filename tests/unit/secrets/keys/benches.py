"""A key ring with everything around it, and what happens to keys from outside."""

import os

from services.secrets.keys.envelope import TenantKey
from services.secrets.keys.keyring import Keyring
from services.secrets.keys.kms import tenant_key
from services.secrets.keys.wrapping import WrappedKey, Wrapping, check_value, key_context
from tests.fakes.clock import FakeClock
from tests.fakes.kms import FakeKms, RightKms
from tests.unit.secrets.keys.stores import FakeKeyStore


class Bench:
    """A key ring with everything around it."""

    def __init__(self) -> None:
        self.store, self.kms, self.clock = FakeKeyStore(), FakeKms(), FakeClock()
        self.ring = self.replica()

    def replica(self) -> Keyring:
        """Another key ring on the same store and KMS."""
        return Keyring(self.store, Wrapping(self.kms, RightKms()), clock=self.clock)

    async def newest(self, tenant: str) -> TenantKey:
        """The key that seals."""
        return (await self.ring.keys(tenant)).newest

    async def generation(self, tenant: str, generation: int) -> TenantKey:
        """The key of one generation."""
        return (await self.ring.keys_for(tenant, [generation])).by_generation[generation]

    async def rotate(self, tenant: str, generation: int) -> None:
        """Add a key of a newer generation."""
        key, context = os.urandom(32), key_context(tenant, generation)
        wrapped = await self.kms.wrap(tenant_key(tenant), key, context=context)
        await self.store.add_key(tenant, WrappedKey(generation, wrapped, check_value(key, context)))
