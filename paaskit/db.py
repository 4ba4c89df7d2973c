"""PostgreSQL: a pool, and transactions in which only one tenant's rows can be seen.

Row-level security reads `paas.tenant`, which is set for one transaction at a time and travels in the same round trip
as its statements. Stores own the SQL; this module must not know a table.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from paaskit.batching import Batcher
from paaskit.errors import PaasError, Unavailable

_SET_TENANT: Final = "SELECT set_config('paas.tenant', %s, true)"
_SET: Final = "SELECT set_config(%s, %s, true)"
# A statement that waits longer than a caller would is ended by the server, and with it the locks it holds. Generic
# plans, because planning anew for each array of parameters costs more than these statements do, and gains nothing:
# all of them go by an index. A plan made while a table was empty must say so as well, hence no sequential scans.
_OPTIONS: Final = (
    "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=20s"
    " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off"
)
# Less than the two seconds the gateway waits for tokens: better told that a database is away than not told at all.
_WAIT_FOR_CONNECTION_SECONDS: Final = 1.8
_MAX_CONNECTIONS: Final = 12

Connection = AsyncConnection[Any]
Row = Any
"""A named tuple: columns are read by their names, so that a statement and its reader can't come apart."""
Parameters = Sequence[Any] | Mapping[str, Any]
Statement = tuple[str, Parameters]


async def see_tenant(connection: Connection, tenant: str) -> None:
    """Have the rest of the transaction see `tenant` only, without a round trip. For batches over several tenants."""
    await connection.execute(_SET_TENANT, (tenant,))


class Database:
    """One database, reached with one login role. Errors of the connection are raised as Unavailable."""

    def __init__(self, url: str, *, password_file: Path, service: str, max_connections: int = _MAX_CONNECTIONS) -> None:
        self._service = service
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            make_conninfo(url, password=password_file.read_text().strip(), options=_OPTIONS, application_name=service),
            kwargs={"autocommit": True, "prepare_threshold": 0, "row_factory": namedtuple_row},
            min_size=1,
            max_size=max_connections,
            timeout=_WAIT_FOR_CONNECTION_SECONDS,
            reconnect_timeout=2.0,
            open=False,
        )
        # Small reads share a round trip; next to one that takes long, others get a connection of their own.
        self._reads: Batcher[Statement, list[Row]] = Batcher(self._read_all, largest=32, slow_seconds=0.01, at_once=4)
        self._checks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Start connecting. Does not wait: a service is up before its database, and says so per request."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, tenant: str) -> AsyncIterator[Connection]:
        """A transaction that sees `tenant` only. Statements are pipelined: a round trip per fetch, not each."""
        async with self._connection() as connection, connection.pipeline(), connection.transaction():
            await see_tenant(connection, tenant)
            yield connection

    @asynccontextmanager
    async def unscoped(self) -> AsyncIterator[Connection]:
        """A transaction without a tenant: tenant tables are empty to it. For outboxes and schedules."""
        async with self._connection() as connection, connection.transaction():
            yield connection

    async def fetch(self, tenant: str, statement: str, parameters: Parameters = ()) -> list[Row]:
        """Return the rows of one statement that sees `tenant` only, in a round trip it may share with others."""
        return await self._reads.submit(tenant, (statement, parameters))

    async def fetch_presenting(
        self, setting: str, value: str, *, statement: str, parameters: Sequence[Any]
    ) -> list[Row]:
        """Return the rows of one statement without a tenant, for a policy that reads `setting`, in one round trip."""
        async with self._connection() as connection:
            async with connection.pipeline():
                await connection.execute(_SET, (setting, value))
                cursor = await connection.execute(statement, parameters)
            return await cursor.fetchall()

    async def _read_all(self, tenant: str, statements: Sequence[Statement]) -> list[list[Row]]:
        async with self._connection() as connection:
            async with connection.pipeline():
                await see_tenant(connection, tenant)
                cursors = [await connection.execute(statement, parameters) for statement, parameters in statements]
            # After the pipeline's end, which waits for everything at once; inside, each would be a wait of its own.
            return [await cursor.fetchall() for cursor in cursors]

    async def execute(self, statement: str, parameters: Parameters = ()) -> None:
        """Run one statement without a tenant, as a transaction of its own. For outboxes and schedules."""
        async with self._connection() as connection:
            await connection.execute(statement, parameters)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        with self._translated():
            async with self._pool.connection() as connection:
                yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what PostgreSQL being away, busy or restarting looks like into Unavailable."""
        try:
            yield
        except PaasError:
            raise
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.PipelineAborted, PoolTimeout) as error:
            # After a restart of the server every idle connection is dead; have the pool replace them now.
            task = asyncio.ensure_future(self._check())
            self._checks.add(task)
            task.add_done_callback(self._checks.discard)
            raise Unavailable(
                f"The database of {self._service} cannot be reached now. Try again in a moment.",
                metadata={"service": self._service},
            ) from error

    async def _check(self) -> None:
        if len(self._checks) > 1 or self._pool.closed:
            return
        await self._pool.check()
