"""A receiver that fails as it is told to, and the outbox of config's database as its sender."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from paaskit.db import Database
from paaskit.outbox import Message, Relay, put
from tests.fixtures.postgres import Databases


class Receiver:
    """Takes each message once, in the order they come. `fail` may raise before or after that."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.calls: list[list[bytes]] = []
        self.before: Callable[[Sequence[bytes]], Exception | None] = lambda _: None
        self.after: Callable[[Sequence[bytes]], Exception | None] = lambda _: None

    async def __call__(self, payloads: Sequence[bytes]) -> Sequence[int]:
        self.calls.append(list(payloads))
        if (error := self.before(payloads)) is not None:
            raise error
        await asyncio.sleep(0.005)
        self.kept.extend(payload for payload in payloads if payload not in self.kept)
        if (error := self.after(payloads)) is not None:
            raise error
        return [len(payload) for payload in payloads]


async def write(database: Database, payloads: Sequence[bytes], *, destination: str = "audit") -> None:
    """Keep messages; the key of each is its place."""
    async with database.unscoped() as connection:
        await put(connection, *(Message(destination, f"key{place}", payload) for place, payload in enumerate(payloads)))


def numbered(numbers: Sequence[int]) -> list[bytes]:
    """Small payloads, each different."""
    return [str(number).encode() for number in numbers]


def left(databases: Databases) -> list[tuple[str, str]]:
    """Destination and key of every row that waits, in order."""
    rows = databases.look("config", "SELECT destination, key FROM outbox WHERE parked_at IS NULL ORDER BY id")
    return [(destination, key) for destination, key in rows]


def parked(databases: Databases) -> list[tuple[str, str, str]]:
    """Destination, key and reason of every row that is parked, in order."""
    rows = databases.look(
        "config", "SELECT destination, key, parked_reason FROM outbox WHERE parked_at IS NOT NULL ORDER BY id"
    )
    return [(destination, key, reason) for destination, key, reason in rows]


def relay_to(receiver: Callable[[Sequence[bytes]], object], database: Database, *, older: float = 0.0) -> Relay:
    """The relay of audit's messages."""
    return Relay(database, destination="audit", deliver=receiver, only_older_than_seconds=older)  # type: ignore[arg-type]


@asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    """The relays at work."""
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
