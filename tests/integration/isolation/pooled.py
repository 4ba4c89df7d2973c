"""What is done to one small pool by five tenants in turn, and what each may see of it at any moment.

Statements leave out the tenant on purpose, so that nothing but `paaskit.db` and the policies keeps tenants apart.
Afterwards a `Tenant` is compared with: what was certainly stored before a read began must be in it, and nothing may be
that had not at least been sent before it ended.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import psycopg

from paaskit.db import Connection, Database, see_tenant
from paaskit.errors import InvalidInput, Unavailable
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import PATIENCE

TENANTS: Final = 5
_ROWS: Final = "SELECT tenant, app_id FROM apps"
_COUNT: Final = "SELECT count(*) AS many FROM (SELECT DISTINCT app_id FROM apps) AS ids"
_EXISTS: Final = "SELECT EXISTS (SELECT FROM apps WHERE app_id = %s) AS there"
_WITH: Final = "WITH named AS (SELECT tenant, app_id FROM apps) SELECT tenant, app_id FROM named"
FORMS: Final = (
    _ROWS,
    _WITH,
    "SELECT tenant, app_id FROM (SELECT * FROM apps OFFSET 0) AS within",
    "SELECT a.tenant, a.app_id FROM apps a WHERE EXISTS (SELECT FROM apps b WHERE b.app_id = a.app_id)",
    "WITH RECURSIVE r AS (SELECT tenant, app_id FROM apps UNION SELECT a.tenant, a.app_id FROM r, apps a) TABLE r",
)
"""The same rows, asked for in ways that have a policy apply within a part of the query."""
_INSERT: Final = """
    INSERT INTO apps (tenant, app_id, name, version, next_position, names, bytes) VALUES (%s, %s, %s, 1, 0, 0, 0)"""
_UPDATE: Final = "UPDATE apps SET version = version + 1 WHERE app_id = %s RETURNING tenant, app_id"
_TIMEOUT: Final = "SELECT set_config('statement_timeout', '1', true)"
_LONG: Final = "SELECT pg_sleep(30)"
# PostgreSQL forgets a cancellation that comes before its statement has begun: the connection is then in use until the
# end of it.
_SHORT: Final = "SELECT pg_sleep(0.3)"


class Act(StrEnum):
    """What a tenant does. The last ones must be refused."""

    READ = "reads all rows, in a round trip that others may share"
    COUNT = "counts"
    LOOK = "asks whether an id exists, its own or another's"
    READ_TWICE = "reads twice in one pipeline, the second time through a WITH query"
    ADD = "adds a row in a transaction, and reads"
    ADD_ALONE = "adds a row in one statement"
    CHANGE = "changes the row of an id, its own or another's"
    TAKE_TURNS = "reads in a transaction, which goes on for another tenant, as batches do"
    ADD_FOREIGN = "adds a row as another tenant"
    READ_AS_NOBODY = "reads without a tenant"
    READ_AS_EMPTY = "reads as a tenant without a name"


class Fault(StrEnum):
    """What goes wrong in the middle of a transaction or a pipeline."""

    NONE = "nothing"
    EXCEPTION = "the code raises"
    STATEMENT = "a statement fails"
    GONE = "whoever asked goes away while a statement runs"
    CANCELLED = "the server is told to cancel the statement"
    TIMEOUT = "the statement takes too long"
    ENDED = "the server ends the session"
    BROKEN = "the connection is cut from our side"


class _OnPurpose(Exception):
    """The exception of Fault.EXCEPTION."""


@dataclass
class Tenant:
    """What one tenant has: ids that are surely stored, and those of which nobody was told."""

    name: str
    stored: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)

    def new_id(self) -> str:
        """An id for the next row."""
        self.sent.add(app_id := f"{self.name}-{len(self.sent)}")
        return app_id


@dataclass(frozen=True)
class Operation:
    """One thing that a tenant does. `other` is the tenant whose ids it asks for or whose name it takes."""

    tenant: int
    act: Act
    fault: Fault
    other: int


class Pool:
    """A few connections, used by every tenant there is."""

    def __init__(self, database: Database, databases: Databases) -> None:
        self.database = database
        self._databases = databases
        self.done = 0
        self.refused = 0
        self.injected: dict[Fault, int] = dict.fromkeys(Fault, 0)

    async def do(self, operations: Sequence[Operation], tenants: Sequence[Tenant]) -> None:
        """Do all of them at once. Raises AssertionError where a tenant sees what is not its own."""
        for outcome in await asyncio.gather(*(self._one(each, tenants) for each in operations), return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
        self.done += len(operations)

    async def do_each(self, tenants: Sequence[Tenant]) -> None:
        """Do every act, and have every fault happen, one after the other: chance may leave out any of them."""
        for act in Act:
            await self.do([Operation(tenant=1, act=act, fault=Fault.NONE, other=2)], tenants)
        for fault in Fault:
            async with asyncio.timeout(PATIENCE):
                # While a connection is made anew, it may not come to it.
                while not self.injected[fault]:
                    await self.do([Operation(tenant=1, act=Act.ADD, fault=fault, other=2)], tenants)

    async def _one(self, operation: Operation, tenants: Sequence[Tenant]) -> None:
        me, other = tenants[operation.tenant], tenants[operation.other]
        asked = asyncio.create_task(self._act(operation, me, other))
        if operation.fault is Fault.GONE:
            # As early as before the first byte and as late as in the middle of the long statement.
            await asyncio.sleep(0.001 * operation.other * operation.tenant)
            self.injected[Fault.GONE] += asked.cancel()
        try:
            await asked
        except asyncio.CancelledError:
            assert operation.fault is Fault.GONE
        except _OnPurpose:
            assert operation.fault is Fault.EXCEPTION
        except psycopg.errors.DivisionByZero:
            assert operation.fault is Fault.STATEMENT
        except Unavailable:
            # Busy, cancelled, timed out or gone, its own or somebody else's; which one is told is elsewhere's matter.
            pass

    async def _act(self, operation: Operation, me: Tenant, other: Tenant) -> None:  # noqa: C901, PLR0912 - a list
        stored = set(me.stored)
        match operation.act:
            case Act.READ:
                _is_mine(await self.database.fetch(me.name, _ROWS), me, stored)
            case Act.COUNT:
                ((many,),) = await self.database.fetch(me.name, _COUNT)
                assert len(stored) <= many <= len(me.sent), f"{me.name} counted rows of others"
            case Act.LOOK:
                for tenant in (me, other):
                    for app_id in sorted(tenant.stored)[-1:]:
                        ((there,),) = await self.database.fetch(me.name, _EXISTS, (app_id,))
                        assert there == (tenant is me), f"{me.name} asked for an id of {tenant.name}"
            case Act.READ_TWICE:
                async with self.database.reading(me.name) as connection:
                    cursors = [await connection.execute(statement) for statement in (_ROWS, _WITH)]
                    await self._go_wrong(operation.fault, connection)
                    for cursor in cursors:
                        _is_mine(await cursor.fetchall(), me, stored)
            case Act.ADD:
                app_id = me.new_id()
                async with self.database.transaction(me.name) as connection:
                    await connection.execute(_INSERT, (me.name, app_id, app_id))
                    await self._go_wrong(operation.fault, connection)
                    cursor = await connection.execute(_ROWS)
                    _is_mine(await cursor.fetchall(), me, {*stored, app_id})
                me.stored.add(app_id)
            case Act.ADD_ALONE:
                await self.add(me)
            case Act.CHANGE:
                for app_id in sorted(other.stored)[-1:]:
                    async with self.database.transaction(me.name) as connection:
                        cursor = await connection.execute(_UPDATE, (app_id,))
                        await self._go_wrong(operation.fault, connection)
                        changed = await cursor.fetchall()
                        assert changed == ([(me.name, app_id)] if other is me else []), f"{me.name} changed {app_id}"
            case Act.TAKE_TURNS:
                stored_by_other = set(other.stored)
                async with self.database.transaction(me.name) as connection:
                    mine = await connection.execute(_ROWS)
                    await see_tenant(connection, other.name)
                    others = await connection.execute(_ROWS)
                    await self._go_wrong(operation.fault, connection)
                    _is_mine(await mine.fetchall(), me, stored)
                    _is_mine(await others.fetchall(), other, stored_by_other)
            case Act.ADD_FOREIGN:
                if other is not me:
                    adding = self.database.execute_scoped(me.name, _INSERT, (other.name, "stolen", "stolen"))
                    await self._refused(adding, psycopg.errors.InsufficientPrivilege)
            case Act.READ_AS_NOBODY:
                nobody = (psycopg.errors.UndefinedObject, psycopg.errors.CheckViolation)
                await self._refused(self.database.fetch_unscoped(_ROWS), *nobody)
                await self._refused(self.database.execute(_COUNT), *nobody)
            case Act.READ_AS_EMPTY:
                await self._refused(self.database.fetch("", _ROWS), InvalidInput)

    async def add(self, me: Tenant) -> None:
        """Add a row in one statement."""
        app_id = me.new_id()
        await self.database.execute_scoped(me.name, _INSERT, (me.name, app_id, app_id))
        me.stored.add(app_id)

    async def _refused(self, asked: Any, *errors: type[Exception]) -> None:
        try:
            rows = await asked
        except errors:
            self.refused += 1
            return
        raise AssertionError(f"{len(rows)} rows came back where the statement had to fail")

    async def _go_wrong(self, fault: Fault, connection: Connection) -> None:
        pid = connection.info.backend_pid
        self.injected[fault] += fault is not Fault.GONE
        match fault:
            case Fault.EXCEPTION:
                raise _OnPurpose
            case Fault.STATEMENT:
                await (await connection.execute("SELECT 1 / length(%s::text)", ("",))).fetchall()
            case Fault.GONE:
                await (await connection.execute(_SHORT)).fetchall()
            case Fault.TIMEOUT:
                await connection.execute(_TIMEOUT)
                await (await connection.execute(_LONG)).fetchall()
            case Fault.CANCELLED | Fault.ENDED:
                how = "pg_cancel_backend" if fault is Fault.CANCELLED else "pg_terminate_backend"
                sleeping = asyncio.create_task(_sleep(connection))
                # A cancellation that comes while nothing runs has no effect: it is sent until the statement is over.
                while not sleeping.done():
                    self._databases.look("config", f"SELECT {how}(%s)", (pid,))
                    await asyncio.sleep(0.01)
                await sleeping
            case Fault.BROKEN:
                connection.pgconn.finish()

    async def settle(self, tenants: Sequence[Tenant]) -> None:
        """Read everything once more, when nothing is in the way, and past the policies that it is where it belongs."""
        for tenant in tenants:
            async with asyncio.timeout(PATIENCE):
                while (rows := await self._read(tenant)) is None:
                    await asyncio.sleep(0.05)
            _is_mine(rows, tenant, tenant.stored)
            past = self._databases.look("config", f"{_ROWS} WHERE tenant = %s", (tenant.name,))
            assert sorted(past) == sorted(tuple(row) for row in rows)

    async def _read(self, tenant: Tenant) -> list[Any] | None:
        try:
            return await self.database.fetch(tenant.name, _ROWS)
        except Unavailable:
            return None


async def _sleep(connection: Connection) -> None:
    await (await connection.execute(_LONG)).fetchall()


def _is_mine(rows: Sequence[Any], tenant: Tenant, stored: set[str]) -> None:
    foreign = [row for row in rows if row.tenant != tenant.name]
    assert not foreign, f"{tenant.name} was shown rows of others: {foreign}"
    found = {row.app_id for row in rows}
    assert stored <= found <= tenant.sent, f"{tenant.name} lost {stored - found} or was shown {found - tenant.sent}"


@asynccontextmanager
async def opened(databases: Databases, *, connections: int = 2) -> AsyncIterator[Pool]:
    """The pool of so many writers and readers, on an empty database of config."""
    databases.empty("config")
    database = Database(
        databases.service_url("config"),
        password_file=databases.password_file("config"),
        service="config",
        writers=connections,
        readers=connections,
    )
    await database.open()
    try:
        yield Pool(database, databases)
    finally:
        await database.close()
