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

from paaskit.batching import Batcher
from paaskit.db import Connection, Database
from paaskit.errors import PaasError, Unavailable
from paaskit.logs import describe_exception

AUDIT: Final = "audit"
RELEASER: Final = "releaser"

PUT_ALL: Final = """
    INSERT INTO outbox (destination, key, payload) SELECT * FROM unnest(%s::text[], %s::text[], %s::bytea[])
    ON CONFLICT DO NOTHING"""
_DELETE: Final = "DELETE FROM outbox WHERE destination = %s AND key = ANY(%s)"
# Only the one relay of a destination that gets the lock sees its rows; it holds it until its transaction ends.
_SELECT: Final = """
    WITH lock AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtext('outbox:' || %(destination)s)) AS mine)
    SELECT key, payload FROM outbox CROSS JOIN lock
    WHERE mine AND destination = %(destination)s
      AND created_at < clock_timestamp() - make_interval(secs => %(age)s)
    ORDER BY id LIMIT 200"""
_PARK: Final = "UPDATE outbox SET destination = 'refused:' || destination WHERE destination = %s AND key = %s"

_IDLE_SECONDS: Final = 1.0
_GATHER_SECONDS: Final = 0.1
_FORGET_AFTER_SECONDS: Final = 0.2
_LONGEST_BACKOFF_SECONDS: Final = 2.0
_COURIER_BATCH: Final = 128

log = structlog.get_logger()


@dataclass(frozen=True)
class Message:
    """What a destination is to be told. The same destination and key are kept once."""

    destination: str
    key: str
    payload: bytes


def columns(messages: Sequence[Message]) -> tuple[list[str], list[str], list[bytes]]:
    """Return the messages as the three arrays that `PUT_ALL` takes."""
    return (
        [message.destination for message in messages],
        [message.key for message in messages],
        [message.payload for message in messages],
    )


async def put(connection: Connection, *messages: Message) -> None:
    """Write messages in the caller's transaction."""
    await connection.execute(PUT_ALL, columns(messages))


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
            parameters = {"destination": self._destination, "age": self._age}
            rows = await (await connection.execute(_SELECT, parameters)).fetchall()
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
        self._parcels: Batcher[Message, int | None] = Batcher(
            self._deliver_batch, largest=_COURIER_BATCH, gather_seconds=0.0
        )  # what one commit made comes at once
        self._delivered: list[str] = []
        self._forgetting: asyncio.Task[None] | None = None

    async def send(self, key: str, payload: bytes) -> int | None:
        """Deliver one committed message; return its answer, or None where the receiver can't be reached now."""
        return await self._parcels.submit("", Message(self._destination, key, payload))

    async def _deliver_batch(self, _: str, batch: Sequence[Message]) -> Sequence[int | None]:
        try:
            answers = await self._deliver([message.payload for message in batch])
        except PaasError as error:
            # Unavailable or refused: either way the rows stay, and the relay goes on with them one by one.
            log.warning("outbox_delivery_postponed", destination=self._destination, reason=error.reason)
            return [None] * len(batch)
        self._delivered.extend(message.key for message in batch)
        if self._forgetting is None or self._forgetting.done():
            self._forgetting = asyncio.create_task(self._forget())
        return answers

    async def _forget(self) -> None:
        """Delete delivered rows, many at once. Nobody waits for it: delivering one again is without effect."""
        await asyncio.sleep(_FORGET_AFTER_SECONDS)
        keys, self._delivered = self._delivered, []
        try:
            await self._database.execute(_DELETE, (self._destination, keys))
        except Unavailable:
            log.warning("outbox_rows_kept", destination=self._destination)
