"""The database layer on a real PostgreSQL: who sees whose rows, and what happens when the server goes away.

Covers: plans kept for one tenant are never used for another (CVE-2024-10976), a transaction without a tenant, reads
that share a round trip, connections that die. Uses config's tables, and their policies, as an example.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import psycopg
import pytest

from paaskit.db import Database, pool, see_tenant
from paaskit.errors import Internal, InvalidInput, Unavailable
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import PATIENCE, until

TENANTS = ("acme", "globex", "initech")
_NAMES = "SELECT name FROM apps WHERE name LIKE %s ORDER BY name"
_CONNECTIONS = "SELECT pid FROM pg_stat_activity WHERE usename = 'config' AND datname = 'config'"
_END_CONNECTIONS = _CONNECTIONS.replace("pid", "pg_terminate_backend(pid)", 1)


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """One connection of each kind to config's database, in which each tenant has three apps."""
    databases.empty("config")
    for tenant in TENANTS:
        databases.look(
            "config",
            """INSERT INTO apps (tenant, app_id, name, version, next_position, names, bytes)
               SELECT %s, %s || n, %s || n, 1, 0, 0, 0 FROM generate_series(1, 3) n""",
            (tenant, tenant, tenant),
        )
    database = Database(
        databases.service_url("config"),
        password_file=databases.password_file("config"),
        service="config",
        writers=1,
        readers=1,
    )
    await database.open()
    yield database
    await database.close()


def _expected(tenant: str) -> list[tuple[str]]:
    return [(f"{tenant}{number}",) for number in (1, 2, 3)]


async def test_a_plan_kept_for_one_tenant_is_not_used_for_another(database: Database) -> None:
    # Well past the five executions after which PostgreSQL may settle on a generic plan.
    for turn in range(45):
        tenant = TENANTS[turn % 3]
        assert await database.fetch(tenant, _NAMES, ("%",)) == _expected(tenant)
        async with database.transaction(tenant) as connection:
            cursor = await connection.execute(_NAMES, ("%",))
            assert await cursor.fetchall() == _expected(tenant)


async def test_many_at_once_on_one_connection_each_see_their_own(database: Database) -> None:
    tenants = [TENANTS[turn % 3] for turn in range(60)]
    found = await asyncio.gather(*(database.fetch(tenant, _NAMES, ("%",)) for tenant in tenants))
    assert found == [_expected(tenant) for tenant in tenants]


async def test_a_bad_read_fails_alone(database: Database) -> None:
    """Reads share a round trip, and PostgreSQL ends all of it at the first error."""
    reads = [database.fetch("acme", _NAMES, ("%",)) for _ in range(5)]
    bad = database.fetch("acme", "SELECT 1 / length(%s::text)", ("",))
    outcomes = await asyncio.gather(*reads[:3], bad, *reads[3:], return_exceptions=True)
    assert isinstance(outcomes.pop(3), psycopg.errors.DivisionByZero)
    assert outcomes == [_expected("acme")] * 5


async def test_without_a_tenant_nothing_is_seen_and_it_is_an_error(database: Database) -> None:
    with pytest.raises(psycopg.Error):
        async with database.unscoped() as connection:
            await connection.execute(_NAMES, ("%",))
    await database.fetch("acme", _NAMES, ("%",))
    # The same connection, which has seen a tenant.
    with pytest.raises(psycopg.Error):
        async with database.unscoped() as connection:
            await connection.execute(_NAMES, ("%",))


async def test_an_empty_tenant_is_refused_and_not_a_fault_of_ours(database: Database) -> None:
    """A message with one would otherwise come back for ever, and nobody learn that it is the message."""
    with pytest.raises(InvalidInput) as caught:
        await database.fetch("", _NAMES, ("%",))
    assert [violation.field for violation in caught.value.fields] == ["tenant"]
    with pytest.raises(InvalidInput):
        async with database.transaction("") as connection:
            await connection.execute(_NAMES, ("%",))
    with pytest.raises(InvalidInput):
        await database.execute_scoped("", _NAMES, ("%",))
    assert len(await database.fetch("acme", _NAMES, ("%",))) == 3


async def test_a_row_of_another_tenant_can_be_neither_written_nor_changed(database: Database) -> None:
    insert = """INSERT INTO apps (tenant, app_id, name, version, next_position, names, bytes)
                VALUES ('globex', 'x', 'x', 1, 0, 0, 0)"""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await database.fetch("acme", insert + " RETURNING 1")
    assert await database.fetch("acme", "UPDATE apps SET version = 9 WHERE tenant = 'globex' RETURNING 1") == []


async def test_a_statement_a_lock_and_an_idle_transaction_are_ended_by_the_server(database: Database) -> None:
    """Else one that hangs holds its locks, and with them everybody who comes after it, for ever."""
    settings = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    async with database.unscoped() as connection:
        shown = [await (await connection.execute(f"SHOW {name}".encode())).fetchone() for name in settings]
    assert shown == [("10s",), ("5s",), ("20s",)]


async def test_a_batch_may_go_from_tenant_to_tenant(database: Database) -> None:
    async with database.transaction("acme") as connection:
        await see_tenant(connection, "globex")
        cursor = await connection.execute(_NAMES, ("%",))
        assert await cursor.fetchall() == _expected("globex")


async def test_an_error_undoes_the_transaction(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction("acme") as connection:
            await connection.execute("UPDATE apps SET version = 9")
            await connection.execute("SELECT 1 / 0")

    with pytest.raises(psycopg.errors.DivisionByZero):
        await fail()
    assert await database.fetch("acme", "SELECT max(version) FROM apps") == [(1,)]


async def test_an_error_that_is_swallowed_undoes_the_transaction_as_well(database: Database) -> None:
    """What was not committed must not look as if it were."""

    async def fail() -> None:
        async with database.transaction("acme") as connection:
            await connection.execute("UPDATE apps SET version = 9")
            cursor = await connection.execute("SELECT 1 / length(%s::text)", ("",))
            with suppress(psycopg.errors.DivisionByZero):
                await cursor.fetchall()

    with pytest.raises(Unavailable):
        await fail()
    assert await database.fetch("acme", "SELECT max(version) FROM apps") == [(1,)]


async def test_a_commit_that_the_server_turns_into_a_rollback_is_an_error(database: Database) -> None:
    """PostgreSQL answers COMMIT with ROLLBACK, and no error, where the transaction had failed before."""

    async def fail() -> None:
        async with database.transaction("acme") as connection:
            await connection.execute("UPDATE apps SET version = 9")
            with suppress(psycopg.errors.DivisionByZero):
                async with connection.pipeline():  # its end gets the connection out of the failed pipeline
                    await connection.execute("SELECT 1 / length(%s::text)", ("",))

    with pytest.raises(Internal):
        await fail()
    assert await database.fetch("acme", "SELECT max(version) FROM apps") == [(1,)]


async def test_a_transaction_that_is_cancelled_is_undone(database: Database) -> None:
    async def change_and_wait() -> None:
        async with database.transaction("acme") as connection:
            await (await connection.execute("UPDATE apps SET version = 9 RETURNING names")).fetchall()
            await (await connection.execute("SELECT pg_sleep(5)")).fetchall()

    changing = asyncio.create_task(change_and_wait())
    await asyncio.sleep(0.2)
    changing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await changing
    async with database.transaction("acme") as connection:  # on the same connection, the only one
        assert await (await connection.execute("SELECT DISTINCT version FROM apps")).fetchall() == [(1,)]


async def test_connections_that_die_are_unavailable_and_then_replaced(database: Database, databases: Databases) -> None:
    sleeping = asyncio.ensure_future(database.fetch("acme", "SELECT pg_sleep(3600)"))
    await until(lambda: databases.look("config", f"{_CONNECTIONS} AND query LIKE '%%pg_sleep%%'"))
    assert databases.look("config", _END_CONNECTIONS)
    with pytest.raises(Unavailable) as caught:
        await sleeping
    assert caught.value.metadata == {"service": "config"}

    async def answers() -> bool:
        try:
            return await database.fetch("acme", _NAMES, ("%",)) == _expected("acme")
        except Unavailable:
            return False

    await until(answers)


async def test_idle_connections_that_died_cost_one_refusal_at_most(database: Database, databases: Databases) -> None:
    await database.execute("SELECT 1")
    assert databases.look("config", _END_CONNECTIONS)
    refused = 0
    for _ in range(5):
        try:
            await database.execute("SELECT 1")
        except Unavailable:
            refused += 1
            # Whoever is refused has all of them looked at.
            await until(lambda: database._replacing is None or database._replacing.done())
    assert refused <= 1


async def test_no_server_is_unavailable(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_WAIT_FOR_CONNECTION_SECONDS", 0.3)
    nowhere = Database(
        "postgresql://config@127.0.0.1:1/config",
        password_file=databases.password_file("config"),
        service="config",
    )
    await nowhere.open()
    try:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(Unavailable):
                await nowhere.execute("SELECT 1")
    finally:
        await nowhere.close()
