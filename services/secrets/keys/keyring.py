"""Tenants' keys: made once, wrapped by the KMS, held in memory for at most five minutes.

When the KMS is down, reads work until a key's five minutes are over, and then nothing does: there is no weaker way.
"""

import asyncio
import os
from collections.abc import Iterable, Sequence
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from paaskit.clock import Clock
from paaskit.db import refuse_in_transaction
from services.secrets.keys.envelope import TenantKey
from services.secrets.keys.kms import KeyManagement
from services.secrets.keys.tenant_keys import GenerationMissingError, TenantKeys

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
        """Return a tenant's keys."""

    async def add_key(self, tenant: str, key: WrappedKey) -> None:
        """Store a key unless its generation exists already."""


class KeyCheck(Protocol):
    """What says whether the KMS is the right one."""

    async def confirm(self) -> None:
        """Return if it is. Raises Internal where it holds other keys, Unavailable where it can't be told."""


@dataclass(frozen=True)
class _Held:
    keys: TenantKeys
    until: datetime


class Keyring:
    """Gives out tenants' keys. Raises what the KMS raises, Unavailable above all."""

    def __init__(
        self, store: KeyStore, kms: KeyManagement, *, check: KeyCheck, clock: Clock, held_for: timedelta = HELD_FOR
    ) -> None:
        self._store = store
        self._kms = kms
        self._check = check
        self._clock = clock
        self._held_for = held_for
        self._held: dict[str, _Held] = {}
        self._loading: dict[str, asyncio.Task[_Held]] = {}

    async def keys(self, tenant: str) -> TenantKeys:
        """Return all keys of a tenant, the first of which is made at need: there is one to seal with."""
        refuse_in_transaction("kms")
        held = self._living(tenant)
        if held is None:
            loading = self._loading.get(tenant)
            if loading is None:
                # One at a time per tenant: a hundred requests after an idle night are one call to the KMS. In a context
                # of its own, since it is everybody's.
                loading = asyncio.get_running_loop().create_task(self._load(tenant), context=Context())
                self._loading[tenant] = loading
                loading.add_done_callback(lambda task: self._loaded(tenant, task))
            held = await asyncio.shield(loading)
        return held.keys

    async def keys_for(self, tenant: str, generations: Iterable[int]) -> TenantKeys:
        """Return all keys of a tenant, fetched anew where one of `generations` is not among those held.

        Raises GenerationMissingError for a generation that never was.
        """
        wanted = set(generations)
        keys = await self.keys(tenant)
        if not wanted <= keys.by_generation.keys():
            self.forget(tenant)
            keys = await self.keys(tenant)
        if not wanted <= keys.by_generation.keys():
            raise GenerationMissingError
        return keys

    def forget(self, tenant: str) -> None:
        """Drop what is held of a tenant, so that its keys are fetched anew."""
        self._held.pop(tenant, None)

    def _living(self, tenant: str) -> _Held | None:
        held = self._held.get(tenant)
        if held is not None and held.until <= self._clock():
            del self._held[tenant]
            return None
        return held

    def _loaded(self, tenant: str, task: "asyncio.Task[_Held]") -> None:
        del self._loading[tenant]
        if task.cancelled() or task.exception() is not None:
            return
        held = self._held[tenant] = task.result()
        # Also where nobody asks again: what isn't used is not kept.
        left = (held.until - self._clock()).total_seconds()
        asyncio.get_running_loop().call_later(max(left, 0), self._drop, tenant, held)

    def _drop(self, tenant: str, held: _Held) -> None:
        if self._held.get(tenant) is held:
            del self._held[tenant]

    async def _load(self, tenant: str) -> _Held:
        await self._check.confirm()
        stored = await self._store.wrapped_keys(tenant)
        if not stored:
            first = os.urandom(_KEY_BYTES)
            wrapped = await self._kms.wrap(tenant, first, context=key_context(tenant, 1))
            await self._store.add_key(tenant, WrappedKey(1, wrapped))
            # Read back: another replica may have been first, and then its key is the tenant's.
            stored = await self._store.wrapped_keys(tenant)
        until = self._clock() + self._held_for
        keys = {
            each.generation: TenantKey(
                each.generation,
                await self._kms.unwrap(tenant, each.wrapped, context=key_context(tenant, each.generation)),
            )
            for each in stored
        }
        return _Held(TenantKeys(tenant, keys), until)


def key_context(tenant: str, generation: int) -> bytes:
    """Return what a wrapped key is bound to, so that it unwraps for this tenant and generation only."""
    return f"paas tenant key v1\0{generation}\0{tenant}".encode()
