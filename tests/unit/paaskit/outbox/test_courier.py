"""The courier: the answer comes back, what it can't deliver is left to the relay, nothing is lost in between."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from paaskit.db import Database
from paaskit.errors import Internal, InvalidInput, MessageTooLarge, Unavailable
from paaskit.outbox import Courier
from paaskit.outbox.message import MAX_BYTES
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.unit.paaskit.outbox.receiver import Receiver, left, relay_to, write


def _courier(database: Database, receiver: Receiver) -> Courier:
    return Courier(database, destination="audit", deliver=receiver)


def _away() -> Database:
    """A database that is never asked."""
    return Database("postgresql://nobody@127.0.0.1:1/x", password_file=Path("/dev/null"), service="config")


async def test_the_answer_comes_back_and_the_row_goes(database: Database, databases: Databases) -> None:
    await write(database, [b"seven"])
    assert await _courier(database, Receiver()).send("key0", b"seven") == 5
    await until(lambda: not left(databases))


async def test_those_that_wait_go_together(database: Database) -> None:
    receiver = Receiver()
    courier = _courier(database, receiver)
    payloads = [b"x" * (number + 1) for number in range(300)]
    answers = await asyncio.gather(*(courier.send(f"key{len(payload)}", payload) for payload in payloads))
    assert answers == [len(payload) for payload in payloads]
    assert len(receiver.calls) <= 5
    assert max(len(call) for call in receiver.calls) <= 128


async def test_batches_are_bounded_by_bytes(database: Database) -> None:
    receiver = Receiver()
    courier = _courier(database, receiver)
    payloads = [bytes([number]) * (MAX_BYTES // 3) for number in range(20)]
    answers = await asyncio.gather(*(courier.send(f"key{payload[0]}", payload) for payload in payloads))
    assert answers == [len(payload) for payload in payloads]
    assert max(sum(map(len, call)) for call in receiver.calls) <= MAX_BYTES
    assert receiver.kept == payloads


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("away"),
        InvalidInput("bad"),
        MessageTooLarge("large"),
        Internal("refused", reason="PERMISSION_DENIED"),
        ValueError("a fault"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_can_t_be_delivered_is_left_to_the_relay(
    database: Database, databases: Databases, error: Exception
) -> None:
    receiver = Receiver()
    receiver.before = lambda _: error
    await write(database, [b"7"])
    assert await _courier(database, receiver).send("key0", b"7") is None
    assert left(databases) == [("audit", "key0")]
    receiver.before = lambda _: None
    await relay_to(receiver, database).drain_once()
    assert receiver.kept == [b"7"]


async def test_one_that_is_refused_takes_no_other_along() -> None:
    receiver = Receiver()
    receiver.before = lambda payloads: InvalidInput("bad") if b"bad" in payloads else None
    courier = _courier(_away(), receiver)
    answers = await asyncio.gather(*(courier.send(str(payload), payload) for payload in (b"1", b"12", b"bad", b"1234")))
    assert answers == [1, 2, None, 4]


async def test_too_few_answers_are_none() -> None:
    async def forgetful(payloads: Sequence[bytes]) -> Sequence[int]:
        return [1]

    courier = Courier(_away(), destination="audit", deliver=forgetful)
    answers = await asyncio.gather(*(courier.send(str(number), b"x") for number in range(3)))
    assert answers in ([1, None, None], [None, None, None])


async def test_one_who_no_longer_waits_takes_nobody_along() -> None:
    courier = _courier(_away(), Receiver())
    first = asyncio.ensure_future(courier.send("key1", b"1"))
    second = asyncio.ensure_future(courier.send("key2", b"22"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 2
    assert await courier.send("key3", b"333") == 3


async def test_nothing_is_sent_while_a_transaction_is_open(database: Database, databases: Databases) -> None:
    receiver = Receiver()
    courier = _courier(database, receiver)
    async with database.unscoped():
        with pytest.raises(Internal):
            await courier.send("key1", b"1")
    assert receiver.calls == []
