"""Where a service dies: at random, inside a transaction, while it commits, or the moment after its commit.

PostgreSQL itself says where a service is. Triggers on the table that every change of a service writes to wait for a
lock that the test may hold, before the row is written or at the commit, and notify the test once it is committed.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final, LiteralString

import psycopg

from local.stack import Stack
from tests.e2e.installation import superuser

SERVICES: Final = ("config", "secrets", "tokens", "audit", "releaser")
# The table that every change of a service writes to.
_WRITTEN: Final[dict[str, LiteralString]] = {
    "config": "outbox",
    "secrets": "outbox",
    "tokens": "outbox",
    "audit": "events",
    "releaser": "outbox",
}
_INSIDE_LOCK: Final = 71_001
_COMMIT_LOCK: Final = 71_002
# Seconds to wait for a service to come to a point; it may have nothing to write just then. Well under lock_timeout.
_COMES_WITHIN: Final = 2.5

_INSTALL: Final[LiteralString] = """
    CREATE FUNCTION crash_point() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(TG_ARGV[0]::bigint);
        IF TG_ARGV[1] = 'tell' THEN PERFORM pg_notify('crash_point', ''); END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER crash_inside BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION crash_point('71001', '');
    CREATE CONSTRAINT TRIGGER crash_commit AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION crash_point('71002', 'tell')"""
_REMOVE: Final[LiteralString] = """
    DROP TRIGGER IF EXISTS crash_inside ON {table}; DROP TRIGGER IF EXISTS crash_commit ON {table};
    DROP FUNCTION IF EXISTS crash_point()"""
_WAITING: Final = """
    SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""


class Point(StrEnum):
    """Where a service is when it dies."""

    RANDOM = "at random"
    INSIDE = "inside a transaction"
    COMMITTING = "while it commits"
    COMMITTED = "just after its commit"


@contextmanager
def installed(stack: Stack) -> Iterator[None]:
    """The triggers in every service's database, for the length of the block."""
    for service, table in _WRITTEN.items():
        with superuser(stack, service) as connection:
            connection.execute(psycopg.sql.SQL(_REMOVE).format(table=psycopg.sql.Identifier(table)))
            connection.execute(psycopg.sql.SQL(_INSTALL).format(table=psycopg.sql.Identifier(table)))
    try:
        yield
    finally:
        for service, table in _WRITTEN.items():
            with superuser(stack, service) as connection:
                connection.execute(psycopg.sql.SQL(_REMOVE).format(table=psycopg.sql.Identifier(table)))


def kill(stack: Stack, service: str, point: Point, *, choice: random.Random) -> bool:
    """Kill a service with SIGKILL at `point` and start it again; return whether it had come there in time."""
    came = True
    match point:
        case Point.RANDOM:
            time.sleep(choice.uniform(0.0, 0.5))
            stack.kill_part(service)
        case Point.COMMITTED:
            with superuser(stack, service) as connection:
                connection.execute("LISTEN crash_point")
                came = any(True for _ in connection.notifies(timeout=_COMES_WITHIN, stop_after=1))
                stack.kill_part(service)
        case Point.INSIDE | Point.COMMITTING:
            key = _INSIDE_LOCK if point is Point.INSIDE else _COMMIT_LOCK
            with superuser(stack, service) as connection:
                connection.execute("SELECT pg_advisory_lock(%s)", (key,))
                came = _comes(connection, key)
                stack.kill_part(service)
    # At once, where the supervisor would wait longer each time.
    stack.start_part(service)
    return came


def _comes(connection: psycopg.Connection[tuple[object, ...]], key: int) -> bool:
    until = time.monotonic() + _COMES_WITHIN
    while time.monotonic() < until:
        if connection.execute(_WAITING, (key,)).fetchone() == (True,):
            return True
        time.sleep(0.005)
    return False


@contextmanager
def read_only(stack: Stack, database: str) -> Iterator[None]:
    """A database that has failed over to a standby: readable, with every old connection cut, until the block ends."""
    name = psycopg.sql.Identifier(database)
    _switch(stack, psycopg.sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name), database)
    try:
        yield
    finally:
        reset = psycopg.sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(name)
        _switch(stack, reset, database)


def _switch(stack: Stack, statement: psycopg.sql.Composed, database: str) -> None:
    with superuser(stack, "postgres") as connection:
        connection.execute(statement)
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,))
