"""Tenants' keys: made once, wrapped by the KMS, held in memory for at most five minutes.

When the KMS is down, reads work until a key's five minutes are over, and then nothing does: there is no weaker way.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from paaskit.clock import Clock
from services.secrets.envelope import TenantKey
from services.secrets.kms import KeyManagement

HELD_FOR: Final = timedelta(minutes=5)
_KEY_BYTES: Final = 32


@dataclass(frozen=True)
class WrappedKey:
    """A tenant's key of one generation as it is stored."""

    generation: int
    wrapped: bytes


class KeyStore(Protocol):
    """Where wrapped keys are stored."""

    async def wrapped_keys(self, tenant: str) -> Sequence[WrappedKey]:
        """Return a tenant's keys, the newest generation first."""

    async def add_key(self, tenant: str, key: WrappedKey) -> None:
        """Store a key unless its generation exists already."""


class KeyCheck(Protocol):
    """What says whether the KMS is the right one."""

    async def confirm(self) -> None:
        """Return if it is. Raises Internal where it holds other keys, Unavailable where it can't be told."""


@dataclass
class _Held:
    keys: dict[int, TenantKey]
    newest: int
    until: datetime


class Keyring:
    """Gives out tenants' keys. Raises what the KMS raises, Unavailable above all."""

    def __init__(self, store: KeyStore, kms: KeyManagement, *, check: KeyCheck, clock: Clock) -> None:
        self._store = store
        self._kms = kms
        self._check = check
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def newest(self, tenant: str) -> TenantKey:
        """Return the key to seal with, making the tenant's first one at need."""
        held = await self._hold(tenant, make=True)
        return held.keys[held.newest]

    async def generation(self, tenant: str, generation: int) -> TenantKey:
        """Return the key of one generation, to open with. Raises KeyError for one that never was."""
        held = self._living(tenant)
        if held is None or generation not in held.keys:
            self._held.pop(tenant, None)
            held = await self._hold(tenant, make=False)
        return held.keys[generation]

    def _living(self, tenant: str) -> _Held | None:
        held = self._held.get(tenant)
        if held is not None and held.until <= self._clock():
            del self._held[tenant]
            return None
        return held

    async def _hold(self, tenant: str, *, make: bool) -> _Held:
        held = self._living(tenant)
        if held is not None and held.keys:
            return held
        # One unwrapping at a time per tenant: a hundred requests after an idle night are one call to the KMS.
        async with self._locks.setdefault(tenant, asyncio.Lock()):
            held = self._living(tenant)
            if held is None or not held.keys:
                held = self._held[tenant] = await self._load(tenant, make=make)
        return held

    async def _load(self, tenant: str, *, make: bool) -> _Held:
        await self._check.confirm()
        stored = await self._store.wrapped_keys(tenant)
        if not stored and make:
            first = os.urandom(_KEY_BYTES)
            wrapped = await self._kms.wrap(tenant, first, context=key_context(tenant, 1))
            await self._store.add_key(tenant, WrappedKey(1, wrapped))
            # Read back: another replica may have been first, and then its key is the tenant's.
            stored = await self._store.wrapped_keys(tenant)
        keys = {
            each.generation: TenantKey(
                each.generation,
                await self._kms.unwrap(tenant, each.wrapped, context=key_context(tenant, each.generation)),
            )
            for each in stored
        }
        return _Held(keys=keys, newest=max(keys, default=0), until=self._clock() + HELD_FOR)


def key_context(tenant: str, generation: int) -> bytes:
    """Return what a wrapped key is bound to, so that it unwraps for this tenant and generation only."""
    return f"paas tenant key v1\0{generation}\0{tenant}".encode()
