"""The SQL of publishing: what a tenant's log is called, and how far it was signed.

A checkpoint's row is committed before the checkpoint is published, and is never changed: no other of that size is
signed after it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from paaskit.db import Database, Turn
from services.audit.publishing.growth import Head

_LOG: Final = "SELECT l.log_id FROM logs l WHERE l.tenant = %s"
_NAME: Final = "INSERT INTO logs (tenant) VALUES (%s) ON CONFLICT DO NOTHING"
_ALL: Final = "SELECT l.tenant FROM logs l WHERE l.tenant > %s ORDER BY l.tenant LIMIT %s"
_HEAD: Final = "SELECT c.size, c.root FROM checkpoints c WHERE c.log_id = %s ORDER BY c.size DESC LIMIT 1"
_SIGN: Final = "INSERT INTO checkpoints (log_id, size, root, signed_at) VALUES (%s, %s, %s, %s)"
_PAGE: Final = 500


@dataclass(frozen=True)
class SigningTurn:
    """The turn at one log, which one replica has at a time. What it signs is noted over the turn's own connection."""

    log_id: str
    turn: Turn

    async def head(self) -> Head:
        """Return what was signed last. Raises Unavailable."""
        rows = await self.turn.run(_HEAD, (self.log_id,))
        return Head(rows[0].size, bytes(rows[0].root)) if rows else Head()

    async def note(self, head: Head, *, now: datetime) -> None:
        """Keep what is about to be signed; committed when it returns. Raises Unavailable."""
        await self.turn.run(_SIGN, (self.log_id, head.size, head.root, now))


class Heads:
    """The logs and their checkpoints."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def log_id(self, tenant: str) -> str | None:
        """Return the name of a tenant's log, None while nothing was ever appended to it."""
        rows = await self._database.fetch_unscoped(_LOG, (tenant,))
        return str(rows[0].log_id) if rows else None

    @asynccontextmanager
    async def turn(self, log_id: str) -> AsyncIterator[SigningTurn | None]:
        """The turn at a log among all replicas, None while another has it. Raises Unavailable."""
        async with self._database.turn(f"log:{log_id}") as turn:
            yield None if turn is None else SigningTurn(log_id, turn)

    async def named(self, tenant: str) -> str:
        """Return the name of a tenant's log, which gets one now if it has none."""
        found = await self.log_id(tenant)
        if found is None:
            await self._database.execute(_NAME, (tenant,))
            found = await self.log_id(tenant)
        assert found is not None
        return found

    async def tenants(self, *, after: str) -> list[str]:
        """Return the tenants that have a log, in the order of their names, a page of them."""
        return [str(row.tenant) for row in await self._database.fetch_unscoped(_ALL, (after, _PAGE))]
