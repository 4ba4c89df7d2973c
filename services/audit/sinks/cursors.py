"""The SQL of sinks: since when each is there, and up to which sequence of each log it has everything.

A cursor goes forward and never back, over the connection of the turn that delivered: who has lost the turn notes
nothing more.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from paaskit.db import Database, Turn, see_tenant

_BEGIN: Final = "INSERT INTO sinks (sink, since) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_SINCE: Final = "SELECT s.since FROM sinks s WHERE s.sink = %s"
_CURSOR: Final = "SELECT d.sequence FROM deliveries d WHERE d.sink = %s AND d.log_id = %s"
_NOTE: Final = "SELECT note_delivered(%s, %s, %s)"
_PAGE: Final = 500
_LOGS: Final = "SELECT l.tenant, l.log_id FROM logs l WHERE l.tenant > %s ORDER BY l.tenant LIMIT %s"
_CURSORS: Final = """
    SELECT k.log_id, d.sequence FROM unnest(%s::text[]) AS k (log_id) CROSS JOIN LATERAL (
        SELECT d.sequence FROM deliveries d WHERE d.sink = %s AND d.log_id = k.log_id OFFSET 0) AS d"""
# How far a log goes, and since when the first event after a sequence is there.
_AHEAD: Final = """
    SELECT e.sequence AS last, (
        SELECT n.recorded_at FROM events n WHERE n.tenant = %(tenant)s AND n.sequence > %(after)s
        ORDER BY n.sequence LIMIT 1) AS waiting_since
    FROM events e WHERE e.tenant = %(tenant)s ORDER BY e.sequence DESC LIMIT 1"""


@dataclass(frozen=True)
class Named:
    """A tenant's log."""

    tenant: str
    log_id: str


@dataclass(frozen=True)
class Ahead:
    """What a sink does not have of a log yet: how many events, and when the first of them was recorded."""

    events: int
    since: datetime | None


@dataclass(frozen=True)
class DeliveryTurn:
    """The turn at one sink and log, which one replica has at a time."""

    sink: str
    log_id: str
    turn: Turn

    async def cursor(self) -> int | None:
        """Return up to which sequence everything was delivered, None before the first look. Raises Unavailable."""
        rows = await self.turn.run(_CURSOR, (self.sink, self.log_id))
        return int(rows[0].sequence) if rows else None

    async def note(self, sequence: int) -> None:
        """Keep how far it is; committed when it returns. Raises Unavailable."""
        await self.turn.run(_NOTE, (self.sink, self.log_id, sequence))


class Cursors:
    """How far sinks are. `sink` is the name an operator gave one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def began(self, sink: str, *, since: datetime | None) -> datetime | None:
        """Return since when a sink is there, which is `since` if it is new; None: since the logs began."""
        await self._database.execute(_BEGIN, (sink, since))
        ((found,),) = await self._database.execute(_SINCE, (sink,))
        return found  # type: ignore[no-any-return]

    @asynccontextmanager
    async def turn(self, sink: str, log_id: str) -> AsyncIterator[DeliveryTurn | None]:
        """The turn at a sink and log among all replicas, None while another has it. Raises Unavailable."""
        async with self._database.turn(f"sink:{sink}:{log_id}") as turn:
            yield None if turn is None else DeliveryTurn(sink, log_id, turn)

    async def logs(self, *, after: str) -> Sequence[Named]:
        """Return the logs there are, in the order of their tenants, a page of them."""
        rows = await self._database.fetch_unscoped(_LOGS, (after, _PAGE))
        return [Named(row.tenant, row.log_id) for row in rows]

    async def of(self, sink: str, logs: Sequence[Named]) -> Mapping[str, int]:
        """Return the cursors of a sink by the logs' ids; one that it has not looked at has none."""
        rows = await self._database.fetch_unscoped(_CURSORS, ([log.log_id for log in logs], sink))
        return {row.log_id: row.sequence for row in rows}

    async def ahead(self, places: Sequence[tuple[str, int]]) -> Sequence[Ahead]:
        """Return what comes after each of some tenants' sequences, in one round trip."""
        if not places:
            return []
        async with self._database.reading(places[0][0]) as connection:
            cursors = []
            for tenant, after in places:
                await see_tenant(connection, tenant)
                cursors.append(await connection.execute(_AHEAD, {"tenant": tenant, "after": after}))
        # After the pipeline's end, which waits for everything at once.
        found = [await cursor.fetchone() for cursor in cursors]
        return [
            Ahead(0, None) if row is None else Ahead(max(row.last - after, 0), row.waiting_since)
            for row, (_, after) in zip(found, places, strict=True)
        ]
