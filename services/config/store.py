"""The SQL of reading the registry, and the way in for changes. Returns the domain's dataclasses, never rows.

Rows are temporal: a row is valid from the version that wrote it up to, and not including, the version that closed it.
`writing.py` has the SQL of changes, `app_store.py` that of apps as a whole.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from paaskit.batching import Batcher
from paaskit.changes import Answer
from paaskit.db import Database
from paaskit.errors import app_not_found
from paaskit.releases import Releases
from paaskit.requests import RequestKey
from paaskit.trail import Trail
from services.config.domain import App, Decide
from services.config.plan import AppSpec, Entry, Kind
from services.config.rows import APP_BY_ID, APP_BY_NAME, ENTRY_COLUMNS, app_of, at_version, entries_of
from services.config.writing import Wish, Writing

_CURRENT_SOME: Final = f"""
    SELECT {ENTRY_COLUMNS} FROM vars v JOIN apps a ON a.tenant = v.tenant AND a.app_id = v.app_id
    WHERE a.destroyed_at IS NULL AND v.valid_to IS NULL AND a.name = %s AND v.name = ANY(%s)"""
# Config vars in the order they were first set, then managed ones; the app's own columns come along on every row.
_LIST: Final = """
    SELECT a.version, v.name, v.kind, v.value, v.addon, v.position
    FROM apps a LEFT JOIN vars v
      ON v.tenant = a.tenant AND v.app_id = a.app_id AND v.valid_to IS NULL AND v.kind <> 'secret'
     AND (v.kind = 'managed', v.position) > (%s, %s)
    WHERE a.name = %s AND a.destroyed_at IS NULL
    ORDER BY v.kind = 'managed', v.position LIMIT %s"""

_BATCH: Final = 32
_GATHER_SECONDS: Final = 0.004
FIRST_POSITION: Final = (False, -1)
"""The place before the first variable: where a listing starts."""


class Store:
    """The registry's tables; see `services.config.domain.Store`."""

    def __init__(self, database: Database, *, trail: Trail, releases: Releases) -> None:
        self._database = database
        writing = Writing(database, trail=trail, releases=releases)
        self._changes: Batcher[Wish, tuple[App, Answer]] = Batcher(
            writing.write_all, largest=_BATCH, apart=lambda wish: wish.app, gather_seconds=_GATHER_SECONDS
        )

    async def change(
        self,
        tenant: str,
        app: str,
        *,
        names: Sequence[str] | None,
        decide: Decide,
        request: RequestKey | None = None,
        by_id: bool = False,
        at: int | None = None,
    ) -> tuple[App, Answer]:
        """See `services.config.domain.Store`. Changes of different apps that arrive together share a transaction."""
        wish = Wish(tenant=tenant, app=app, by_id=by_id, names=names, at=at, request=request, decide=decide)
        # Ids and names apart: a batch has each app once, and of two words for one app it could not tell.
        return await self._changes.submit(f"{tenant} id" if by_id else tenant, wish)

    async def look(self, tenant: str, app: str, *, names: Sequence[str]) -> tuple[App, Mapping[str, Entry]]:
        """Return an app and the entries asked for. Raises NotFound."""
        async with self._database.transaction(tenant) as connection:
            found = await connection.execute(APP_BY_NAME, (app,))
            entries = await connection.execute(_CURRENT_SOME, (app, list(names)))
            row = await found.fetchone()
            if row is None:
                raise app_not_found(app)
            return app_of(row), entries_of(await entries.fetchall())

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
            spec, entries = await at_version(connection, app_id, version or app.version)
            return app, spec, entries, version or app.version
