"""The outbox on a real PostgreSQL: nothing is lost, order is kept, what is refused doesn't hold up the rest.

Covers: relays, two at once, failures before and after the receiver acted, parked messages, the courier and what it
leaves to a relay. Uses config's outbox as an example.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from paaskit.db import Database
from paaskit.errors import InvalidInput, PaasError, Unavailable
from paaskit.outbox import Courier, Message, Relay, put
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """An empty outbox."""
    async with databases.open("config") as database:
        yield database


class Receiver:
    """Takes each message once, in the order they come. `fail` may raise before or after that."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.calls: list[list[bytes]] = []
        self.before: Callable[[Sequence[bytes]], PaasError | None] = lambda _: None
        self.after: Callable[[Sequence[bytes]], PaasError | None] = lambda _: None

    async def __call__(self, payloads: Sequence[bytes]) -> Sequence[int]:
        self.calls.append(list(payloads))
        if (error := self.before(payloads)) is not None:
            raise error
        await asyncio.sleep(0.005)
        self.kept.extend(payload for payload in payloads if payload not in self.kept)
        if (error := self.after(payloads)) is not None:
            raise error
        return [int(payload) for payload in payloads]


async def _write(database: Database, numbers: Sequence[int], *, destination: str = "audit") -> None:
    async with database.unscoped() as connection:
        for number in numbers:
            await put(connection, Message(destination, f"key{number}", str(number).encode()))


def _left(databases: Databases) -> list[tuple[str, str]]:
    return [
        (destination, key)
        for destination, key in databases.look("config", "SELECT destination, key FROM outbox ORDER BY id")
    ]


def _payloads(numbers: Sequence[int]) -> list[bytes]:
    return [str(number).encode() for number in numbers]


def _relay(database: Database, receiver: Receiver, *, older: float = 0.0) -> Relay:
    return Relay(database, destination="audit", deliver=receiver, only_older_than_seconds=older)


@asynccontextmanager
async def _running(*relays: Relay) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def test_everything_is_delivered_in_order_and_then_gone(database: Database, databases: Databases) -> None:
    receiver = Receiver()
    await _write(database, range(450))
    relay = _relay(database, receiver)
    assert [await relay.drain_once() for _ in range(4)] == [200, 200, 50, 0]
    assert receiver.kept == _payloads(range(450))
    assert _left(databases) == []


async def test_a_transaction_that_fails_leaves_nothing_to_deliver(database: Database, databases: Databases) -> None:
    with suppress(ZeroDivisionError):
        async with database.unscoped() as connection:
            await put(connection, Message("audit", "k", b"1"))
            _ = 1 / 0
    assert _left(databases) == []


async def test_the_same_key_is_kept_once(database: Database, databases: Databases) -> None:
    await _write(database, [1, 1])
    await _write(database, [1])
    assert _left(databases) == [("audit", "key1")]


async def test_other_destinations_are_left_alone(database: Database, databases: Databases) -> None:
    await _write(database, [1], destination="releaser")
    assert await _relay(database, Receiver()).drain_once() == 0
    assert _left(databases) == [("releaser", "key1")]


async def test_a_receiver_that_is_away_gets_everything_later(database: Database, databases: Databases) -> None:
    receiver = Receiver()
    receiver.before = lambda _: Unavailable("away") if len(receiver.calls) < 3 else None
    await _write(database, range(5))
    async with _running(_relay(database, receiver)):
        await until(lambda: not _left(databases))
    assert receiver.kept == _payloads(range(5))
    assert len(receiver.calls) == 3


async def test_an_answer_that_is_lost_means_twice_and_in_the_same_order(
    database: Database, databases: Databases
) -> None:
    receiver = Receiver()
    receiver.after = lambda _: Unavailable("lost") if len(receiver.calls) == 1 else None
    await _write(database, range(5))
    async with _running(_relay(database, receiver)):
        await until(lambda: not _left(databases))
    assert receiver.calls == [_payloads(range(5))] * 2


async def test_what_is_refused_is_parked_and_the_rest_goes_on(database: Database, databases: Databases) -> None:
    receiver = Receiver()
    receiver.before = lambda payloads: InvalidInput("bad") if b"2" in payloads else None
    await _write(database, range(5))
    assert await _relay(database, receiver).drain_once() == 5
    assert receiver.kept == _payloads([0, 1, 3, 4])
    assert _left(databases) == [("refused:audit", "key2")]


async def test_away_in_the_middle_of_going_one_by_one_keeps_all(database: Database, databases: Databases) -> None:
    receiver = Receiver()

    def fail(payloads: Sequence[bytes]) -> PaasError | None:
        if len(payloads) > 1:
            return InvalidInput("one of them is bad")
        return Unavailable("away") if payloads == [b"3"] else None

    receiver.before = fail
    await _write(database, range(5))
    with pytest.raises(Unavailable):
        await _relay(database, receiver).drain_once()
    assert len(_left(databases)) == 5
    receiver.before = lambda _: None
    await _relay(database, receiver).drain_once()
    assert receiver.kept == _payloads(range(5))


async def test_two_relays_at_once_keep_the_order(database: Database, databases: Databases) -> None:
    receiver = Receiver()
    relays = [_relay(database, receiver) for _ in range(2)]
    async with _running(*relays):
        for start in range(0, 60, 6):
            await _write(database, range(start, start + 6))
            for relay in relays:
                relay.wake()
            await asyncio.sleep(0.01)
        await until(lambda: not _left(databases))
    assert receiver.kept == _payloads(range(60))


async def test_while_one_relay_is_at_it_another_has_nothing_to_do(database: Database) -> None:
    receiver, other = Receiver(), Receiver()
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(payloads: Sequence[bytes]) -> Sequence[int]:
        begun.set()
        await may_end.wait()
        return await receiver(payloads)

    await _write(database, range(3))
    first = asyncio.create_task(Relay(database, destination="audit", deliver=slow).drain_once())
    await begun.wait()
    assert await _relay(database, other).drain_once() == 0
    may_end.set()
    assert await first == 3
    assert (receiver.kept, other.calls) == (_payloads(range(3)), [])


async def test_a_relay_that_is_stopped_in_the_middle_loses_nothing(database: Database, databases: Databases) -> None:
    begun = asyncio.Event()

    async def never(_payloads: Sequence[bytes]) -> None:
        begun.set()
        await asyncio.sleep(60)

    await _write(database, range(3))
    async with _running(Relay(database, destination="audit", deliver=never)):
        await begun.wait()
    assert len(_left(databases)) == 3
    receiver = Receiver()
    await _relay(database, receiver).drain_once()
    assert receiver.kept == _payloads(range(3))


async def test_a_relay_for_left_overs_lets_young_ones_be(database: Database, databases: Databases) -> None:
    receiver = Receiver()
    await _write(database, [1])
    relay = _relay(database, receiver, older=3600)
    assert await relay.drain_once() == 0
    databases.look("config", "UPDATE outbox SET created_at = created_at - interval '1 hour'")
    assert await relay.drain_once() == 1


async def test_a_courier_brings_the_answer_back_and_forgets(database: Database, databases: Databases) -> None:
    receiver = Receiver()
    await _write(database, [7])
    courier = Courier(database, destination="audit", deliver=receiver)
    assert await courier.send("key7", b"7") == 7
    await until(lambda: not _left(databases))


async def test_a_courier_takes_those_that_wait_together(database: Database) -> None:
    receiver = Receiver()
    courier = Courier(database, destination="audit", deliver=receiver)
    answers = await asyncio.gather(*(courier.send(f"key{number}", str(number).encode()) for number in range(300)))
    assert answers == list(range(300))
    assert len(receiver.calls) <= 5
    assert max(len(call) for call in receiver.calls) <= 128


@pytest.mark.parametrize("error", [Unavailable("away"), InvalidInput("bad")], ids=lambda error: type(error).__name__)
async def test_what_a_courier_could_not_deliver_is_left_to_the_relay(
    database: Database, databases: Databases, error: PaasError
) -> None:
    receiver = Receiver()
    receiver.before = lambda _: error
    await _write(database, [7])
    courier = Courier(database, destination="audit", deliver=receiver)
    assert await courier.send("key7", b"7") is None
    assert _left(databases) == [("audit", "key7")]
    receiver.before = lambda _: None
    await _relay(database, receiver).drain_once()
    assert receiver.kept == [b"7"]


async def test_one_who_no_longer_waits_takes_nobody_along(database: Database) -> None:
    receiver = Receiver()
    courier = Courier(database, destination="audit", deliver=receiver)
    first = asyncio.ensure_future(courier.send("key1", b"1"))
    second = asyncio.ensure_future(courier.send("key2", b"2"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 2
    assert await courier.send("key3", b"3") == 3
