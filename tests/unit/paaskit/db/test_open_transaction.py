"""Nothing goes over the network while a transaction is open: who notices, and who is not meant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from paas.audit.v1 import audit_pb2, audit_pb2_grpc
from structlog.testing import capture_logs

from paaskit.channels import call
from paaskit.db import Connection, Database, refuse_in_transaction
from paaskit.errors import Internal, Unavailable
from tests.fixtures.postgres import Databases
from tests.fixtures.tls import Certificates


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """The database of config."""
    async with databases.open("config") as database:
        yield database


@pytest.mark.parametrize("kind", ["transaction", "unscoped"])
async def test_a_call_in_a_transaction_is_refused(database: Database, tls: Certificates, kind: str) -> None:
    async with tls.channel("127.0.0.1:1", service="audit", caller="config") as channel:
        stub = audit_pb2_grpc.AuditInternalServiceStub(channel)

        async def ask() -> None:
            await call(stub.AppendEvents, audit_pb2.AppendEventsRequest(), service="audit", timeout=1)

        async with database.transaction("acme") if kind == "transaction" else database.unscoped():
            with capture_logs() as logged, pytest.raises(Internal):
                await ask()
        assert [(line["event"], line["log_level"], line["what"]) for line in logged] == [
            ("call_in_transaction", "error", "audit")
        ]
        # After it, the call is made, and finds nobody there.
        with pytest.raises(Unavailable):
            await ask()


async def test_what_was_written_before_is_undone(database: Database, databases: Databases) -> None:
    async def write_and_call() -> None:
        async with database.unscoped() as connection:
            await connection.execute("INSERT INTO outbox (destination, key, payload) VALUES ('x', 'k', '')")
            refuse_in_transaction("kms")

    with pytest.raises(Internal):
        await write_and_call()
    assert databases.look("config", "SELECT count(*) FROM outbox") == [(0,)]


async def test_a_task_that_is_started_inside_and_waited_for_is_refused(database: Database) -> None:
    async def ask() -> None:
        refuse_in_transaction("audit")

    async with database.unscoped():
        outcomes = await asyncio.gather(ask(), asyncio.create_task(ask()), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Internal, Internal]


async def test_a_task_that_is_started_inside_and_goes_on_after_it_is_not(database: Database) -> None:
    ended = asyncio.Event()

    async def ask_later() -> None:
        await ended.wait()
        refuse_in_transaction("audit")

    async with database.unscoped():
        task = asyncio.create_task(ask_later())
    ended.set()
    await task


async def test_another_task_s_transaction_is_not_meant(database: Database) -> None:
    opened, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with database.unscoped():
            opened.set()
            await done.wait()

    task = asyncio.create_task(hold())
    await opened.wait()
    refuse_in_transaction("audit")
    done.set()
    await task


async def test_a_transaction_inside_another_does_not_end_the_outer_one(database: Database) -> None:
    async with database.unscoped():
        async with database.unscoped():
            pass
        with pytest.raises(Internal):
            refuse_in_transaction("audit")
    refuse_in_transaction("audit")


async def test_a_transaction_behind_another_manager_is_meant(database: Database) -> None:
    @asynccontextmanager
    async def locked() -> AsyncIterator[Connection]:
        async with database.transaction("acme") as connection:
            yield connection

    async with locked():
        with pytest.raises(Internal):
            refuse_in_transaction("audit")
    refuse_in_transaction("audit")


async def test_one_that_failed_is_over(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction("acme"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    refuse_in_transaction("audit")


async def test_reads_and_turns_are_not_meant(database: Database) -> None:
    await database.fetch("acme", "SELECT 1")
    refuse_in_transaction("audit")
    async with database.turn("x"):
        refuse_in_transaction("audit")
