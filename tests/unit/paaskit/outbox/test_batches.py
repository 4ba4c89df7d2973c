"""Batches are bounded by rows and by bytes, always have a row, and load no more than they have."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paaskit.db import Database
from paaskit.outbox import Message
from paaskit.outbox.message import MAX_BYTES, MAX_ROWS, batches
from paaskit.outbox.rows import Rows
from tests.fixtures.postgres import Databases
from tests.unit.paaskit.outbox.receiver import Receiver, left, relay_to, write


@pytest.mark.parametrize(
    ("sizes", "taken"),
    [
        ([10] * 450, [200, 200, 50]),
        ([60_000] * 10, [4, 4, 2]),
        ([MAX_BYTES], [1]),
        ([MAX_BYTES + 1, 1, 1], [1, 2]),
        ([1, MAX_BYTES, 1], [1, 1, 1]),
        ([MAX_BYTES - 1, 1, 1], [2, 1]),
        ([3 * MAX_BYTES] * 3, [1, 1, 1]),
    ],
    ids=["small", "large", "just fits", "too large", "in the middle", "to the byte", "all too large"],
)
async def test_a_relay_takes_what_fits(
    sizes: Sequence[int], taken: Sequence[int], database: Database, databases: Databases
) -> None:
    receiver = Receiver()
    payloads = [place.to_bytes(2, "big") * (size // 2) + b"x" * (size % 2) for place, size in enumerate(sizes)]
    await write(database, payloads)
    relay = relay_to(receiver, database)
    while await relay.drain_once():
        pass
    assert [len(call) for call in receiver.calls] == taken
    assert receiver.kept == list(dict.fromkeys(payloads))
    assert left(databases) == []


async def test_whether_there_is_more_is_known(database: Database) -> None:
    await write(database, [b"x"] * MAX_ROWS)
    async with database.turn("test") as turn:
        assert turn is not None
        rows = Rows(turn, "audit")
        assert not (await rows.next(younger_than_seconds=0.0)).more
        await turn.run("INSERT INTO outbox (destination, key, payload) VALUES ('audit', 'one more', 'x')")
        batch = await rows.next(younger_than_seconds=0.0)
        assert (len(batch.rows), batch.more) == (MAX_ROWS, True)


async def test_payloads_that_don_t_fit_are_not_read(database: Database, databases: Databases) -> None:
    """Their sizes are known without them: PostgreSQL keeps large values apart from their row."""
    databases.look("config", "TRUNCATE outbox")  # rows of other tests that are gone are blocks as well
    databases.look(
        "config",
        """INSERT INTO outbox (destination, key, payload)
           SELECT 'audit', n::text,
                  (SELECT string_agg(sha512((n || '/' || m)::bytea), '') FROM generate_series(1, 1600) m)
           FROM generate_series(1, 100) n""",
    )
    read = "SELECT coalesce(sum(heap_blks_read + heap_blks_hit + toast_blks_read + toast_blks_hit), 0) FROM {}"
    blocks = read.format("pg_statio_all_tables") + " WHERE relname = 'outbox'"
    flush = "SELECT pg_stat_force_next_flush()"
    databases.look("config", flush)  # what the rows above have cost is counted before it starts
    async with database.turn("test") as turn:
        assert turn is not None
        await turn.run(flush)
        before = databases.look("config", blocks)[0][0]
        batch = await Rows(turn, "audit").next(younger_than_seconds=0.0)
        await turn.run(flush)
        await turn.run("SELECT 1")
    assert [len(row.payload) for row in batch.rows] == [102_400, 102_400]
    assert batch.more
    # 100 KiB are 13 blocks of 8 KiB, and a few more lead there; all hundred are more than 1,300.
    assert databases.look("config", blocks)[0][0] - before < 200


@given(st.lists(st.integers(0, 12), max_size=40), st.integers(1, 20))
def test_a_courier_s_batches(sizes: Sequence[int], most: int) -> None:
    messages = [Message("audit", str(place), b"x" * size) for place, size in enumerate(sizes)]
    made = list(batches(messages, most_bytes=most))
    assert [message for batch in made for message in batch] == messages
    assert all(len(batch) == 1 or sum(len(message.payload) for message in batch) <= most for batch in made)
    assert all(made)
