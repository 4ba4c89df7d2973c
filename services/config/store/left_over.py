"""The SQL of what is left over: attachings that broke off, and messages that were delivered without their relay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from paaskit.clock import Clock
from paaskit.db import Database
from paaskit.outbox import Message

# Across tenants: whoever began them is gone.
_LEFT: Final = """
    SELECT tenant, app_id, name, attachment_id FROM attachments
    WHERE touched_at < %s::timestamptz - make_interval(secs => %s) ORDER BY touched_at LIMIT 100"""
_FORGET: Final = "DELETE FROM outbox WHERE destination = %s AND key = %s"


@dataclass(frozen=True, kw_only=True)
class Left:
    """An attaching that nobody has touched for a while."""

    tenant: str
    app_id: str
    name: str
    attachment_id: str


class LeftOver:
    """Finds and drops what is left over."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def attachings(self, *, older_than_seconds: float) -> Sequence[Left]:
        """Return some attachings that nobody has touched for so long, the oldest first. Raises Unavailable."""
        async with self._database.unscoped() as connection:
            rows = await (await connection.execute(_LEFT, (self._clock(), older_than_seconds))).fetchall()
        return [
            Left(tenant=row.tenant, app_id=row.app_id, name=row.name, attachment_id=row.attachment_id) for row in rows
        ]

    async def forget(self, message: Message) -> None:
        """Drop a message that was delivered. Raises Unavailable."""
        await self._database.execute(_FORGET, (message.destination, message.key))
