"""Turns: one holder over all replicas and within one, nothing held for others, over with the connection they are on."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from paaskit.db import Database
from paaskit.errors import Unavailable
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """One replica."""
    async with databases.open("config") as database:
        yield database


@pytest.fixture
async def replica(databases: Databases) -> AsyncIterator[Database]:
    """Another one."""
    async with databases.open("config") as database:
        yield database


async def test_one_replica_at_a_time(database: Database, replica: Database) -> None:
    async with database.turn("a") as mine:
        async with replica.turn("a") as theirs, replica.turn("b") as another:
            assert (mine is None, theirs is None, another is None) == (False, True, False)
        async with database.turn("a") as again:
            assert again is None
    async with replica.turn("a") as theirs:
        assert theirs is not None


async def test_many_turns_are_one_connection(database: Database, databases: Databases) -> None:
    async with database.turn("a") as a, database.turn("b") as b:
        assert a is not None
        assert b is not None
        pids = [(await turn.run("SELECT pg_backend_pid() AS pid"))[0].pid for turn in (a, b)]
        assert pids[0] == pids[1]
        # Side by side, as relays use it.
        many = await asyncio.gather(*(turn.run("SELECT %s::int AS n", (n,)) for n in range(20) for turn in (a, b)))
        assert [rows[0].n for rows in many] == [n for n in range(20) for _ in (a, b)]


async def test_each_statement_is_committed_by_itself(database: Database, databases: Databases) -> None:
    async with database.turn("a") as turn:
        assert turn is not None
        await turn.run("INSERT INTO outbox (destination, key, payload) VALUES ('x', 'k', '')")
        assert databases.look("config", "SELECT key FROM outbox") == [("k",)]
        assert await turn.run("DELETE FROM outbox") == []
        idle = "SELECT state, backend_xmin FROM pg_stat_activity WHERE pid = %s"
        pid = (await turn.run("SELECT pg_backend_pid() AS pid"))[0].pid
        assert databases.look("config", idle, (pid,)) == [("idle", None)]


async def test_a_turn_whose_connection_died_is_over(
    database: Database, replica: Database, databases: Databases
) -> None:
    async def lost() -> None:
        async with database.turn("a") as turn:
            assert turn is not None
            databases.look("config", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'config'")
            with pytest.raises(Unavailable):
                await turn.run("SELECT 1")
            # Nothing more can be done in its name, whoever has the turn now.
            async with replica.turn("a") as theirs:
                assert theirs is not None
                with pytest.raises(Unavailable):
                    await turn.run("SELECT 1")

    await lost()
    async with database.turn("a") as turn:
        assert turn is not None


async def test_what_goes_wrong_in_a_turn_gives_it_back(database: Database, replica: Database) -> None:
    async def fail() -> None:
        async with database.turn("a"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with replica.turn("a") as theirs:
        assert theirs is not None


@pytest.mark.parametrize("moment", range(12))
async def test_whoever_is_stopped_at_any_moment_keeps_no_turn(
    database: Database, replica: Database, moment: int
) -> None:
    """In the middle of taking it, holding it or giving it back; `moment` counts steps of the event loop."""

    async def take() -> None:
        async with database.turn("a") as turn:
            assert turn is not None
            await turn.run("SELECT 1")

    async with database.turn("warm"):
        pass
    task = asyncio.create_task(take())
    for _ in range(moment):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    async def gets_it(whose: Database) -> bool:
        async with whose.turn("a") as turn:
            return turn is not None

    # PostgreSQL sees a moment later that a connection was closed.
    await until(lambda: gets_it(replica))
    await until(lambda: gets_it(database))


async def test_a_database_that_is_read_only_gives_no_turn(database: Database, databases: Databases) -> None:
    databases.turn_read_only("config", on=True)
    try:
        with pytest.raises(Unavailable):
            async with database.turn("a"):
                pass
    finally:
        databases.turn_read_only("config", on=False)
    async with database.turn("a") as turn:
        assert turn is not None
