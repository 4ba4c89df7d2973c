"""The SQL of sealed values. Returns the domain's dataclasses, never rows, and never sees a plaintext.

Rows are temporal: a row is valid from the version that stored it up to, and not including, the one that closed it.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from paas.config.v1 import config_pb2

from paaskit import outbox, requests
from paaskit.audit import AuditEvent
from paaskit.changes import Answer
from paaskit.db import Connection, Database, Row
from paaskit.errors import Unavailable
from paaskit.releases import ReleaseOrder, Releases
from paaskit.requests import RequestKey
from paaskit.trail import Trail
from services.secrets.keyring import WrappedKey
from services.secrets.plan import App, Entry, Kind, NewEntry, Plan

FREE_NAMES: Final = "config.release_names"
"""The outbox destination for names that config may give to others again."""

ENTRY_COLUMNS: Final = """
    s.name, s.kind, s.valid_from, s.generation, s.sealed, s.size, s.position, s.created_at, s.previous,
    s.previous_until"""
_APP: Final = "SELECT app_id, name, version, next_position FROM apps WHERE app_id = %s"
_APP_ID: Final = "SELECT app_id FROM apps WHERE name = %s"
# A name that meant a destroyed app means the new one from its first secret on.
_KNOW: Final = """
    INSERT INTO apps (tenant, app_id, name, version, next_position) VALUES (%s, %s, %s, 0, 1) ON CONFLICT DO NOTHING"""
_CURRENT: Final = f"SELECT {ENTRY_COLUMNS} FROM sealed s WHERE s.app_id = %s AND s.valid_to IS NULL"
_CURRENT_SOME: Final = f"{_CURRENT} AND s.name = ANY(%s)"
_AT: Final = f"""
    SELECT {ENTRY_COLUMNS} FROM sealed s
    WHERE s.app_id = %(app_id)s AND s.valid_from <= %(version)s AND (s.valid_to IS NULL OR s.valid_to > %(version)s)
      AND (%(names)s::text[] IS NULL OR s.name = ANY(%(names)s::text[])) ORDER BY s.position"""
# Values whose overlap still runs: their successor is current and names the version they were stored in.
_PREVIOUS: Final = f"""
    SELECT {ENTRY_COLUMNS} FROM sealed s JOIN sealed n
      ON n.tenant = s.tenant AND n.app_id = s.app_id AND n.name = s.name AND n.previous = s.valid_from
    WHERE n.app_id = %s AND n.valid_to IS NULL AND n.previous_until > clock_timestamp() AND n.name = ANY(%s)"""
_LIST: Final = f"""
    SELECT a.version, {ENTRY_COLUMNS} FROM apps a LEFT JOIN sealed s
      ON s.tenant = a.tenant AND s.app_id = a.app_id AND s.valid_to IS NULL AND s.kind = 'secret' AND s.position > %s
    WHERE a.name = %s ORDER BY s.position LIMIT %s"""

_CLOSE: Final = """
    UPDATE sealed SET valid_to = %s WHERE tenant = %s AND app_id = %s AND valid_to IS NULL AND name = ANY(%s)"""
_OPEN: Final = """
    INSERT INTO sealed (tenant, app_id, valid_from, name, kind, generation, sealed, size, position, previous,
                        previous_until)
    SELECT %s, %s, %s, * FROM unnest(%s::text[], %s::text[], %s::int[], %s::bytea[], %s::int[], %s::bigint[],
                                     %s::bigint[], %s::timestamptz[])"""
_UPDATE_APP: Final = "UPDATE apps SET version = %s, next_position = %s WHERE tenant = %s AND app_id = %s"
_OVERLAP: Final = """
    INSERT INTO overlap_ends (tenant, app_id, name, version, due) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (tenant, app_id, name) DO UPDATE SET version = EXCLUDED.version, due = EXCLUDED.due"""
_DROP_OVERLAPS: Final = "DELETE FROM overlap_ends WHERE tenant = %s AND app_id = %s AND name = ANY(%s)"
_PURGE: Final = (
    "DELETE FROM sealed WHERE tenant = %s AND app_id = %s",
    "DELETE FROM overlap_ends WHERE tenant = %s AND app_id = %s",
    "DELETE FROM apps WHERE tenant = %s AND app_id = %s",
)
_KEYS: Final = "SELECT generation, wrapped FROM tenant_keys ORDER BY generation DESC"
_ADD_KEY: Final = """
    INSERT INTO tenant_keys (tenant, generation, wrapped) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"""


class Draft:
    """An app locked for one change; see `services.secrets.domain.Draft`."""

    def __init__(
        self,
        connection: Connection,
        *,
        tenant: str,
        app: App,
        current: Mapping[str, Entry],
        request: RequestKey | None,
        earlier: Answer | None,
        trail: Trail,
        releases: Releases,
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._request = request
        self._trail = trail
        self._releases = releases
        self.app = app
        self.current = current
        self.earlier = earlier

    async def keep(self, plan: Plan, *, event: AuditEvent | None, order: ReleaseOrder | None, answer: Answer) -> None:
        """Write the plan as the next version, what it causes, and the answer to remember."""
        if plan.changes:
            await self._write(plan, self.app.version + 1)
        if event is not None:
            await self._trail.add(self._connection, event)
        if order is not None:
            await self._releases.add(self._connection, order)
        if self._request is not None:
            await requests.remember(self._connection, self._request, tenant=self._tenant, answer=answer)

    async def overlap(self, name: str, *, due: datetime) -> None:
        """Have the overlap of a rotated name end at `due`."""
        version = self.app.version + 1
        await self._connection.execute(_OVERLAP, (self._tenant, self.app.app_id, name, version, due))

    async def give_up(self, names: Sequence[str]) -> None:
        """Have config told that these names are free, once this is committed, and end their overlaps."""
        if names:
            await self._connection.execute(_DROP_OVERLAPS, (self._tenant, self.app.app_id, list(names)))
            await free_names(
                self._connection, self._tenant, self.app.app_id, names, key=f"{self.app.app_id}-{self.app.version}"
            )

    async def _write(self, plan: Plan, version: int) -> None:
        here = (self._tenant, self.app.app_id)
        if plan.close:
            await self._connection.execute(_CLOSE, (version, *here, list(plan.close)))
        if plan.open:
            await self._connection.execute(_OPEN, (*here, version, *_columns(plan.open)))
        await self._connection.execute(_UPDATE_APP, (version, plan.next_position, *here))


class Store:
    """The tables of sealed values; see the protocols in domain.py, internal.py and keyring.py."""

    def __init__(self, database: Database, *, trail: Trail, releases: Releases) -> None:
        self._database = database
        self._trail = trail
        self._releases = releases

    @asynccontextmanager
    async def draft(
        self, tenant: str, *, app_id: str, app: str, names: Sequence[str] | None, request: RequestKey | None
    ) -> AsyncIterator[Draft]:
        """Lock an app for a change, making it known at need."""
        async with self._database.transaction(tenant) as connection:
            await connection.execute(_KNOW, (tenant, app_id, app))
            locked = await connection.execute(f"{_APP} FOR UPDATE", (app_id,))
            recall = await requests.begin_recall(connection, [request]) if request is not None else None
            entries = await _current(connection, app_id, names)
            row = await locked.fetchone()
            if row is None:
                raise Unavailable(
                    f"The former app {app} is still being cleaned up. Try again in a moment.",
                    metadata={"service": "secrets"},
                )
            earlier = None
            if recall is not None and request is not None:
                earlier = (await requests.finish_recall(recall)).answer(request)
            yield Draft(
                connection,
                tenant=tenant,
                app=_app_of(row),
                current=_entries_of(await entries.fetchall()),
                request=request,
                earlier=earlier,
                trail=self._trail,
                releases=self._releases,
            )

    async def look(
        self, tenant: str, app_id: str, *, names: Sequence[str] | None
    ) -> tuple[App | None, Mapping[str, Entry]]:
        """Return an app, if it is known, and the entries asked for (None: all), without a lock."""
        async with self._database.transaction(tenant) as connection:
            found = await connection.execute(_APP, (app_id,))
            entries = await _current(connection, app_id, names)
            row = await found.fetchone()
            return (_app_of(row) if row else None), _entries_of(await entries.fetchall())

    async def app_id(self, tenant: str, app: str) -> str | None:
        """Return the id of an app that is known by this name."""
        rows = await self._database.fetch(tenant, _APP_ID, (app,))
        return rows[0][0] if rows else None

    async def listed(self, tenant: str, app: str, *, after: int, limit: int) -> tuple[int, list[Entry]] | None:
        """Return the newest version and a page of secrets, or None where the app is not known here."""
        rows = await self._database.fetch(tenant, _LIST, (after, app, limit))
        if not rows:
            return None
        return rows[0][0], [entry_of(row[1:]) for row in rows if row[1] is not None]

    async def at_version(
        self,
        tenant: str,
        app_id: str,
        version: int,
        *,
        names: Sequence[str] | None,
        event: Callable[[App, int], AuditEvent] | None,
    ) -> tuple[int, list[Entry], list[Entry]]:
        """Commit the event; return the version (0: newest), its entries, and the values whose overlap runs."""
        async with self._database.transaction(tenant) as connection:
            row = await (await connection.execute(_APP, (app_id,))).fetchone()
            if row is None:
                return 0, [], []
            app = _app_of(row)
            version = version or app.version
            if event is not None:
                await self._trail.add(connection, event(app, version))
            listed = None if names is None else list(names)
            entries = await connection.execute(_AT, {"app_id": app_id, "version": version, "names": listed})
            previous = await connection.execute(_PREVIOUS, (app_id, listed or []))
            return (
                version,
                [entry_of(each) for each in await entries.fetchall()],
                [entry_of(each) for each in await previous.fetchall()],
            )

    async def purge(self, tenant: str, app_id: str) -> None:
        """Delete an app and every sealed value of it."""
        async with self._database.transaction(tenant) as connection:
            for statement in _PURGE:
                await connection.execute(statement, (tenant, app_id))

    async def wrapped_keys(self, tenant: str) -> Sequence[WrappedKey]:
        """Return a tenant's keys, the newest generation first."""
        return [WrappedKey(row[0], bytes(row[1])) for row in await self._database.fetch(tenant, _KEYS)]

    async def add_key(self, tenant: str, key: WrappedKey) -> None:
        """Store a key unless its generation exists already."""
        async with self._database.transaction(tenant) as connection:
            await connection.execute(_ADD_KEY, (tenant, key.generation, key.wrapped))

    def committed(self) -> None:
        """Say that a draft was committed, so that its audit event goes out now."""
        self._trail.committed()


async def free_names(connection: Connection, tenant: str, app_id: str, names: Sequence[str], *, key: str) -> None:
    """Keep a message to config, in the caller's transaction, that these names are free."""
    message = config_pb2.ReleaseNamesRequest(tenant=tenant, app_id=app_id, names=names)
    await outbox.put(connection, outbox.Message(FREE_NAMES, key, message.SerializeToString()))


async def _current(connection: Connection, app_id: str, names: Sequence[str] | None) -> Any:
    if names is None:
        return await connection.execute(_CURRENT, (app_id,))
    return await connection.execute(_CURRENT_SOME, (app_id, list(names)))


def _app_of(row: Row) -> App:
    return App(app_id=row[0], name=row[1], version=row[2], next_position=row[3])


def entry_of(row: Row) -> Entry:
    """Return the entry in the columns `ENTRY_COLUMNS`."""
    return Entry(
        name=row[0],
        kind=Kind(row[1]),
        version=row[2],
        generation=row[3],
        sealed=bytes(row[4]),
        size=row[5],
        position=row[6],
        created_at=row[7],
        previous=row[8],
        previous_until=row[9],
    )


def _entries_of(rows: Sequence[Row]) -> dict[str, Entry]:
    return {row[0]: entry_of(row) for row in rows}


def _columns(entries: Sequence[NewEntry]) -> tuple[list[Any], ...]:
    return (
        [entry.name for entry in entries],
        [entry.kind.value for entry in entries],
        [entry.generation for entry in entries],
        [entry.sealed for entry in entries],
        [entry.size for entry in entries],
        [entry.position for entry in entries],
        [entry.previous for entry in entries],
        [entry.previous_until for entry in entries],
    )
