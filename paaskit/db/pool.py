"""A bounded number of connections for one purpose, and how a session of ours is set up.

Must not know what is done with a connection: that is `Database`.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from paaskit import metrics
from paaskit.db.arrays import ADAPTERS
from paaskit.db.failures import (
    AWAY,
    BUSY,
    NOT_READY,
    READ_ONLY,
    Failure,
    failure_of,
    request_clash_of,
    unavailable,
    unstorable_of,
)
from paaskit.errors import Unavailable

# A statement that waits longer than a caller would is ended by the server, and with it the locks it holds. Generic
# plans, because planning anew for each array of parameters costs more than these statements do, and gains nothing:
# all of them go by an index. A plan made without statistics, after a restore or while a table was empty, must do so as
# well: hence no sequential scans, no joins that read all rows of a tenant to find those of a few names, and no bitmaps,
# which read all that there is of a list for its first page. tests/integration/plans looks at every statement's plan.
# Keepalives, so that a client whose machine vanished loses its locks within half a minute.
_OPTIONS: Final = (
    "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=20s"
    " -c plan_cache_mode=force_generic_plan"
    " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_bitmapscan=off"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)
# The other way round: a server whose machine vanished is noticed, instead of waited for until the kernel gives up.
_NOTICE: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# Less than the two seconds the gateway waits for tokens: better told that a database is away than not told at all.
_WAIT_FOR_CONNECTION_SECONDS: Final = 1.8

SESSION: Final[dict[str, Any]] = {
    "autocommit": True,
    "prepare_threshold": 0,
    "row_factory": namedtuple_row,
    "context": ADAPTERS,
}
"""How every connection of ours is opened. Rows are named tuples: a column is read by its name."""

log = structlog.get_logger()


def conninfo_of(url: str, *, password_file: Path, service: str) -> str:
    """Return how to connect to `url` as the service."""
    password = password_file.read_text().strip()
    return make_conninfo(url, password=password, options=_OPTIONS, application_name=service, **_NOTICE)


class Connection(AsyncConnection[Any]):
    """A connection of ours. `sees` is the tenant that its transaction sees, as `database` notes it."""

    sees: str | None = None


class Pool:
    """At most `size` connections, `kind` to metrics.

    `spoilt` is told when connections made until now should not be used any more.
    """

    def __init__(self, conninfo: str, *, kind: str, size: int, service: str, spoilt: Callable[[Failure], None]) -> None:
        self._service = service
        self._spoilt = spoilt
        self._in_use = 0
        self._waits = metrics.DATABASE_WAIT_SECONDS.labels(kind)
        metrics.DATABASE_CONNECTIONS_IN_USE.labels(kind).set_function(lambda: self._in_use)
        metrics.DATABASE_CONNECTIONS_MOST.labels(kind).set(size)
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            conninfo,
            connection_class=Connection,
            kwargs=SESSION,
            min_size=1,
            max_size=size,
            timeout=_WAIT_FOR_CONNECTION_SECONDS,
            reconnect_timeout=2.0,
            open=False,
        )

    async def open(self) -> None:
        """Start connecting, without waiting for it."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for the block. Raises Unavailable where there is none, or the database fails in the block."""
        asked = time.perf_counter()
        try:
            async with self._pool.connection() as connection:
                self._waits.observe(time.perf_counter() - asked)
                self._in_use += 1
                try:
                    yield connection
                except psycopg.errors.ReadOnlySqlTransaction:
                    # Not back into the pool: whoever got it next would fail as well.
                    await connection.close()
                    raise
                finally:
                    self._in_use -= 1
        except PoolTimeout as error:
            self._waits.observe(time.perf_counter() - asked)
            # Where some are at work the others were merely faster, be it that under load new ones take long to make.
            failure = BUSY if self._in_use else AWAY
            raise self._noticed(failure, error) from error
        except psycopg.Error as error:
            if (clash := request_clash_of(error)) is not None:
                raise clash from error
            if (unstorable := unstorable_of(error)) is not None:
                raise unstorable from None
            if (found := failure_of(error)) is None:
                raise
            raise self._noticed(found, error) from error

    def _noticed(self, failure: Failure, error: psycopg.Error) -> Unavailable:
        if failure.spoils_connections:
            self._spoilt(failure)
        # Callers only learn that it does not work now; whoever looks for the cause learns which error it was.
        kind = type(error).__name__
        if failure in (READ_ONLY, NOT_READY):
            log.error("database_refuses", reason=failure.reason, kind=kind, sqlstate=error.sqlstate)
        else:
            log.warning("database_unavailable", reason=failure.reason, kind=kind, sqlstate=error.sqlstate)
        return unavailable(failure, service=self._service)

    async def check(self) -> None:
        """Replace the idle connections that are dead."""
        if not self._pool.closed:
            await self._pool.check()

    async def renew(self) -> None:
        """Replace every connection, those in use once they are given back: the server is not what it was."""
        if not self._pool.closed:
            await self._pool.drain()
