"""Remembered answers expire: of every tenant, in small batches, beside other replicas and changes.

With the real function in the database of each service that remembers any. What is remembered is tested with the write
path.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from paaskit.db import Database
from paaskit.requests import KEPT_HOURS, Expiry
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until

REMEMBERING = ("config", "releaser", "secrets", "tokens")
_REMEMBER = """
    INSERT INTO requests SELECT %s, 'request-' || i, 'me', 'Set', 'f', '{}',
        clock_timestamp() - make_interval(hours => %s) FROM generate_series(1, %s) i"""
_KEPT = "SELECT tenant, count(*) FROM requests GROUP BY tenant ORDER BY tenant"


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """One replica of config."""
    async with databases.open("config") as database:
        yield database


def _remember(databases: Databases, tenant: str, *, hours: int, rows: int = 1, service: str = "config") -> None:
    databases.look(service, _REMEMBER, (tenant, hours, rows))


@pytest.mark.parametrize("service", REMEMBERING)
async def test_what_is_older_than_a_day_goes_whoever_s_it_is(service: str, databases: Databases) -> None:
    async with databases.open(service) as database:
        for tenant, hours in (("acme", KEPT_HOURS + 1), ("idle", KEPT_HOURS + 1000), ("new", KEPT_HOURS - 1)):
            _remember(databases, tenant, hours=hours, rows=3, service=service)
        assert await Expiry(database).drop_some() == 6
        assert databases.look(service, _KEPT) == [("new", 3)]
        assert await Expiry(database).drop_some() == 0


async def test_it_goes_in_small_batches_the_oldest_first(database: Database, databases: Databases) -> None:
    _remember(databases, "older", hours=KEPT_HOURS + 2, rows=500)
    _remember(databases, "newer", hours=KEPT_HOURS + 1, rows=700)
    assert await Expiry(database).drop_some() == 500
    assert databases.look("config", _KEPT) == [("newer", 700)]
    assert [await Expiry(database).drop_some() for _ in range(3)] == [500, 200, 0]


async def test_many_go_one_batch_right_after_the_other(database: Database, databases: Databases) -> None:
    _remember(databases, "acme", hours=KEPT_HOURS + 1, rows=2500)
    running = asyncio.create_task(Expiry(database).run())
    try:
        await until(lambda: databases.look("config", _KEPT) == [])
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_one_replica_at_a_time(database: Database, databases: Databases) -> None:
    _remember(databases, "acme", hours=KEPT_HOURS + 1)
    async with databases.open_past_policies("config") as replica, replica.turn("requests"):
        assert await Expiry(database).drop_some() == 0
    assert await Expiry(database).drop_some() == 1


async def test_a_row_that_somebody_holds_is_left_for_later(database: Database, databases: Databases) -> None:
    _remember(databases, "acme", hours=KEPT_HOURS + 1)
    _remember(databases, "rival", hours=KEPT_HOURS + 1)
    with databases.superuser("config", autocommit=False) as holder:
        holder.execute("SELECT FROM requests WHERE tenant = 'acme' FOR UPDATE")
        assert await Expiry(database).drop_some() == 1
        holder.rollback()
    assert databases.look("config", _KEPT) == [("acme", 1)]


@pytest.mark.parametrize("service", REMEMBERING)
def test_the_function_s_owner_sees_what_has_expired_and_nothing_else(service: str, databases: Databases) -> None:
    databases.empty(service)
    _remember(databases, "acme", hours=KEPT_HOURS + 1, service=service)
    _remember(databases, "rival", hours=KEPT_HOURS - 1, service=service)
    with databases.superuser(service) as connection:
        connection.execute(f"SET ROLE {service}_owner".encode())
        assert connection.execute("SELECT tenant FROM requests").fetchall() == [("acme",)]
        assert connection.execute("DELETE FROM requests RETURNING tenant").fetchall() == [("acme",)]
