"""What the owner of audit's database does to it that the service may not: making months, and dropping one.

The SQL of retention. A month is dropped in one transaction, with all that is noted and kept of it, so there is no half
of it. Must not be imported by the service.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import namedtuple_row

from services.audit.retention.dropped import Dropped

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When the period begins that has all of before there were months."""
_OPTIONS: Final = "-c lock_timeout=4s -c statement_timeout=60s"
_MAKE: Final = "SELECT make_month(%s::date)"
_PERIODS: Final = "SELECT since, until FROM periods WHERE until <= %s ORDER BY since"
_TENANTS: Final = "SELECT tenant, log_id FROM logs WHERE tenant > %s ORDER BY tenant LIMIT 500"
_ROOT: Final = "SELECT root FROM checkpoints WHERE log_id = %s AND size = %s"
_SEE: Final = "SELECT set_config('paas.tenant', %s, true)"
_HASHES: Final = "INSERT INTO dropped_hashes (tenant, first_index, hashes) VALUES (%s, %s, %s)"
_NO_EDGE: Final = "DELETE FROM edge_entries WHERE tenant = %s"
_EDGE: Final = "INSERT INTO edge_entries (tenant, first_index, entries) VALUES (%s, %s, %s)"
_DROPPED: Final = """
    INSERT INTO dropped (tenant, up_to, before, rule, told_in, dropped_at) VALUES (%s, %s, %s, %s, %s, %s)"""
_NO_PERIOD_OF_LOG: Final = "DELETE FROM log_periods WHERE tenant = %s AND since = %s"
_NO_PERIOD: Final = "DELETE FROM periods WHERE since = %s"
# The ids of a month go with it. An event of that id would be another one from now on.
_NO_IDS: Final = sql.SQL(
    "DELETE FROM event_ids i USING {} e WHERE i.tenant = %s AND e.tenant = %s AND i.event_id = e.event_id"
)
_OF_LOGS: Final = sql.SQL("SELECT tenant, min(sequence), max(sequence), count(*) FROM {} GROUP BY tenant")


DatabaseFailure: Final = psycopg.Error
"""What this raises of the database, beside OtherEvents."""


class OtherEvents(Exception):
    """A month has other events than were looked at, so nothing of it was dropped. It can be tried again."""


@dataclass(frozen=True)
class OfLog:
    """What a month has of one log, and what stays of that: the events from `first` to `told.up_to`.

    `hashes` are rows of at most 256, each with the index of its first one; `edge` is as `Dropped` has it.
    """

    tenant: str
    first: int
    told: Dropped
    hashes: Sequence[tuple[int, bytes]]
    edge: tuple[int, bytes] | None


class Owner:
    """The database, as its owner reaches it."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection

    async def make_month(self, month: date) -> bool:
        """Make the part for a month's events, unless it is there; whether it was made."""
        ((made,),) = await self._all(_MAKE, (month,))
        return bool(made)

    async def periods(self, *, before: datetime) -> list[tuple[datetime, datetime]]:
        """Return the periods that had ended by then, the oldest first."""
        return [(row.since, row.until) for row in await self._all(_PERIODS, (before,))]

    async def logs(self) -> list[tuple[str, str]]:
        """Return the tenants that have a log, and what it is called."""
        found: list[tuple[str, str]] = []
        while rows := await self._all(_TENANTS, (found[-1][0] if found else "",)):
            found += [(row.tenant, row.log_id) for row in rows]
        return found

    async def root(self, log_id: str, size: int) -> bytes | None:
        """Return what was signed of a log at a size, None where nothing was."""
        rows = await self._all(_ROOT, (log_id, size))
        return bytes(rows[0].root) if rows else None

    async def drop(self, since: datetime, logs: Sequence[OfLog]) -> None:
        """Drop a period, whose events are those of `logs` and no others. Raises OtherEvents, and psycopg.Error.

        Nobody appends to it meanwhile; everybody reads on until its end, which is a moment.
        """
        events, names = (sql.Identifier(f"{whole}_{part_name(since)}") for whole in ("events", "event_names"))
        async with self._connection.transaction():
            await self._run(sql.SQL("LOCK TABLE {}, {} IN SHARE ROW EXCLUSIVE MODE").format(events, names))
            for each in logs:
                await self._run(_SEE, (each.tenant,))
                await self._keep(each)
                await self._run(_NO_IDS.format(events), (each.tenant, each.tenant))
                await self._run(_NO_PERIOD_OF_LOG, (each.tenant, since))
            await self._run(_NO_PERIOD, (since,))
            for part, whole in ((events, "events"), (names, "event_names")):
                await self._run(sql.SQL("ALTER TABLE {} DETACH PARTITION {}").format(sql.Identifier(whole), part))
            # The owner is shown the rows of no tenant either, but for this once: all of each log are accounted for.
            await self._run(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(events))
            there = {tenant: tuple(places) for tenant, *places in await self._all(_OF_LOGS.format(events))}
            if there != {each.tenant: (each.first, each.told.up_to, each.told.up_to - each.first + 1) for each in logs}:
                raise OtherEvents
            for part in (events, names):
                await self._run(sql.SQL("DROP TABLE {}").format(part))

    async def _keep(self, log: OfLog) -> None:
        """Note what is dropped of a log, and keep its hashes."""
        told = log.told
        async with self._connection.cursor() as cursor:
            await cursor.executemany(_HASHES, [(log.tenant, first, hashes) for first, hashes in log.hashes])
        await self._run(_NO_EDGE, (log.tenant,))
        if log.edge is not None:
            await self._run(_EDGE, (log.tenant, *log.edge))
        await self._run(_DROPPED, (log.tenant, told.up_to, told.before, told.rule, told.told_in, told.at))

    async def _run(self, statement: Any, parameters: Sequence[Any] = ()) -> None:
        await self._connection.execute(statement, parameters or None)

    async def _all(self, statement: Any, parameters: Sequence[Any] = ()) -> list[Any]:
        return await (await self._connection.execute(statement, parameters or None)).fetchall()


def part_name(since: datetime) -> str:
    """Return what the part of a table with a period's rows is called after the table."""
    return "before" if since == BEGINNING else f"{since.astimezone(UTC):%Y_%m}"


@asynccontextmanager
async def owner_of(url: str, password: str) -> AsyncIterator[Owner]:
    """The database as the owner role in `url` reaches it, for the block. Raises psycopg.Error."""
    connection = await psycopg.AsyncConnection.connect(
        url,
        password=password,
        options=_OPTIONS,
        autocommit=True,
        row_factory=namedtuple_row,
        connect_timeout=5,
    )
    async with connection:
        yield Owner(connection)
