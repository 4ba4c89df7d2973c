"""Ending overlaps: when a rotated secret's hour is over, the app is released once more without the old value."""

import asyncio
from contextlib import suppress
from typing import Final

from paaskit.audit import Actor
from paaskit.clock import Clock
from paaskit.db import Connection, Database
from paaskit.errors import Unavailable
from paaskit.releases import ReleaseOrder, Releases
from paaskit.trail import Trail
from services.secrets.plan import PREVIOUS_SUFFIX
from services.secrets.store import free_names

_LOOK_EVERY_SECONDS: Final = 1.0
_DUE: Final = "SELECT tenant, app_id, name, version FROM overlap_ends WHERE due <= %s ORDER BY due LIMIT 100"
# Who deletes the row ends the overlap; another replica that saw it as well finds nothing to delete.
_END: Final = """
    DELETE FROM overlap_ends WHERE tenant = %s AND app_id = %s AND name = %s AND version = %s RETURNING name"""
_APP: Final = "SELECT name FROM apps WHERE app_id = %s"


class Overlaps:
    """Looks for overlaps that are over."""

    def __init__(self, database: Database, *, trail: Trail, releases: Releases, clock: Clock) -> None:
        self._database = database
        self._trail = trail
        self._releases = releases
        self._clock = clock

    async def run(self) -> None:
        """End overlaps for ever."""
        while True:
            with suppress(Unavailable):  # the database is away: requests say so, and there is nothing to end meanwhile
                await self.end_due()
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def end_due(self) -> int:
        """End what is due now; return how many."""
        async with self._database.unscoped() as connection:
            due = await (await connection.execute(_DUE, (self._clock(),))).fetchall()
        for tenant, app_id, name, version in due:
            await self._end(tenant, app_id, name, version)
        return len(due)

    async def _end(self, tenant: str, app_id: str, name: str, version: int) -> None:
        actor = Actor(tenant=tenant, name="service:secrets")
        async with self._database.transaction(tenant) as connection:
            ended = await (await connection.execute(_END, (tenant, app_id, name, version))).fetchone()
            app = await (await connection.execute(_APP, (app_id,))).fetchone()
            if ended is None or app is None:
                return
            order = ReleaseOrder(
                tenant=tenant,
                app_id=app_id,
                app=app[0],
                change_id=f"overlap-{app_id}-{version}-{name}",
                actor=actor.name,
                description=f"End the overlap of {name}",
            )
            await self._write(connection, actor, order, name=name, version=version)
        self._trail.committed()
        await self._releases.request(order)

    async def _write(
        self, connection: Connection, actor: Actor, order: ReleaseOrder, *, name: str, version: int
    ) -> None:
        previous = name + PREVIOUS_SUFFIX
        await self._trail.add(
            connection, actor.event("secrets.overlap_end", app=order.app, targets=[previous], version=version)
        )
        await free_names(connection, order.tenant, order.app_id, [previous], key=order.change_id)
        await self._releases.add(connection, order)
