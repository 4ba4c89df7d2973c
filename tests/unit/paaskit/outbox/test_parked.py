"""Rows that are parked: kept with their destination and why, seen everywhere, given back in their place.

Covers: the log, the metrics and what the operator is told; giving back; rows that an earlier version refused.
"""

from collections.abc import Iterator, Sequence

import pytest
from paas.operations.v1 import operations_pb2
from structlog.testing import capture_logs

from paaskit import metrics
from paaskit.db import Database
from paaskit.errors import InvalidInput
from paaskit.operations import OperationsInternalServicer
from paaskit.outbox import Outbox
from paaskit.outbox.standing import REMIND_EVERY_SECONDS
from tests.fixtures.postgres import Databases, Earlier
from tests.unit.paaskit.outbox.receiver import Receiver, left, numbered, parked, relay_to, write


def _refusing(*refused: bytes) -> Receiver:
    receiver = Receiver()
    receiver.before = lambda payloads: InvalidInput("No.", reason="BAD_EVENT") if set(refused) & set(payloads) else None
    return receiver


async def _park(database: Database, *refused: bytes, of: Sequence[bytes]) -> Receiver:
    receiver = _refusing(*refused)
    await write(database, of)
    while await relay_to(receiver, database).drain_once():
        pass
    return receiver


def _metric(name: str, destination: str) -> float | None:
    return metrics.REGISTRY.get_sample_value(name, {"destination": destination})


async def test_a_parked_row_keeps_its_destination_and_says_why(database: Database, databases: Databases) -> None:
    with capture_logs() as logged:
        receiver = await _park(database, b"2", of=numbered(range(5)))
    assert receiver.kept == numbered([0, 1, 3, 4])
    assert parked(databases) == [("audit", "key2", "BAD_EVENT")]
    assert [(line["log_level"], line["reason"]) for line in logged if line["event"] == "outbox_message_parked"] == [
        ("error", "BAD_EVENT")
    ]
    assert databases.look("config", "SELECT parked_at > now() - interval '1 minute' FROM outbox") == [(True,)]


async def test_given_back_it_goes_before_what_waits(database: Database, databases: Databases) -> None:
    receiver = await _park(database, b"2", of=numbered(range(5)))
    await write(database, [b"never", b"mind", b"these", b"are", b"kept", b"later"])
    assert await Outbox(database).give_back() == 1
    assert parked(databases) == []
    receiver.before = lambda _: None
    await relay_to(receiver, database).drain_once()
    # What was delivered in the meantime stays before it; key0 to key4 but key2 are new rows, after it.
    assert receiver.kept == [*numbered([0, 1, 3, 4, 2]), b"never", b"mind", b"are", b"kept", b"later"]


async def test_given_back_for_nothing_it_is_parked_again(database: Database, databases: Databases) -> None:
    receiver = await _park(database, b"2", of=numbered(range(5)))
    await Outbox(database).give_back()
    assert await relay_to(receiver, database).drain_once() == 1
    assert parked(databases) == [("audit", "key2", "BAD_EVENT")]


async def test_only_one_destination_is_given_back(database: Database, databases: Databases) -> None:
    await _park(database, b"1", of=[b"1"])
    databases.look("config", "INSERT INTO outbox (destination, key, payload) VALUES ('other', 'waits', '')")
    databases.look(
        "config",
        """INSERT INTO outbox (destination, key, payload, parked_at, parked_reason)
           VALUES ('releaser', 'k', '', now(), 'X')""",
    )
    outbox = Outbox(database)
    assert await outbox.give_back("nobody") == 0
    assert await outbox.give_back("releaser") == 1
    assert parked(databases) == [("audit", "key0", "BAD_EVENT")]
    assert await outbox.give_back() == 1
    assert await outbox.give_back() == 0


async def test_the_operator_is_told_and_gives_back(database: Database, databases: Databases) -> None:
    await _park(database, b"1", b"2", of=numbered(range(5)))
    databases.look(
        "config",
        """INSERT INTO outbox (destination, key, payload, created_at) VALUES
           ('audit', 'old', '', now() - interval '1 hour'), ('releaser', 'new', '', now())""",
    )
    servicer = OperationsInternalServicer(Outbox(database))
    answer = await servicer.GetOutbox(operations_pb2.GetOutboxRequest(), None)
    audit, releaser = answer.standings
    assert (audit.destination, audit.waiting, 3600 <= audit.oldest.seconds < 3660) == ("audit", 1, True)
    assert [(each.reason, each.rows, each.oldest.seconds < 60) for each in audit.parked] == [("BAD_EVENT", 2, True)]
    assert (releaser.destination, releaser.waiting, list(releaser.parked)) == ("releaser", 1, [])
    given = await servicer.GiveBackParked(operations_pb2.GiveBackParkedRequest(), None)
    assert given.rows == 2
    assert [key for _, key in left(databases)] == ["key1", "key2", "old", "new"]


async def test_the_log_says_so_until_none_is_parked(database: Database) -> None:
    now = [1000.0]
    outbox = Outbox(database, monotonic=lambda: now[0])

    async def said() -> list[tuple[str, str, int]]:
        with capture_logs() as logged:
            outbox.show(await outbox.standings())
        return [
            (line["log_level"], line["reason"], line["rows"])
            for line in logged
            if line["event"] == "outbox_rows_parked"
        ]

    assert await said() == []
    await _park(database, b"1", b"2", of=numbered(range(5)))
    assert await said() == [("error", "BAD_EVENT", 2)]
    now[0] += REMIND_EVERY_SECONDS - 1
    assert await said() == []
    now[0] += 1
    assert await said() == [("error", "BAD_EVENT", 2)]
    await outbox.give_back()
    now[0] += REMIND_EVERY_SECONDS
    assert await said() == []


async def test_metrics_count_what_waits_is_parked_delivered_and_failed(database: Database) -> None:
    delivered = _metric("paas_outbox_delivered_total", "audit") or 0
    await _park(database, b"1", of=numbered(range(5)))
    await write(database, [b"a", b"b"], destination="releaser")
    outbox = Outbox(database)
    outbox.show(await outbox.standings())
    assert (_metric("paas_outbox_rows", "audit"), _metric("paas_outbox_parked", "audit")) == (0, 1)
    assert (_metric("paas_outbox_rows", "releaser"), _metric("paas_outbox_parked", "releaser")) == (2, 0)
    assert _metric("paas_outbox_oldest_seconds", "audit") == 0
    assert (_metric("paas_outbox_oldest_seconds", "releaser") or 0) > 0
    assert _metric("paas_outbox_delivered_total", "audit") == delivered + 4
    labels = {"destination": "audit", "reason": "BAD_EVENT"}
    assert metrics.REGISTRY.get_sample_value("paas_outbox_failed_total", labels)
    await outbox.give_back()
    for destination in ("audit", "releaser"):
        await relay_to(Receiver(), database).drain_once()
        async with database.unscoped() as connection:
            await connection.execute("DELETE FROM outbox WHERE destination = %s", (destination,))
    # What is gone is shown as nothing, and not as it last was.
    outbox.show(await outbox.standings())
    assert [_metric("paas_outbox_rows", each) for each in ("audit", "releaser")] == [0, 0]
    assert _metric("paas_outbox_parked", "audit") == 0


@pytest.fixture(params=["config", "secrets", "tokens", "releaser"])
def earlier(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Earlier]:
    """A database as it was before there were parked rows."""
    with databases.earlier(request.param, revision="0001") as earlier:
        yield earlier


async def test_rows_that_were_refused_before_come_back_as_parked_rows(earlier: Earlier) -> None:
    earlier.look(
        """INSERT INTO outbox (destination, key, payload) VALUES
           ('refused:audit', 'a', 'x'), ('audit', 'b', 'x'), ('refused:audit', 'c', 'x'), ('audit', 'c', 'again'),
           ('refused:releaser', 'a', 'x')"""
    )
    earlier.upgrade()
    rows = earlier.look("SELECT destination, key, parked_at IS NOT NULL, parked_reason FROM outbox ORDER BY id")
    assert rows == [
        ("audit", "a", True, "REFUSED_BEFORE"),
        ("audit", "b", False, None),
        ("audit", "c", False, None),
        ("releaser", "a", True, "REFUSED_BEFORE"),
    ]
