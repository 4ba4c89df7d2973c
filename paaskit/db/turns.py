"""Turns at what only one of all replicas may be at, held without a transaction.

A turn is a session-level advisory lock of PostgreSQL. All turns of a process are held on one connection, which no pool
shares: it is there when everything else is busy, and it costs one connection however many turns there are. What a
turn's holder does to the database goes over the same connection, each statement a transaction of its own; so a holder
that has lost its turn, because the connection broke, can do nothing more. See docs/decisions/0019.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo

from paaskit.db.failures import failure_of, unavailable
from paaskit.db.pool import SESSION, Connection
from paaskit.errors import Unavailable

_TAKE: Final = "SELECT pg_try_advisory_lock(hashtext(%s)) AS mine"
_GIVE_BACK: Final = "SELECT pg_advisory_unlock(hashtext(%s))"


class Turn:
    """One turn, for as long as its connection lasts."""

    def __init__(self, connection: Connection, *, service: str) -> None:
        self._connection = connection
        self._service = service

    async def run(self, statement: str, parameters: Any = ()) -> list[Any]:
        """Run one statement as a transaction of its own; return its rows. Raises Unavailable."""
        try:
            cursor = await self._connection.execute(statement, parameters)
            return await cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            failure = failure_of(error)
            if failure is None:
                raise
            if failure.spoils_connections:
                await self._connection.close()
            raise unavailable(failure, service=self._service) from error


class Turns:
    """The turns of one process at one database."""

    def __init__(self, conninfo: str, *, service: str) -> None:
        # A holder that can't write can't note what it did. On a standby, where locks are its own, it must not begin.
        self._conninfo = make_conninfo(conninfo, target_session_attrs="read-write")
        self._service = service
        self._taken: set[str] = set()
        self._opening = asyncio.Lock()
        self._connection: Connection | None = None

    async def close(self) -> None:
        """Give up every turn."""
        if self._connection is not None:
            await self._connection.close()

    @asynccontextmanager
    async def take(self, name: str) -> AsyncIterator[Turn | None]:
        """The turn at `name` for the block, or None where somebody else has it. Raises Unavailable.

        PostgreSQL would give a lock to the session that has it already, so what this process holds is noted here.
        """
        if name in self._taken:
            yield None
            return
        self._taken.add(name)
        try:
            connection = await self._connected()
            turn = Turn(connection, service=self._service)
            if not await self._locked(turn, connection, name):
                yield None
                return
            try:
                yield turn
            finally:
                await self._give_back(turn, connection, name)
        finally:
            self._taken.discard(name)

    async def _locked(self, turn: Turn, connection: Connection, name: str) -> bool:
        try:
            ((mine,),) = await turn.run(_TAKE, (name,))
        except BaseException:
            # Stopped in between, it may have got the lock or not; without the connection it surely has none.
            await connection.close()
            raise
        return bool(mine)

    async def _give_back(self, turn: Turn, connection: Connection, name: str) -> None:
        try:
            await turn.run(_GIVE_BACK, (name,))
        except Unavailable:
            await connection.close()
        except BaseException:
            await connection.close()
            raise

    async def _connected(self) -> Connection:
        async with self._opening:
            if self._connection is None or self._connection.closed:
                try:
                    self._connection = await Connection.connect(self._conninfo, **SESSION)
                except psycopg.Error as error:
                    failure = failure_of(error)
                    if failure is None:
                        raise
                    raise unavailable(failure, service=self._service) from error
            return self._connection
