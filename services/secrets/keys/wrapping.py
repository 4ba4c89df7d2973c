"""Tenants' keys as they are stored: wrapped by the KMS, and looked at again before they are relied on.

What the KMS unwraps is the tenant's key or is not used; what it wraps is stored only once it was seen to unwrap. And
nothing is asked of a KMS before it was seen to be the one that the database was begun with.
"""

import hmac
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from services.secrets.keys.derivation import derive
from services.secrets.keys.envelope import TenantKey
from services.secrets.keys.kms.protocol import (
    DATABASE_CHECK,
    KeyManagement,
    KeyName,
    KmsKey,
    UnwrapError,
    tenant_key,
    wrong_answer,
)

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


class KeyCheck(Protocol):
    """What says whether the KMS is the right one."""

    async def confirm(self) -> None:
        """Return if it is. Raises Internal where it holds other keys, Unavailable where it can't be told."""


class Wrapping:
    """The KMS's part of tenants' keys. Raises what the KMS and its check raise, Unavailable above all."""

    def __init__(self, kms: KeyManagement, check: KeyCheck) -> None:
        self._unconfirmed_kms = kms
        self._check = check

    async def make(self, tenant: str, generation: int) -> WrappedKey:
        """Make a key of a tenant. It is one that unwraps: otherwise what is sealed with it would be lost."""
        key, context = os.urandom(_KEY_BYTES), key_context(tenant, generation)
        wrapped = await (await self._kms()).wrap(tenant_key(tenant), key, context=context)
        made = WrappedKey(generation, wrapped, check_value(key, context))
        try:
            await self.open(tenant, made)
        except UnwrapError:
            raise wrong_answer("wrapped_key") from None
        return made

    async def open(self, tenant: str, stored: WrappedKey) -> TenantKey:
        """Have a key unwrapped. Raises Unavailable where what the KMS answers is another one, and UnwrapError."""
        context = key_context(tenant, stored.generation)
        key = await (await self._kms()).unwrap(tenant_key(tenant), stored.wrapped, context=context)
        expected = stored.check_value
        if len(key) != _KEY_BYTES or (
            expected is not None and not hmac.compare_digest(check_value(key, context), expected)
        ):
            raise wrong_answer("key")
        return TenantKey(stored.generation, key)

    async def is_outdated(self, tenant: str, stored: WrappedKey) -> bool:
        """Whether the KMS would wrap a key with something else today. Raises UnwrapError, Unavailable."""
        context = key_context(tenant, stored.generation)
        return not await (await self._kms()).is_current(tenant_key(tenant), stored.wrapped, context=context)

    async def renew(self, tenant: str, stored: WrappedKey) -> WrappedKey:
        """Return the same key wrapped anew, once it was unwrapped again and is the same. Raises as `open` does.

        Must have a check value: without one, a wrong key that the KMS answered with would take the place of the right
        one, and the two unwrappings would agree on it.
        """
        if stored.check_value is None:
            raise ValueError("a key without a check value can't be told from another one")
        context = key_context(tenant, stored.generation)
        key = await self.open(tenant, stored)
        renewed = replace(stored, wrapped=await (await self._kms()).wrap(tenant_key(tenant), key.key, context=context))
        try:
            again = await self.open(tenant, renewed)
        except UnwrapError:
            raise wrong_answer("wrapped_key") from None
        if not hmac.compare_digest(again.key, key.key):
            raise wrong_answer("wrapped_key")
        return renewed

    async def describe(self, tenant: str) -> KmsKey:
        """Say what the KMS's key of a tenant is called there, and which version of it wraps now."""
        return await (await self._kms()).describe(tenant_key(tenant))

    async def destroy(self, tenant: str, *, others: Callable[[], Awaitable[Sequence[str]]]) -> datetime | None:
        """Destroy the KMS's key of a tenant; return until when that can be undone there, None where it can't be.

        `others` gives all other tenants that have keys, or are about to.
        """

        async def in_use() -> list[KeyName]:
            return [DATABASE_CHECK, *map(tenant_key, await others())]

        return await (await self._kms()).destroy(tenant_key(tenant), others=in_use)

    async def _kms(self) -> KeyManagement:
        await self._check.confirm()
        return self._unconfirmed_kms


def key_context(tenant: str, generation: int) -> bytes:
    """Return what a wrapped key is bound to, so that it unwraps for this tenant and generation only."""
    return f"paas tenant key v1\0{generation}\0{tenant}".encode()


def check_value(key: bytes, context: bytes) -> bytes:
    """Return what tells this key from every other and gives nothing away of it: 32 bytes derived from it."""
    return derive(key, info=_CHECK_PURPOSE + context, length=_KEY_BYTES)
