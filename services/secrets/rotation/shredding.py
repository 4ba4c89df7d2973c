"""Destroying a tenant's keys. That nothing is opened any more is committed first, and by that alone it is so for all
processes; then the KMS destroys its key, which is done again until it is done.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from services.secrets.store.key_care import KeyCareSchedule


class Destroys(Protocol):
    """What has the KMS destroy keys."""

    async def destroy(self, tenant: str, *, others: Callable[[], Awaitable[Sequence[str]]]) -> datetime | None:
        """Destroy the KMS's key of a tenant; return until when that can be undone there."""


class Shredding:
    """Has the KMS destroy keys of tenants whose keys are destroyed here."""

    def __init__(self, schedule: KeyCareSchedule, wrapping: Destroys) -> None:
        self._schedule = schedule
        self._wrapping = wrapping

    async def finish(self, tenant: str) -> None:
        """Have the KMS do its part, and keep that it did. Raises Unavailable."""
        others = partial(self._schedule.others, tenant)
        restorable_until = await self._wrapping.destroy(tenant, others=others)
        await self._schedule.destroyed_in_kms(tenant, restorable_until=restorable_until)
