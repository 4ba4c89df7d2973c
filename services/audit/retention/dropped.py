"""What is told of the events that were dropped of a log when their time was over, and what is kept of them: hashes.

Only retention writes it, as the owner of the database (services.audit.retention).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from paaskit.db import Database
from transparency.tiles.bundles import decoded

_DROPPED: Final = """
    SELECT d.up_to, d.before, d.rule, d.told_in, d.dropped_at FROM dropped d
    WHERE d.tenant = %s ORDER BY d.up_to DESC LIMIT 1"""
_HASHES: Final = """
    SELECT h.first_index, h.hashes FROM dropped_hashes h
    WHERE h.tenant = %s AND h.first_index >= %s ORDER BY h.first_index LIMIT %s"""
_EDGE: Final = "SELECT e.first_index, e.entries FROM edge_entries e WHERE e.tenant = %s"
_ROWS: Final = 64


@dataclass(frozen=True)
class Dropped:
    """The events up to the sequence `up_to` were dropped at a time, all of which were recorded before another.

    `rule` is why, and the event of the sequence `told_in` says all of this in the log itself.
    """

    up_to: int
    before: datetime
    rule: str
    told_in: int
    at: datetime


class DroppedEvents:
    """What of a log was dropped, read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def dropped(self, tenant: str) -> Dropped | None:
        """Return what was dropped of a log, None where nothing was."""
        rows = await self._database.fetch(tenant, _DROPPED, (tenant,))
        return Dropped(*rows[0]) if rows else None

    async def hashes(self, tenant: str, *, first: int, end: int) -> bytes:
        """Return the hashes of dropped entries from an index on, at most to before another, as many as a call reads.

        None are left out: what is missing ends them.
        """
        found, at = b"", first
        for row in await self._database.fetch(tenant, _HASHES, (tenant, first, _ROWS)):
            if row.first_index != at:
                break
            found += row.hashes
            at += len(row.hashes) // 32
        return found[: 32 * max(end - first, 0)]

    async def edge(self, tenant: str) -> tuple[int, list[bytes]] | None:
        """Return the dropped entries that share their bundle with the first event that is kept; the first one's index.

        None where no bundle has both.
        """
        rows = await self._database.fetch(tenant, _EDGE, (tenant,))
        return (rows[0].first_index, decoded(bytes(rows[0].entries))) if rows else None
