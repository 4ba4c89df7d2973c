"""Tenants' keys: made once, wrapped by the KMS, held in memory for at most five minutes.

When the KMS is down, reads work until a key's five minutes are over, and then nothing does: there is no weaker way.
"""

import asyncio
import hmac
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from paaskit.clock import Clock
from paaskit.db import refuse_in_transaction
from paaskit.settings import SettingsError
from services.secrets.keys.derivation import derive
from services.secrets.keys.envelope import TenantKey
from services.secrets.keys.kms.protocol import SERVICE, KeyManagement, UnwrapError, tenant_key, wrong_answer
from services.secrets.keys.shared import Shared
from services.secrets.keys.tenant_keys import GenerationMissingError, TenantKeys

HELD_FOR: Final = timedelta(minutes=5)
_KEY_BYTES: Final = 32
_CHECK_PURPOSE: Final = b"paas tenant key check v1\0"


@dataclass(frozen=True)
class WrappedKey:
    """A tenant's key of one generation as it is stored.

    `check_value` says whether what the KMS unwraps is that key; keys that were stored before there was one have None.
    """

    generation: int
    wrapped: bytes
    check_value: bytes | None


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
        # One at a time per tenant: five hundred requests after a restart are one call to the KMS.
        self._loads = Shared[str, _Held]()

    async def keys(self, tenant: str) -> TenantKeys:
        """Return all keys of a tenant, the first of which is made at need: there is one to seal with."""
        refuse_in_transaction(SERVICE)
        held = self._living(tenant)
        if held is None:
            held = await self._loads.join(tenant, lambda: self._load(tenant))
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

    def _drop(self, tenant: str, held: _Held) -> None:
        if self._held.get(tenant) is held:
            del self._held[tenant]

    async def _load(self, tenant: str) -> _Held:
        await self._check.confirm()
        stored = await self._store.wrapped_keys(tenant)
        if not stored:
            await self._store.add_key(tenant, await self._first(tenant))
            # Read back: another replica may have been first, and then its key is the tenant's.
            stored = await self._store.wrapped_keys(tenant)
        until = self._clock() + self._held_for
        keys = {each.generation: await self._unwrapped(tenant, each) for each in stored}
        held = self._held[tenant] = _Held(TenantKeys(tenant, keys), until)
        # Also where nobody asks again: what isn't used is not kept.
        left = (held.until - self._clock()).total_seconds()
        asyncio.get_running_loop().call_later(max(left, 0), self._drop, tenant, held)
        return held

    async def _first(self, tenant: str) -> WrappedKey:
        """Make a tenant's first key. It is one that unwraps: otherwise what is sealed with it would be lost."""
        key, context = os.urandom(_KEY_BYTES), key_context(tenant, 1)
        wrapped = await self._kms.wrap(tenant_key(tenant), key, context=context)
        made = WrappedKey(1, wrapped, check_value(key, context))
        try:
            await self._unwrapped(tenant, made)
        except UnwrapError:
            raise wrong_answer("wrapped_key") from None
        return made

    async def _unwrapped(self, tenant: str, stored: WrappedKey) -> TenantKey:
        """Have a key unwrapped. Raises Unavailable where what the KMS answers is another one, and UnwrapError."""
        context = key_context(tenant, stored.generation)
        key = await self._kms.unwrap(tenant_key(tenant), stored.wrapped, context=context)
        expected = stored.check_value
        if len(key) != _KEY_BYTES or (
            expected is not None and not hmac.compare_digest(check_value(key, context), expected)
        ):
            raise wrong_answer("key")
        return TenantKey(stored.generation, key)


def hold_for(seconds: int) -> timedelta:
    """Return how long keys are held where `seconds` are asked for. Raises SettingsError for longer than promised."""
    if not timedelta(0) < timedelta(seconds=seconds) <= HELD_FOR:
        raise SettingsError("PAAS_KMS_KEYS_HELD_SECONDS is from 1 to 300.")
    return timedelta(seconds=seconds)


def key_context(tenant: str, generation: int) -> bytes:
    """Return what a wrapped key is bound to, so that it unwraps for this tenant and generation only."""
    return f"paas tenant key v1\0{generation}\0{tenant}".encode()


def check_value(key: bytes, context: bytes) -> bytes:
    """Return what tells this key from every other and gives nothing away of it: 32 bytes derived from it."""
    return derive(key, info=_CHECK_PURPOSE + context, length=_KEY_BYTES)
