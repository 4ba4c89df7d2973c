"""Tenants' keys: made once, wrapped by the KMS, held in memory for at most five minutes.

When the KMS is down, reads work until a key's five minutes are over, and then nothing does: there is no weaker way.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from paaskit.clock import Clock
from paaskit.db import refuse_in_transaction
from paaskit.settings import SettingsError
from services.secrets.keys.envelope import TenantKey
from services.secrets.keys.kms.protocol import SERVICE
from services.secrets.keys.shared import Shared
from services.secrets.keys.tenant_keys import GenerationMissingError, TenantKeys
from services.secrets.keys.wrapping import WrappedKey, Wrapping

HELD_FOR: Final = timedelta(minutes=5)
_FIRST: Final = 1


class KeyStore(Protocol):
    """Where wrapped keys are stored."""

    async def wrapped_keys(self, tenant: str) -> Sequence[WrappedKey]:
        """Return a tenant's keys that are not retired. Raises Refused where they were destroyed."""

    async def wrapped_key(self, tenant: str, generation: int) -> WrappedKey | None:
        """Return one of a tenant's keys, retired or not. Raises Refused where they were destroyed."""

    async def expect_key(self, tenant: str) -> None:
        """Keep that a tenant is about to have a key, before anything is wrapped for it."""

    async def add_key(self, tenant: str, key: WrappedKey) -> None:
        """Store a key unless its generation exists already."""


@dataclass
class _Held:
    keys: TenantKeys
    until: datetime


class Keyring:
    """Gives out tenants' keys. Raises what the KMS raises, Unavailable above all, and Refused for keys destroyed."""

    def __init__(
        self,
        store: KeyStore,
        wrapping: Wrapping,
        *,
        clock: Clock,
        held_for: timedelta = HELD_FOR,
    ) -> None:
        self._store = store
        self._wrapping = wrapping
        self._clock = clock
        self._held_for = held_for
        self._held: dict[str, _Held] = {}
        # One at a time per tenant: five hundred requests after a restart are one call to the KMS.
        self._loads = Shared[str, _Held]()
        self._additions = Shared[tuple[str, int], TenantKey | None]()

    async def keys(self, tenant: str) -> TenantKeys:
        """Return the keys of a tenant, the first of which is made at need: there is one to seal with."""
        refuse_in_transaction(SERVICE)
        held = self._living(tenant)
        if held is None:
            held = await self._loads.join(tenant, lambda: self._load(tenant))
        return held.keys

    async def keys_for(self, tenant: str, generations: Iterable[int]) -> TenantKeys:
        """Return the keys of a tenant with those of `generations`, each fetched where it is not among those held.

        A generation that is not stored costs a look into the database and no call to the KMS, however often it is asked
        for. Raises GenerationMissingError for it.
        """
        keys = await self.keys(tenant)
        for generation in sorted(set(generations) - keys.by_generation.keys()):
            keys = keys.plus(await self._added(tenant, generation))
        return keys

    async def caught_up(self, tenant: str) -> TenantKeys:
        """Return the keys of a tenant with each that is stored by now and not retired.

        For what has to be the same in every process, however long that holds its keys.
        """
        stored = await self._store.wrapped_keys(tenant)
        return await self.keys_for(tenant, [each.generation for each in stored])

    def forget(self, tenant: str) -> None:
        """Drop what is held of a tenant, so that its keys are fetched anew."""
        self._held.pop(tenant, None)

    def _living(self, tenant: str) -> _Held | None:
        held = self._held.get(tenant)
        if held is not None and held.until <= self._clock():
            del self._held[tenant]
            return None
        return held

    def _drop(self, tenant: str, held: _Held) -> None:
        if self._held.get(tenant) is held:
            del self._held[tenant]

    async def _load(self, tenant: str) -> _Held:
        stored = await self._store.wrapped_keys(tenant)
        if not stored:
            await self._store.expect_key(tenant)
            await self._store.add_key(tenant, await self._wrapping.make(tenant, _FIRST))
            # Read back: another replica may have been first, and then its key is the tenant's.
            stored = await self._store.wrapped_keys(tenant)
        until = self._clock() + self._held_for
        keys = {each.generation: await self._wrapping.open(tenant, each) for each in stored}
        held = self._held[tenant] = _Held(TenantKeys(tenant, keys), until)
        # Also where nobody asks again: what isn't used is not kept.
        left = (held.until - self._clock()).total_seconds()
        asyncio.get_running_loop().call_later(max(left, 0), self._drop, tenant, held)
        return held

    async def _added(self, tenant: str, generation: int) -> TenantKey:
        """Return a key that was not held. Raises GenerationMissingError where it is not stored."""
        for _ in range(2):
            # A look that was under way may have begun before the key was stored; the next one began after this call.
            key = await self._additions.join((tenant, generation), lambda: self._add(tenant, generation))
            if key is not None:
                return key
        raise GenerationMissingError

    async def _add(self, tenant: str, generation: int) -> TenantKey | None:
        stored = await self._store.wrapped_key(tenant, generation)
        if stored is None:
            return None
        key = await self._wrapping.open(tenant, stored)
        held = self._living(tenant)
        if held is not None:  # for as long as those it joins, and no longer
            held.keys = held.keys.plus(key)
        return key


def hold_for(seconds: int) -> timedelta:
    """Return how long keys are held where `seconds` are asked for. Raises SettingsError for longer than promised."""
    if not timedelta(0) < timedelta(seconds=seconds) <= HELD_FOR:
        raise SettingsError("PAAS_KMS_KEYS_HELD_SECONDS is from 1 to 300.")
    return timedelta(seconds=seconds)
