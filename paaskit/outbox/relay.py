"""Delivering a destination's rows in the order they were written, for as long as it takes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from paaskit import metrics
from paaskit.db import Database
from paaskit.errors import InvalidInput, MessageTooLarge
from paaskit.outbox.rows import Batch, Row, Rows
from paaskit.outbox.trouble import Trouble

_IDLE_SECONDS: Final = 1.0
_GATHER_SECONDS: Final = 0.1
_NOTHING: Final = Batch(rows=(), more=False, oldest_seconds=0.0)

log = structlog.get_logger()


class Relay:
    """Delivers a destination's messages in the order they were written. `deliver` returns once they are safe there.

    Whatever `deliver` raises, nothing is lost: it is tried again until it works. InvalidInput and MessageTooLarge alone
    are about what was sent: a batch is then sent in halves, and a single message that is refused is parked. No
    transaction is open and no row locked while `deliver` is awaited.
    """

    def __init__(
        self,
        database: Database,
        *,
        destination: str,
        deliver: Callable[[Sequence[bytes]], Awaitable[object]],
        only_older_than_seconds: float = 0.0,
    ) -> None:
        self._database = database
        self._destination = destination
        self._deliver = deliver
        self._age = only_older_than_seconds
        self._wake = asyncio.Event()
        self._trouble = Trouble(destination)

    def wake(self) -> None:
        """Say that something was committed, so that it goes out without waiting for the next look."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver for ever. What fails is tried again, at most two seconds apart."""
        while True:
            try:
                batch = await self._drain()
            except Exception as error:  # whatever it is, the rows are still there
                self._trouble.add(error)
                await asyncio.sleep(self._trouble.backoff_seconds)
            else:
                if not batch.more:
                    await self._wait()

    async def _wait(self) -> None:
        try:
            # Not wait_for: before Python 3.12 it can swallow a cancellation, and stopping would wait for ever.
            async with asyncio.timeout(_IDLE_SECONDS):
                await self._wake.wait()
            # Others commit at the same moment; a short wait puts them all into one message.
            await asyncio.sleep(_GATHER_SECONDS)
        except TimeoutError:
            pass
        self._wake.clear()

    async def drain_once(self) -> int:
        """Deliver one batch and return its size; 0 where there is nothing or another replica is at it."""
        return len((await self._drain()).rows)

    async def _drain(self) -> Batch:
        async with self._database.turn(f"outbox:{self._destination}") as turn:
            if turn is None:
                return _NOTHING
            rows = Rows(turn, self._destination)
            batch = await rows.next(younger_than_seconds=self._age)
            if batch.rows:
                self._trouble.saw(batch.oldest_seconds)
                await self._settle(rows, batch.rows)
            self._trouble.over()
            return batch

    async def _settle(self, rows: Rows, batch: Sequence[Row]) -> None:
        """Deliver all, in order; what is refused is sent in halves, until what is at fault stands alone."""
        waiting = [batch]
        while waiting:
            part = waiting.pop()
            try:
                await self._deliver([row.payload for row in part])
            except (InvalidInput, MessageTooLarge) as error:
                if len(part) == 1:
                    await self._park(rows, part[0], reason=error.reason)
                else:
                    half = len(part) // 2
                    waiting += [part[half:], part[:half]]
            else:
                await rows.forget(part)
                self._trouble.over()
                metrics.OUTBOX_DELIVERED.labels(destination=self._destination).inc(len(part))

    async def _park(self, rows: Rows, row: Row, *, reason: str) -> None:
        await rows.park(row, reason=reason)
        metrics.OUTBOX_FAILED.labels(destination=self._destination, reason=reason).inc()
        log.error("outbox_message_parked", destination=self._destination, key=row.key, reason=reason)
