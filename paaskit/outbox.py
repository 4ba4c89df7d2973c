"""What must reach another service is written in the transaction of the change, and relayed until acknowledged.

Two ways out of the same table:
- `Relay` sends in the order of writing, one relay at a time whatever the number of replicas. Audit events go this way.
- `Courier` sends right after the commit and hands the answer back to the request that waits for it; what it could not
  deliver is left to a `Relay`. Release orders go this way, since they are keyed by their change and need no order.

A delivery may happen twice and must therefore be idempotent at the receiver. Rows are deleted once acknowledged.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import structlog

from paaskit.db import Connection, Database
from paaskit.errors import PaasError, Unavailable
from paaskit.logs import describe_exception

AUDIT: Final = "audit"
RELEASER: Final = "releaser"
SECRETS: Final = "secrets"

_INSERT: Final = "INSERT INTO outbox (destination, key, payload) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_DELETE: Final = "DELETE FROM outbox WHERE destination = %s AND key = ANY(%s)"
_LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtext(%s))"
_SELECT: Final = """
    SELECT key, payload FROM outbox
    WHERE destination = %s AND created_at < clock_timestamp() - make_interval(secs => %s) ORDER BY id LIMIT 200"""
_PARK: Final = "UPDATE outbox SET destination = 'refused:' || destination WHERE destination = %s AND key = %s"

_IDLE_SECONDS: Final = 1.0
_GATHER_SECONDS: Final = 0.02
_LONGEST_BACKOFF_SECONDS: Final = 2.0
_COURIER_BATCH: Final = 128

log = structlog.get_logger()


async def put(connection: Connection, destination: str, *, key: str, payload: bytes) -> None:
    """Write one message in the caller's transaction. The same destination and key are kept once."""
    await connection.execute(_INSERT, (destination, key, payload))


class Relay:
    """Delivers a destination's messages in the order they were written. `deliver` returns once they are safe there."""

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

    def wake(self) -> None:
        """Say that something was committed, so that it goes out without waiting for the next look."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver for ever. What fails is tried again, at most two seconds apart."""
        backoff = 0.1
        while True:
            try:
                await self._wait()
                while await self.drain_once():
                    await asyncio.sleep(_GATHER_SECONDS)
                backoff = 0.1
            except Unavailable:
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, _LONGEST_BACKOFF_SECONDS)
            except (PaasError, psycopg.Error) as error:
                log.error("outbox_relay_failed", destination=self._destination, **describe_exception(error))
                await asyncio.sleep(_LONGEST_BACKOFF_SECONDS)

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
        async with self._database.unscoped() as connection:
            cursor = await connection.execute(_LOCK, (f"outbox:{self._destination}",))
            if (await cursor.fetchone()) != (True,):
                return 0
            rows = await (await connection.execute(_SELECT, (self._destination, self._age))).fetchall()
            if not rows:
                return 0
            refused = await self._deliver_or_park(rows)
            for key in refused:
                await connection.execute(_PARK, (self._destination, key))
            done = [key for key, _ in rows if key not in refused]
            await connection.execute(_DELETE, (self._destination, done))
            return len(rows)

    async def _deliver_or_park(self, rows: Sequence[tuple[Any, ...]]) -> set[str]:
        """Deliver all; where the receiver refuses the batch, one by one. Returns the keys that are refused."""
        try:
            await self._deliver([payload for _, payload in rows])
            return set()
        except Unavailable:
            raise
        except PaasError as error:
            if len(rows) == 1:
                log.error("outbox_message_refused", destination=self._destination, key=rows[0][0], reason=error.reason)
                return {rows[0][0]}
        refused: set[str] = set()
        for row in rows:
            refused |= await self._deliver_or_park([row])
        return refused


@dataclass
class _Parcel:
    key: str
    payload: bytes
    answer: asyncio.Future[int | None]


class Courier:
    """Delivers messages just committed, those that arrive meanwhile in one batch, and returns the answers."""

    def __init__(
        self,
        database: Database,
        *,
        destination: str,
        deliver: Callable[[Sequence[bytes]], Awaitable[Sequence[int]]],
    ) -> None:
        self._database = database
        self._destination = destination
        self._deliver = deliver
        self._waiting: list[_Parcel] = []
        self._running: asyncio.Task[None] | None = None

    async def send(self, key: str, payload: bytes) -> int | None:
        """Deliver one committed message; return its answer, or None where the receiver can't be reached now."""
        parcel = _Parcel(key, payload, asyncio.get_running_loop().create_future())
        self._waiting.append(parcel)
        if self._running is None:
            self._running = asyncio.create_task(self._deliver_waiting())
        return await asyncio.shield(parcel.answer)

    async def _deliver_waiting(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_COURIER_BATCH], self._waiting[_COURIER_BATCH:]
                await self._deliver_batch(batch)
        finally:
            self._running = None

    async def _deliver_batch(self, batch: Sequence[_Parcel]) -> None:
        try:
            answers: Sequence[int | None] = await self._deliver([parcel.payload for parcel in batch])
        except PaasError as error:
            # Unavailable or refused: either way the rows stay, and the relay goes on with them one by one.
            log.warning("outbox_delivery_postponed", destination=self._destination, reason=error.reason)
            answers = [None] * len(batch)
        for parcel, answer in zip(batch, answers, strict=True):
            if not parcel.answer.done():
                parcel.answer.set_result(answer)
        done = [parcel.key for parcel, answer in zip(batch, answers, strict=True) if answer is not None]
        if done:
            await self._forget(done)

    async def _forget(self, keys: Sequence[str]) -> None:
        try:
            async with self._database.unscoped() as connection:
                await connection.execute(_DELETE, (self._destination, list(keys)))
        except Unavailable:
            # The relay delivers them again, which is without effect at the receiver.
            log.warning("outbox_rows_kept", destination=self._destination)
