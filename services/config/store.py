"""The SQL of the registry. Returns the domain's dataclasses, never rows.

Rows are temporal: a row is valid from the version that wrote it up to, and not including, the version that closed it.
`Draft` is the one way to write to an app that exists; `services/config/app_store.py` makes, lists and destroys apps.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from paaskit import requests
from paaskit.audit import AuditEvent
from paaskit.db import Connection, Database, Row
from paaskit.errors import InvalidInput, app_not_found
from paaskit.releases import ReleaseOrder, Releases
from paaskit.requests import RequestKey
from paaskit.trail import Trail
from services.config.domain import App
from services.config.plan import AppSpec, Entry, Kind, Plan, Totals

_APP_COLUMNS: Final = """
    a.app_id, a.name, a.version, a.names, a.bytes, a.next_position, a.created_at,
    s.command, s.image, s.instances, s.health_path"""
_LIVING: Final = """
    apps a JOIN specs s ON s.tenant = a.tenant AND s.app_id = a.app_id AND s.valid_to IS NULL
    WHERE a.destroyed_at IS NULL AND"""
APP_BY_NAME: Final = f"SELECT {_APP_COLUMNS} FROM {_LIVING} a.name = %s"
APP_BY_ID: Final = f"SELECT {_APP_COLUMNS} FROM {_LIVING} a.app_id = %s"
APPS_AFTER: Final = f"SELECT {_APP_COLUMNS} FROM {_LIVING} a.name > %s ORDER BY a.name LIMIT %s"
_LOCK: Final = " FOR UPDATE OF a"

_ENTRY_COLUMNS: Final = "v.name, v.kind, v.value, v.addon, v.size, v.position"
_CURRENT: Final = f"""
    SELECT {_ENTRY_COLUMNS} FROM vars v JOIN apps a ON a.tenant = v.tenant AND a.app_id = v.app_id
    WHERE a.destroyed_at IS NULL AND v.valid_to IS NULL"""
_CURRENT_SOME_BY_NAME: Final = f"{_CURRENT} AND a.name = %s AND v.name = ANY(%s)"
_CURRENT_SOME_BY_ID: Final = f"{_CURRENT} AND a.app_id = %s AND v.name = ANY(%s)"
_CURRENT_ALL_BY_ID: Final = f"{_CURRENT} AND a.app_id = %s"
_ENTRIES_AT: Final = f"""
    SELECT {_ENTRY_COLUMNS} FROM vars v
    WHERE v.app_id = %(app_id)s AND v.valid_from <= %(version)s
      AND (v.valid_to IS NULL OR v.valid_to > %(version)s)
    ORDER BY v.position"""
_SPEC_AT: Final = """
    SELECT command, image, instances, health_path FROM specs
    WHERE app_id = %(app_id)s AND valid_from <= %(version)s AND (valid_to IS NULL OR valid_to > %(version)s)"""
# Config vars in the order they were first set, then managed ones; the app's own columns come along on every row.
_LIST: Final = """
    SELECT a.version, v.name, v.kind, v.value, v.addon, v.position
    FROM apps a LEFT JOIN vars v
      ON v.tenant = a.tenant AND v.app_id = a.app_id AND v.valid_to IS NULL AND v.kind <> 'secret'
     AND (v.kind = 'managed', v.position) > (%s, %s)
    WHERE a.name = %s AND a.destroyed_at IS NULL
    ORDER BY v.kind = 'managed', v.position LIMIT %s"""

_CLOSE: Final = """
    UPDATE vars SET valid_to = %s WHERE tenant = %s AND app_id = %s AND valid_to IS NULL AND name = ANY(%s)"""
_OPEN: Final = """
    INSERT INTO vars (tenant, app_id, valid_from, name, kind, value, addon, size, position)
    SELECT %s, %s, %s, * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::bigint[])"""
_CLOSE_SPEC: Final = "UPDATE specs SET valid_to = %s WHERE tenant = %s AND app_id = %s AND valid_to IS NULL"
_OPEN_SPEC: Final = """
    INSERT INTO specs (tenant, app_id, valid_from, command, image, instances, health_path)
    VALUES (%s, %s, %s, %s, %s, %s, %s)"""
_UPDATE_APP: Final = """
    UPDATE apps SET version = %s, names = %s, bytes = %s, next_position = %s WHERE tenant = %s AND app_id = %s"""

FIRST_POSITION: Final = (False, -1)
"""The place before the first variable: where a listing starts."""


class Draft:
    """An app locked for one change; see `services.config.domain.Draft`."""

    def __init__(
        self,
        connection: Connection,
        *,
        tenant: str,
        app: App,
        current: Mapping[str, Entry],
        request: RequestKey | None,
        earlier: Mapping[str, Any] | None,
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

    async def keep(
        self,
        plan: Plan,
        *,
        event: AuditEvent | None,
        order: ReleaseOrder | None,
        answer: Mapping[str, Any] | None = None,
    ) -> int:
        """Write the plan as the next version, with what it causes; return the newest version."""
        version = self.app.version + (0 if plan.is_empty and event is None else 1)
        if version > self.app.version:
            await self._write(plan, version)
        if event is not None:
            await self._trail.add(self._connection, event)
        if order is not None:
            await self._releases.add(self._connection, order)
        if self._request is not None:
            await requests.remember(self._connection, self._request, tenant=self._tenant, answer=answer or {})
        return version

    async def at_version(self, version: int) -> tuple[AppSpec, Mapping[str, Entry]]:
        """Return the spec and the entries of an earlier version. Raises InvalidInput where there was none."""
        return await _at_version(self._connection, self.app.app_id, version)

    async def _write(self, plan: Plan, version: int) -> None:
        here = (self._tenant, self.app.app_id)
        execute = self._connection.execute
        if plan.close:
            await execute(_CLOSE, (version, *here, list(plan.close)))
        if plan.open:
            await execute(_OPEN, (*here, version, *_columns(plan.open)))
        if plan.spec is not None:
            await execute(_CLOSE_SPEC, (version, *here))
            await execute(_OPEN_SPEC, (*here, version, *spec_columns(plan.spec)))
        totals = plan.totals
        await execute(_UPDATE_APP, (version, totals.names, totals.size, totals.next_position, *here))


class Store:
    """The registry's tables; see `services.config.domain.Store`."""

    def __init__(self, database: Database, *, trail: Trail, releases: Releases) -> None:
        self._database = database
        self._trail = trail
        self._releases = releases

    @asynccontextmanager
    async def draft(
        self,
        tenant: str,
        app: str,
        *,
        names: Sequence[str] | None,
        request: RequestKey | None = None,
        by_id: bool = False,
    ) -> AsyncIterator[Draft]:
        """Lock a living app, by name or id, with the entries of `names` (None: all). Raises NotFound."""
        async with self._database.transaction(tenant) as connection:
            locked = await connection.execute((APP_BY_ID if by_id else APP_BY_NAME) + _LOCK, (app,))
            recall = await requests.begin_recall(connection, request) if request is not None else None
            entries = None
            if names is not None:
                entries = await connection.execute(
                    _CURRENT_SOME_BY_ID if by_id else _CURRENT_SOME_BY_NAME, (app, list(names))
                )
            row = await locked.fetchone()
            if row is None:
                raise app_not_found(app)
            found = app_of(row)
            earlier = None
            if recall is not None and request is not None:
                earlier = await requests.finish_recall(recall, request)
            if entries is None:
                entries = await connection.execute(_CURRENT_ALL_BY_ID, (found.app_id,))
            yield Draft(
                connection,
                tenant=tenant,
                app=found,
                current=_entries_of(await entries.fetchall()),
                request=request,
                earlier=earlier,
                trail=self._trail,
                releases=self._releases,
            )

    async def look(self, tenant: str, app: str, *, names: Sequence[str]) -> tuple[App, Mapping[str, Entry]]:
        """Return an app and the entries asked for. Raises NotFound."""
        async with self._database.transaction(tenant) as connection:
            found = await connection.execute(APP_BY_NAME, (app,))
            entries = await connection.execute(_CURRENT_SOME_BY_NAME, (app, list(names)))
            row = await found.fetchone()
            if row is None:
                raise app_not_found(app)
            return app_of(row), _entries_of(await entries.fetchall())

    async def listed(self, tenant: str, app: str, *, after: tuple[bool, int], limit: int) -> tuple[int, list[Entry]]:
        """Return the newest version and a page of config and managed variables. Raises NotFound."""
        rows = await self._database.fetch(tenant, _LIST, (*after, app, limit))
        if not rows:
            raise app_not_found(app)
        entries = [
            Entry(name=row[1], kind=Kind(row[2]), value=row[3], addon=row[4], size=0, position=row[5])
            for row in rows
            if row[1] is not None
        ]
        return rows[0][0], entries

    async def state_at(self, tenant: str, app_id: str, version: int) -> tuple[App, AppSpec, Mapping[str, Entry], int]:
        """Return a living app with its spec and entries at `version` (0: newest) and that version. Raises NotFound."""
        async with self._database.transaction(tenant) as connection:
            row = await (await connection.execute(APP_BY_ID, (app_id,))).fetchone()
            if row is None:
                raise app_not_found(app_id)
            app = app_of(row)
            spec, entries = await _at_version(connection, app_id, version or app.version)
            return app, spec, entries, version or app.version

    def committed(self) -> None:
        """Say that a draft was committed, so that its audit event goes out now."""
        self._trail.committed()


async def _at_version(connection: Connection, app_id: str, version: int) -> tuple[AppSpec, Mapping[str, Entry]]:
    parameters = {"app_id": app_id, "version": version}
    specs = await connection.execute(_SPEC_AT, parameters)
    entries = await connection.execute(_ENTRIES_AT, parameters)
    spec = await specs.fetchone()
    if spec is None:
        raise InvalidInput(f"The app had no version {version}.")
    return spec_of(spec), _entries_of(await entries.fetchall())


def app_of(row: Row) -> App:
    """Return the app in a row of `APP_BY_NAME` and its like."""
    return App(
        app_id=row[0],
        name=row[1],
        version=row[2],
        totals=Totals(names=row[3], size=row[4], next_position=row[5]),
        created_at=row[6],
        spec=spec_of(row[7:]),
    )


def spec_of(row: Row) -> AppSpec:
    """Return the spec in four columns."""
    return AppSpec(command=tuple(row[0]), image=row[1], instances=row[2], health_path=row[3])


def spec_columns(spec: AppSpec) -> tuple[Any, ...]:
    """Return the four columns of a spec."""
    return (list(spec.command), spec.image, spec.instances, spec.health_path)


def _entries_of(rows: Sequence[Row]) -> dict[str, Entry]:
    return {
        row[0]: Entry(name=row[0], kind=Kind(row[1]), value=row[2], addon=row[3], size=row[4], position=row[5])
        for row in rows
    }


def _columns(entries: Sequence[Entry]) -> tuple[list[Any], ...]:
    return (
        [entry.name for entry in entries],
        [entry.kind.value for entry in entries],
        [entry.value for entry in entries],
        [entry.addon for entry in entries],
        [entry.size for entry in entries],
        [entry.position for entry in entries],
    )
