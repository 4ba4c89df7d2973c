"""What a failing PostgreSQL is to callers: away, busy, read-only or not ready; and how connections heal afterwards.

Every failure here is made on a real server. Leaves out a server that is gone (test_database).
"""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg.types.json import Jsonb
from structlog.testing import capture_logs

from paaskit import metrics
from paaskit.db import Database, pool
from paaskit.db.failures import failure_of
from paaskit.errors import InvalidInput, Unavailable
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import PATIENCE, until

_SLEEPING = "SELECT pid FROM pg_stat_activity WHERE usename = 'config' AND query LIKE '%pg_sleep%' AND state = 'active'"
_INSERT = "INSERT INTO outbox (destination, key, payload) VALUES ('audit', %s, '')"


@pytest.fixture
async def database(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """The database of config, its outbox empty; however long it takes to connect to it."""
    monkeypatch.setattr(pool, "_WAIT_FOR_CONNECTION_SECONDS", PATIENCE)
    async with databases.open("config") as database:
        yield database


async def _refusal(database: Database, statement: str) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        await database.execute(statement)
    assert caught.value.metadata == {"service": "config"}
    return caught.value


@pytest.mark.parametrize(
    ("statement", "reason", "said"),
    [
        ("UPDATE outbox SET destination = 'x'", "NOT_READY", "is not set up for this yet"),
        ("SELECT * FROM a_table_of_tomorrow", "NOT_READY", "is not set up for this yet"),
        ("SELECT a_column_of_tomorrow FROM outbox", "NOT_READY", "is not set up for this yet"),
        ("DO $$ BEGIN RAISE SQLSTATE '25006'; END $$", "READ_ONLY", "takes no changes now"),
        ("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", "READ_ONLY", "takes no changes now"),
        ("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", "BUSY", "is busy"),
        ("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", "BUSY", "is busy"),
        ("DO $$ BEGIN RAISE SQLSTATE '55P03'; END $$", "BUSY", "is busy"),
        ("DO $$ BEGIN RAISE SQLSTATE '57014'; END $$", "BUSY", "is busy"),
        ("DO $$ BEGIN RAISE SQLSTATE '53300'; END $$", "BUSY", "is busy"),
        ("DO $$ BEGIN RAISE SQLSTATE '57P01'; END $$", "UNAVAILABLE", "cannot be reached now"),
        ("DO $$ BEGIN RAISE SQLSTATE '57P03'; END $$", "UNAVAILABLE", "cannot be reached now"),
        ("DO $$ BEGIN RAISE SQLSTATE '25P03'; END $$", "UNAVAILABLE", "cannot be reached now"),
        ("DO $$ BEGIN RAISE SQLSTATE '58030'; END $$", "UNAVAILABLE", "cannot be reached now"),
    ],
)
async def test_what_callers_are_told(database: Database, statement: str, reason: str, said: str) -> None:
    error = await _refusal(database, statement)
    assert (error.reason, error.message) == (reason, f"The database of config {said}. Try again in a moment.")


@pytest.mark.parametrize("sqlstate", ["22012", "23505", "42601", "42804", "22P02", "P0001"])
async def test_a_fault_of_a_statement_is_no_matter_of_waiting(database: Database, sqlstate: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        await database.execute(f"DO $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$")
    assert failure_of(caught.value) is None


@pytest.mark.parametrize("parameter", ["a\0b", ["a", "b\0c"], Jsonb([{"name": "a\0b"}])], ids=["text", "array", "json"])
async def test_a_text_that_no_column_can_hold_is_a_fault_of_the_request(database: Database, parameter: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        async with database.transaction("acme") as connection:
            await connection.execute("SELECT %s", (parameter,))
    assert "a\0b" not in caught.value.message
    with pytest.raises(InvalidInput):
        await database.execute("SELECT %s", (parameter,))
    await database.execute("SELECT 1")


async def test_the_cause_is_logged_without_a_value(database: Database) -> None:
    with capture_logs() as logged:
        await _refusal(database, "UPDATE outbox SET key = 'a value'")
        await _refusal(database, "DO $$ BEGIN RAISE SQLSTATE '40001' USING MESSAGE = 'a value'; END $$")
    assert [(line["event"], line["kind"], line["sqlstate"], line["log_level"]) for line in logged] == [
        ("database_refuses", "InsufficientPrivilege", "42501", "error"),
        ("database_unavailable", "SerializationFailure", "40001", "warning"),
    ]
    assert "a value" not in str(logged)


async def test_a_database_that_turned_read_only_is_read_and_then_written_again(
    database: Database, databases: Databases
) -> None:
    await database.execute(_INSERT, ("before",))
    databases.turn_read_only("config", on=True)
    try:
        reasons = []
        for _ in range(6):
            error = await _refusal_of_insert(database)
            reasons.append(error.reason)
            # Whoever is refused has all connections looked at.
            await until(lambda: database._replacing is None or database._replacing.done())
        # The sessions that ended with it are away; those made since know better.
        assert set(reasons[2:]) == {"READ_ONLY"}
        assert await database.fetch_unscoped("SELECT key FROM outbox") == [("before",)]
    finally:
        databases.turn_read_only_for_new_sessions("config", on=False)
    # Sessions made while it was read-only stay so for as long as they live. They are replaced, all of them.
    async with asyncio.timeout(PATIENCE):
        while True:
            inserts = (database.execute(_INSERT, (f"after {turn}",)) for turn in range(20))
            if not any(await asyncio.gather(*inserts, return_exceptions=True)):
                break
            databases.look("config", "DELETE FROM outbox")
            await asyncio.sleep(0.1)


async def _refusal_of_insert(database: Database) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        await database.execute(_INSERT, ("during",))
    return caught.value


async def test_a_transaction_on_a_read_only_database_is_read_only(database: Database, databases: Databases) -> None:
    """Pipelined statements fail where they are waited for, and the reason must not be lost on the way."""
    databases.turn_read_only("config", on=True)
    try:
        reasons = set()
        for _ in range(4):
            try:
                async with database.transaction("acme") as connection:
                    await connection.execute(_INSERT, ("x",))
                    cursor = await connection.execute("SELECT 1 AS one")
                    await cursor.fetchone()
            except Unavailable as error:
                reasons.add(error.reason)
        assert "READ_ONLY" in reasons
    finally:
        databases.turn_read_only("config", on=False)


async def test_writers_that_wait_leave_reads_their_connections(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_WAIT_FOR_CONNECTION_SECONDS", 1.8)
    database = Database(
        databases.service_url("config"),
        password_file=databases.password_file("config"),
        service="config",
        writers=2,
        readers=1,
    )
    await database.open()
    try:
        async with database.unscoped(), database.transaction("acme"):
            assert await database.fetch("acme", "SELECT 1 AS one") == [(1,)]
            presented = await database.fetch_presenting("paas.x", "y", statement="SELECT 1 AS one", parameters=())
            assert presented == [(1,)]
            assert await database.fetch_unscoped("SELECT 1 AS one") == [(1,)]
            async with database.turn("still") as turn:
                assert turn is not None
            error = await _refusal(database, "SELECT 1")
        assert (error.reason, error.message) == ("BUSY", "The database of config is busy. Try again in a moment.")
        await database.execute("SELECT 1")
    finally:
        await database.close()


async def test_readers_that_wait_leave_writers_their_connections(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_WAIT_FOR_CONNECTION_SECONDS", 1.8)
    database = Database(
        databases.service_url("config"),
        password_file=databases.password_file("config"),
        service="config",
        writers=1,
        readers=1,
    )
    await database.open()
    try:
        slow = asyncio.create_task(database.fetch_unscoped("SELECT pg_sleep(9)"))
        await until(lambda: databases.look("config", _SLEEPING))
        await database.execute("SELECT 1")
        with pytest.raises(Unavailable) as caught:
            await database.fetch("acme", "SELECT 1")
        assert caught.value.reason == "BUSY"
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)
    finally:
        await database.close()


async def test_rows_are_read_by_name_and_by_place(database: Database) -> None:
    (row,) = await database.fetch("acme", "SELECT 1 AS first, 'x' AS second")
    assert (row.first, row.second, row[0]) == (1, "x", 1)
    first, second = row
    assert (first, second) == row


async def test_waits_for_connections_are_counted_by_pool_in_vain_or_not(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_WAIT_FOR_CONNECTION_SECONDS", PATIENCE)

    def shown(name: str, kind: str) -> float:
        return metrics.REGISTRY.get_sample_value(name, {"pool": kind}) or 0

    database = Database(
        databases.service_url("config"),
        password_file=databases.password_file("config"),
        service="config",
        writers=1,
        readers=1,
        purpose="counted",
    )
    await database.open()
    try:
        await database.fetch_unscoped("SELECT 1 AS one")
        async with database.unscoped():
            assert shown("paas_database_connections_in_use", "counted_writers") == 1
            assert shown("paas_database_wait_seconds_count", "counted_writers") == 1
            database._writers._pool.timeout = 0.3  # now that they are connected
            await _refusal(database, "SELECT 1")
    finally:
        await database.close()
    assert shown("paas_database_connections_in_use", "counted_writers") == 0
    assert shown("paas_database_connections_most", "counted_writers") == 1
    assert shown("paas_database_wait_seconds_count", "counted_writers") == 2, "the second waited in vain"
    assert shown("paas_database_wait_seconds_count", "counted_readers") == 1
