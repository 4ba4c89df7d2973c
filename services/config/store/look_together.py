"""Reading what changes of one tenant's apps are decided on, for all of them at once.

The same as `look` for changes that need the current entries of some names and nothing else, which most of them do.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from paaskit.access import AppRef
from paaskit.db import Connection
from paaskit.errors import app_not_found
from paaskit.write_path import Read
from services.config.domain import Entry, Snapshot
from services.config.store.rows import APP, ENTRY, app_of, entry_of

Wanted = tuple[AppRef, Sequence[str]]
"""An app, and the names whose current entries are needed."""

_LIVING: Final = "a.tenant = %(tenant)s AND a.destroyed_at IS NULL"
# In the order in which the write path sorts locks: by code point, whatever the database sorts by.
_APPS: Final = f"""
    SELECT {APP} FROM apps a WHERE {_LIVING} AND a.name = ANY(%(apps)s::text[])
    ORDER BY a.name COLLATE "C" FOR UPDATE"""
# OFFSET 0 keeps the join as it is written: one look into the index of current entries for each name.
_ENTRIES: Final = f"""
    SELECT w.app, e.* FROM unnest(%(apps)s::text[], %(names)s::text[]) AS w (app, name),
    LATERAL (
        SELECT {ENTRY} FROM vars v
        WHERE v.tenant = %(tenant)s AND v.name = w.name AND v.valid_to IS NULL
          AND v.app_id = (SELECT a.app_id FROM apps a WHERE {_LIVING} AND a.name = w.app)
        OFFSET 0) AS e"""


class _Looked:
    """The rows of all apps, fetched when the first is asked for."""

    def __init__(self, apps: Any, entries: Any) -> None:
        self._cursors = apps, entries
        self._apps: dict[str, Any] | None = None
        self._entries: dict[str, list[Entry]] = defaultdict(list)

    async def snapshot(self, where: AppRef) -> Snapshot:
        if self._apps is None:
            apps, entries = self._cursors
            self._apps = {row.name: row for row in await apps.fetchall()}
            for row in await entries.fetchall():
                self._entries[row.app].append(entry_of(row))
        row = self._apps.get(where.name)
        if row is None:
            raise app_not_found(where.name)
        where.accept(row.app_id)
        return Snapshot(app=app_of(row), history=tuple(self._entries[where.name]))


async def begin_look_together(
    connection: Connection, tenant: str, wanted: Sequence[Wanted]
) -> Sequence[Read[Snapshot]]:
    """Send what locks and reads these apps; return what gives each one's snapshot.

    That raises NotFound where there is no such living app, and PermissionDenied where the caller may not mean it.
    """
    pairs = [(where.name, name) for where, names in wanted for name in names]
    given = {"tenant": tenant, "apps": [where.name for where, _ in wanted]}
    apps = await connection.execute(_APPS, given)
    entries = await connection.execute(
        _ENTRIES, {"tenant": tenant, "apps": [app for app, _ in pairs], "names": [name for _, name in pairs]}
    )
    looked = _Looked(apps, entries)

    def read_of(where: AppRef) -> Read[Snapshot]:
        return lambda: looked.snapshot(where)

    return [read_of(where) for where, _ in wanted]
