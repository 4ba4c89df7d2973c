"""Relays on a real PostgreSQL: nothing is lost, order is kept, and nothing is held while the receiver is waited for.

Covers: two relays at once, failures before and after the receiver acted, stopping, what is locked meanwhile. What each
status of a receiver does is in test_statuses, parked rows in test_parked, sizes in test_batches.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from paaskit.db import Database
from paaskit.errors import Unavailable
from paaskit.outbox import Message, Relay, put
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.unit.paaskit.outbox.receiver import Receiver, left, numbered, relay_to, running, write


async def test_everything_is_delivered_in_order_and_then_gone(database: Database, databases: Databases) -> None:
    receiver = Receiver()
    await write(database, numbered(range(450)))
    relay = relay_to(receiver, database)
    assert [await relay.drain_once() for _ in range(4)] == [200, 200, 50, 0]
    assert receiver.kept == numbered(range(450))
    assert left(databases) == []


async def test_a_backlog_is_worked_off_without_a_pause(database: Database, databases: Databases) -> None:
    class Watched(Relay):
        """Notes how many calls were made before it first waits for something new."""

        async def _wait(self) -> None:
            calls_before_waiting.append(len(receiver.calls))
            await super()._wait()

    calls_before_waiting: list[int] = []
    receiver = Receiver()
    await write(database, numbered(range(450)))
    async with running(Watched(database, destination="audit", deliver=receiver)):
        await until(lambda: not left(databases) and calls_before_waiting)
    assert calls_before_waiting[0] == 3


async def test_a_transaction_that_fails_leaves_nothing_to_deliver(database: Database, databases: Databases) -> None:
    with suppress(ZeroDivisionError):
        async with database.unscoped() as connection:
            await put(connection, Message("audit", "k", b"1"))
            _ = 1 / 0
    assert left(databases) == []


async def test_the_same_key_is_kept_once(database: Database, databases: Databases) -> None:
    for _ in range(2):
        await write(database, [b"1"])
    assert left(databases) == [("audit", "key0")]


async def test_other_destinations_are_left_alone(database: Database, databases: Databases) -> None:
    await write(database, [b"1"], destination="releaser")
    assert await relay_to(Receiver(), database).drain_once() == 0
    assert left(databases) == [("releaser", "key0")]


async def test_a_receiver_that_is_away_gets_everything_later(database: Database, databases: Databases) -> None:
    receiver = Receiver()
    receiver.before = lambda _: Unavailable("away") if len(receiver.calls) < 3 else None
    await write(database, numbered(range(5)))
    async with running(relay_to(receiver, database)):
        await until(lambda: not left(databases))
    assert receiver.kept == numbered(range(5))
    assert len(receiver.calls) == 3


async def test_an_answer_that_is_lost_means_twice_and_in_the_same_order(
    database: Database, databases: Databases
) -> None:
    receiver = Receiver()
    receiver.after = lambda _: Unavailable("lost") if len(receiver.calls) == 1 else None
    await write(database, numbered(range(5)))
    async with running(relay_to(receiver, database)):
        await until(lambda: not left(databases))
    assert receiver.calls == [numbered(range(5))] * 2


async def test_two_relays_at_once_keep_the_order(database: Database, databases: Databases) -> None:
    """In one process they share a connection, and PostgreSQL would give one session the same lock twice."""
    receiver = Receiver()
    relays = [relay_to(receiver, database) for _ in range(2)]
    async with running(*relays):
        for start in range(0, 60, 6):
            async with database.unscoped() as connection:
                await put(
                    connection,
                    *(Message("audit", f"key{number}", str(number).encode()) for number in range(start, start + 6)),
                )
            for relay in relays:
                relay.wake()
            await asyncio.sleep(0.01)
        await until(lambda: not left(databases))
    assert receiver.kept == numbered(range(60))
    assert len(receiver.calls) == len({tuple(call) for call in receiver.calls})


async def test_while_one_replica_is_at_it_another_has_nothing_to_do(database: Database, databases: Databases) -> None:
    receiver, other = Receiver(), Receiver()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(payloads: Sequence[bytes]) -> Sequence[int]:
        begun.set()
        await go_on.wait()
        return await receiver(payloads)

    await write(database, numbered(range(3)))
    replica = Database(
        databases.service_url("config"), password_file=databases.password_file("config"), service="config"
    )
    first = asyncio.create_task(relay_to(slow, database).drain_once())
    try:
        await begun.wait()
        assert await relay_to(other, replica).drain_once() == 0
        assert await relay_to(other, database).drain_once() == 0
        go_on.set()
        assert await first == 3
        assert await relay_to(other, replica).drain_once() == 0
    finally:
        await replica.close()
    assert (receiver.kept, other.calls) == (numbered(range(3)), [])


async def test_nothing_is_held_while_the_receiver_is_waited_for(database: Database, databases: Databases) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_payloads: Sequence[bytes]) -> None:
        begun.set()
        await go_on.wait()

    await write(database, numbered(range(3)))
    delivering = asyncio.create_task(relay_to(slow, database).drain_once())
    await begun.wait()
    held = databases.look(
        "config",
        """SELECT l.locktype, a.xact_start FROM pg_locks l JOIN pg_stat_activity a USING (pid)
           WHERE a.usename = 'config'""",
    )
    # A row can be locked, and another written, at once.
    async with database.unscoped() as connection:
        await connection.execute("SET LOCAL lock_timeout = '50ms'")
        await connection.execute("SELECT 1 FROM outbox FOR UPDATE")
        await put(connection, Message("audit", "more", b"more"))
    go_on.set()
    assert await delivering == 3
    assert held == [("advisory", None)]
    assert left(databases) == [("audit", "more")]


async def test_a_relay_that_is_stopped_in_the_middle_loses_nothing(database: Database, databases: Databases) -> None:
    begun = asyncio.Event()

    async def never(_payloads: Sequence[bytes]) -> None:
        begun.set()
        await asyncio.sleep(60)

    await write(database, numbered(range(3)))
    async with running(relay_to(never, database)):
        await begun.wait()
    assert len(left(databases)) == 3
    receiver = Receiver()
    await relay_to(receiver, database).drain_once()
    assert receiver.kept == numbered(range(3))


async def test_a_connection_that_dies_in_the_middle_means_twice_and_in_the_same_order(
    database: Database, databases: Databases
) -> None:
    receiver = Receiver()

    def die(_payloads: Sequence[bytes]) -> None:
        if len(receiver.calls) == 1:
            databases.look("config", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'config'")

    receiver.after = die
    await write(database, numbered(range(5)))
    async with running(relay_to(receiver, database)):
        await until(lambda: not left(databases))
    assert receiver.calls == [numbered(range(5))] * 2


async def test_a_sender_that_could_not_note_it_does_not_deliver(database: Database, databases: Databases) -> None:
    """A database that turns read-only: on a standby the same rows would be sent again and again."""
    receiver = Receiver()
    await write(database, numbered(range(5)))
    databases.turn_read_only("config", on=True)
    try:
        for _ in range(3):
            with suppress(Unavailable):
                await relay_to(receiver, database).drain_once()
    finally:
        databases.turn_read_only("config", on=False)
    assert receiver.calls == []
    async with running(relay_to(receiver, database)):
        await until(lambda: not left(databases))
    assert receiver.calls == [numbered(range(5))]


async def test_a_relay_for_left_overs_lets_young_ones_be(database: Database, databases: Databases) -> None:
    await write(database, [b"1"])
    relay = relay_to(Receiver(), database, older=3600.0)
    assert await relay.drain_once() == 0
    databases.look("config", "UPDATE outbox SET created_at = created_at - interval '2 hours'")
    assert await relay.drain_once() == 1
