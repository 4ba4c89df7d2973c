"""One service's database: who may use which connections, and transactions in which only one tenant's rows are seen.

Row-level security reads `paas.tenant`, which is set for one transaction at a time and travels in the same round trip
as its statements. Stores own the SQL; this module must not know a table.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from contextvars import Context
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus

from paaskit.batching import Batcher
from paaskit.db.failures import READ_ONLY, Failure
from paaskit.db.open_transaction import noted
from paaskit.db.pool import Connection, Pool, conninfo_of
from paaskit.db.turns import Turn, Turns
from paaskit.errors import FieldViolation, Internal, InvalidInput, Unavailable

_BEGIN: Final = "BEGIN"
_COMMIT: Final = "COMMIT"
_SET_TENANT: Final = "SELECT set_config('paas.tenant', %s, true)"
_SET: Final = "SELECT set_config(%s, %s, true)"
_ANSWER: Final = "SELECT 1"
WRITERS: Final = 10
READERS: Final = 6
"""With one connection for turns that is 17 a replica; five services with one replica each stay below the hundred that
PostgreSQL admits by default."""
_RENEW_EVERY_SECONDS: Final = 0.5

Row = Any
"""A named tuple: columns are read by their names, so that a statement and its reader can't come apart."""
Parameters = Sequence[Any] | Mapping[str, Any]
Statement = tuple[str, Parameters]


async def see_tenant(connection: Connection, tenant: str) -> None:
    """Have the rest of the transaction see `tenant` only, without a round trip. For batches over several tenants.

    Raises InvalidInput for an empty one: whoever sent it would get the same refusal for ever.
    """
    if not tenant:
        raise InvalidInput("A tenant is required.", fields=[FieldViolation("tenant", "is required")])
    if connection.sees != tenant:
        await connection.execute(_SET_TENANT, (tenant,))
        connection.sees = tenant


async def _see_first(connection: Connection, tenant: str) -> None:
    """The same at the beginning of a transaction, which sees nobody yet, whatever the one before it saw."""
    connection.sees = None
    await see_tenant(connection, tenant)


@asynccontextmanager
async def _rolled_back_unless_over(connection: Connection) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        if connection.info.transaction_status != TransactionStatus.IDLE:
            with suppress(psycopg.Error):  # of a connection that is broken; the server has rolled back by itself then
                await connection.rollback()
        raise


class Database:
    """One database, reached with one login role. Raises Unavailable wherever it can't do what is asked just now.

    At most `writers` transactions and `readers` reads go on at a time, each on connections of their own: the sign-in
    check and every list find one however many changes are waiting for each other. `purpose` is a word for metrics, for
    a second one of these in a process.
    """

    def __init__(
        self,
        url: str,
        *,
        password_file: Path,
        service: str,
        writers: int = WRITERS,
        readers: int = READERS,
        purpose: str = "",
    ) -> None:
        conninfo = conninfo_of(url, password_file=password_file, service=service)
        kind = f"{purpose}_" if purpose else ""
        self._writers = Pool(conninfo, kind=f"{kind}writers", size=writers, service=service, spoilt=self._replace)
        self._readers = Pool(conninfo, kind=f"{kind}readers", size=readers, service=service, spoilt=self._replace)
        self._turns = Turns(conninfo, service=service)
        # Small reads share a round trip; next to one that takes long, others get a connection of their own.
        self._reads: Batcher[Statement, list[Row]] = Batcher(
            self._read_all, name="reads", largest=32, slow_seconds=0.01, at_once=4
        )
        self._replacing: asyncio.Task[None] | None = None
        self._renewed_at = float("-inf")

    async def open(self) -> None:
        """Start connecting. Does not wait: a service is up before its database, and says so per request."""
        await self._writers.open()
        await self._readers.open()

    async def close(self) -> None:
        """Close every connection."""
        if self._replacing is not None:
            self._replacing.cancel()
        await self._turns.close()
        await self._writers.close()
        await self._readers.close()

    async def ready(self) -> bool:
        """Whether the database answers. One that is read-only does: what is only read can be had of it."""
        try:
            await self.fetch_unscoped(_ANSWER)
        except Unavailable:
            return False
        return True

    @asynccontextmanager
    async def transaction(self, tenant: str) -> AsyncIterator[Connection]:
        """A transaction that sees `tenant` only. Statements are pipelined: a round trip per fetch, not each.

        It begins and ends with statements like any others. psycopg's own block for a transaction in a pipeline waits
        for the server four times more: after BEGIN, before COMMIT, and twice after it.
        """
        async with self._writers.connection() as connection, _rolled_back_unless_over(connection):
            async with connection.pipeline():
                with noted():
                    await connection.execute(_BEGIN)
                    await _see_first(connection, tenant)
                    yield connection
                    end = await connection.execute(_COMMIT)
            if end.statusmessage != _COMMIT:
                raise Internal("A transaction that was to be committed was rolled back.")

    @asynccontextmanager
    async def reading(self, tenant: str) -> AsyncIterator[Connection]:
        """A place for several reads that see `tenant` only, in one round trip. Nothing may be written in it.

        The statements of a pipeline are a transaction even without being told so, which saves two of them.
        """
        async with self._readers.connection() as connection, connection.pipeline():
            with noted():
                await _see_first(connection, tenant)
                yield connection

    @asynccontextmanager
    async def unscoped(self) -> AsyncIterator[Connection]:
        """A transaction without a tenant: tenant tables are empty to it. For outboxes and schedules."""
        async with self._writers.connection() as connection, connection.transaction():
            with noted():
                yield connection

    def turn(self, name: str) -> AbstractAsyncContextManager[Turn | None]:
        """The turn at `name` among all replicas, or None while somebody else has it. Opens no transaction."""
        return self._turns.take(name)

    async def fetch(self, tenant: str, statement: str, parameters: Parameters = ()) -> list[Row]:
        """Return the rows of one statement that sees `tenant` only, in a round trip it may share with others."""
        return await self._reads.submit(tenant, (statement, parameters))

    async def fetch_presenting(
        self, setting: str, value: str, *, statement: str, parameters: Sequence[Any]
    ) -> list[Row]:
        """Return the rows of one statement without a tenant, for a policy that reads `setting`, in one round trip."""
        async with self._readers.connection() as connection:
            async with connection.pipeline():
                await connection.execute(_SET, (setting, value))
                cursor = await connection.execute(statement, parameters)
            return await cursor.fetchall()

    async def fetch_unscoped(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """Return the rows of one statement without a tenant: tenant tables are empty to it."""
        async with self._readers.connection() as connection:
            cursor = await connection.execute(statement, parameters)
            return await cursor.fetchall()

    async def _read_all(self, tenant: str, statements: Sequence[Statement]) -> list[list[Row]]:
        async with self._readers.connection() as connection:
            async with connection.pipeline():
                await _see_first(connection, tenant)
                cursors = [await connection.execute(statement, parameters) for statement, parameters in statements]
            # After the pipeline's end, which waits for everything at once; inside, each would be a wait of its own.
            return [await cursor.fetchall() for cursor in cursors]

    async def execute(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """Run one statement without a tenant, as a transaction of its own; return its rows, if it has any.

        For outboxes and schedules.
        """
        async with self._writers.connection() as connection:
            cursor = await connection.execute(statement, parameters)
            return await cursor.fetchall() if cursor.description else []

    async def execute_scoped(self, tenant: str, statement: str, parameters: Parameters) -> list[Row]:
        """Run one statement that sees `tenant` only, as a transaction of its own in one round trip; return its rows."""
        async with self._writers.connection() as connection:
            async with connection.pipeline():
                await _see_first(connection, tenant)
                cursor = await connection.execute(statement, parameters)
            return await cursor.fetchall() if cursor.description else []

    def _replace(self, failure: Failure) -> None:
        """Have both pools replace connections: after a restart idle ones are dead, after a failover all are wrong."""
        if self._replacing is None or self._replacing.done():
            replaced = self._renew() if failure is READ_ONLY else self._check()
            # In a context of its own: it is nobody's request, and in nobody's transaction.
            self._replacing = asyncio.get_running_loop().create_task(replaced, context=Context())

    async def _check(self) -> None:
        await self._writers.check()
        await self._readers.check()

    async def _renew(self) -> None:
        """Soon after the first and soon after the last of many failures; each time costs as much as a restart."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._renewed_at + _RENEW_EVERY_SECONDS - loop.time())
        self._renewed_at = loop.time()
        await self._writers.renew()
        await self._readers.renew()
