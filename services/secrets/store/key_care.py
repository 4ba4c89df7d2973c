"""The SQL of the schedule by which tenants' keys are looked after. It is of all tenants: names and times, no more."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from paaskit.db import Database, Turn

_DUE: Final = "SELECT tenant, due FROM key_care WHERE due <= now() ORDER BY due LIMIT %s"
# Not where it was made due anew meanwhile: what that is for may have come too late to be seen.
_PUT_OFF: Final = """
    UPDATE key_care SET due = coalesce(%(next)s::timestamptz, 'infinity')
    WHERE tenant = %(tenant)s AND due = %(due)s::timestamptz"""
_DESTROYED_LATELY: Final = "SELECT tenant FROM key_care WHERE destroyed_at > now() - %s::interval"
_DESTROYED_IN_KMS: Final = """
    UPDATE key_care SET kms_destroyed_at = clock_timestamp(), restorable_until = %s
    WHERE tenant = %s AND kms_destroyed_at IS NULL"""
_OTHERS: Final = "SELECT tenant FROM key_care WHERE tenant <> %s AND kms_destroyed_at IS NULL"


@dataclass(frozen=True)
class Due:
    """That a tenant's keys were to be looked after from then on."""

    tenant: str
    since: datetime


class KeyCareSchedule:
    """Which tenant's keys are to be looked after, and when."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def turn(self, tenant: str) -> AbstractAsyncContextManager[Turn | None]:
        """The turn at a tenant's keys among all replicas."""
        return self._database.turn(f"keys:{tenant}")

    async def due(self, most: int) -> Sequence[Due]:
        """Return whose keys are to be looked after now, the longest due first."""
        return [Due(row.tenant, row.due) for row in await self._database.fetch_unscoped(_DUE, (most,))]

    async def put_off(self, due: Due, until: datetime | None) -> None:
        """Say when a tenant's keys are to be looked after next, None for never, unless they are due anew since."""
        await self._database.execute(_PUT_OFF, {"next": until, "tenant": due.tenant, "due": due.since})

    async def destroyed_within(self, lately: timedelta) -> Sequence[str]:
        """Return tenants whose keys were destroyed within the last `lately`."""
        return [row.tenant for row in await self._database.fetch_unscoped(_DESTROYED_LATELY, (lately,))]

    async def destroyed_in_kms(self, tenant: str, *, restorable_until: datetime | None) -> None:
        """Keep that the KMS has destroyed a tenant's key."""
        await self._database.execute(_DESTROYED_IN_KMS, (restorable_until, tenant))

    async def others(self, tenant: str) -> Sequence[str]:
        """Return all other tenants that have keys, or are about to."""
        return [row.tenant for row in await self._database.fetch_unscoped(_OTHERS, (tenant,))]
