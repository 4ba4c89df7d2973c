"""Reads of one tenant that arrive together share a round trip.

A connection, the tenant's setting and the wait for PostgreSQL cost more than a small query does. While a batch is
under way the reads that arrive queue up and become the next one; a read that comes alone goes out at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Row = tuple[Any, ...]
Parameters = Sequence[Any] | Mapping[str, Any]
Statement = tuple[str, Parameters]

ReadAll = Callable[[str, Sequence[Statement]], Awaitable[list[list[Row]]]]
"""Runs statements for a tenant in one transaction and returns the rows of each."""

_LARGEST_BATCH: Final = 32
# A second batch under way keeps one slow read from holding up everybody else of its tenant.
_BATCHES_AT_ONCE: Final = 2


@dataclass(frozen=True)
class _Read:
    statement: Statement
    rows: "asyncio.Future[list[Row]]"


class SharedReads:
    """Collects reads by tenant."""

    def __init__(self, read_all: ReadAll) -> None:
        self._read_all = read_all
        self._waiting: dict[str, list[_Read]] = {}
        self._running: dict[str, set[asyncio.Task[None]]] = {}

    async def read(self, tenant: str, statement: str, parameters: Parameters) -> list[Row]:
        """Return the rows of one statement that sees `tenant` only. Raises what the database raises for it."""
        read = _Read((statement, parameters), asyncio.get_running_loop().create_future())
        self._waiting.setdefault(tenant, []).append(read)
        running = self._running.setdefault(tenant, set())
        if len(running) < _BATCHES_AT_ONCE:
            running.add(asyncio.create_task(self._read_waiting(tenant)))
        return await read.rows

    async def _read_waiting(self, tenant: str) -> None:
        try:
            while waiting := self._waiting.pop(tenant, None):
                batch, rest = waiting[:_LARGEST_BATCH], waiting[_LARGEST_BATCH:]
                if rest:
                    self._waiting[tenant] = rest
                await self._read_batch(tenant, batch)
        finally:
            running = self._running[tenant]
            running.discard(asyncio.current_task())
            if not running:
                del self._running[tenant]

    async def _read_batch(self, tenant: str, batch: Sequence[_Read]) -> None:
        try:
            answers = await self._read_all(tenant, [read.statement for read in batch])
        except Exception as error:
            await self._read_apart(tenant, batch, error)
        else:
            for read, rows in zip(batch, answers, strict=True):
                if not read.rows.done():
                    read.rows.set_result(rows)

    async def _read_apart(self, tenant: str, batch: Sequence[_Read], error: Exception) -> None:
        """One bad statement fails its whole transaction; the others must not pay for it."""
        if len(batch) == 1:
            if not batch[0].rows.done():
                batch[0].rows.set_exception(error)
            return
        for read in batch:
            await self._read_batch(tenant, [read])
