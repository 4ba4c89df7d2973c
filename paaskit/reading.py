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
# A batch that takes this long is not small reads any more: those that arrive then get a connection of their own.
_SLOW_SECONDS: Final = 0.01
_BATCHES_AT_ONCE: Final = 4


@dataclass(frozen=True)
class _Read:
    statement: Statement
    rows: "asyncio.Future[list[Row]]"


class SharedReads:
    """Collects reads by tenant."""

    def __init__(self, read_all: ReadAll) -> None:
        self._read_all = read_all
        self._waiting: dict[str, list[_Read]] = {}
        self._running: dict[str, int] = {}
        self._last_batch: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(self, tenant: str, statement: str, parameters: Parameters) -> list[Row]:
        """Return the rows of one statement that sees `tenant` only. Raises what the database raises for it."""
        loop = asyncio.get_running_loop()
        read = _Read((statement, parameters), loop.create_future())
        self._waiting.setdefault(tenant, []).append(read)
        running = self._running.get(tenant, 0)
        late = running and loop.time() - self._last_batch[tenant] > _SLOW_SECONDS
        if not running or (late and running < _BATCHES_AT_ONCE):
            self._running[tenant] = running + 1
            self._last_batch[tenant] = loop.time()
            task = loop.create_task(self._read_waiting(tenant))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await read.rows

    async def _read_waiting(self, tenant: str) -> None:
        try:
            while waiting := self._waiting.pop(tenant, None):
                batch, rest = waiting[:_LARGEST_BATCH], waiting[_LARGEST_BATCH:]
                if rest:
                    self._waiting[tenant] = rest
                self._last_batch[tenant] = asyncio.get_running_loop().time()
                await self._read_batch(tenant, batch)
        finally:
            self._running[tenant] -= 1
            if not self._running[tenant]:
                del self._running[tenant], self._last_batch[tenant]

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
