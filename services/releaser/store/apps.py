"""The SQL of apps: which one has a name, and that one was destroyed."""

from collections.abc import Sequence
from typing import Final

from paaskit.db import Connection, Database
from services.releaser.domain import AppKey
from services.releaser.work.orders import Order

# An insert passes over an app that is there already, but not over a name that another transaction gives it in the same
# moment: so who gives a name waits for whoever else does. In one order, for they may be several.
_LOCK_NAMES: Final = """
    SELECT pg_advisory_xact_lock(hashtextextended('app ' || %(tenant)s || ' ' || name, 0))
    FROM (SELECT DISTINCT name COLLATE "C" AS name FROM unnest(%(names)s::text[]) AS named (name)
          WHERE name IS NOT NULL ORDER BY 1) AS in_order"""
# A name goes to the newest app of that name: whoever had it before was destroyed, or it could not have been given.
_TAKE_NAMES: Final = """
    UPDATE apps SET name = NULL FROM unnest(%(ids)s::text[], %(names)s::text[]) AS named (app_id, name)
    WHERE apps.tenant = %(tenant)s AND apps.name = named.name AND apps.app_id <> named.app_id
      AND NOT EXISTS (SELECT FROM apps known WHERE known.tenant = %(tenant)s AND known.app_id = named.app_id)"""
_REGISTER: Final = """
    INSERT INTO apps (tenant, app_id, name)
    SELECT %(tenant)s, named.app_id, named.name
    FROM unnest(%(ids)s::text[], %(names)s::text[]) AS named (app_id, name) ORDER BY named.app_id COLLATE "C"
    ON CONFLICT (tenant, app_id) DO NOTHING"""
_FIND: Final = "SELECT app_id FROM apps WHERE tenant = %s AND name = %s"
_IS_GROUP: Final = "SELECT is_group FROM apps WHERE tenant = %s AND app_id = %s"
_NOTE_GROUP: Final = "UPDATE apps SET is_group = %(is_group)s WHERE tenant = %(tenant)s AND app_id = %(app_id)s"
_FORGET: Final = """
    INSERT INTO apps (tenant, app_id, removed_at) VALUES (%(tenant)s, %(app_id)s, clock_timestamp())
    ON CONFLICT (tenant, app_id) DO UPDATE SET name = NULL, removed_at = coalesce(apps.removed_at, clock_timestamp())"""
_OPEN_REMOVAL: Final = """
    INSERT INTO work (tenant, app_id, removal) VALUES (%(tenant)s, %(app_id)s, true)
    ON CONFLICT (tenant, app_id) DO UPDATE SET removal = true, not_before = clock_timestamp()"""
_HAS_WORK: Final = "SELECT 1 FROM work WHERE tenant = %s AND app_id = %s"


class AppStore:
    """Apps by their names."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, tenant: str, name: str) -> AppKey | None:
        """Return the living app of this name, or None where releaser never heard of it."""
        rows = await self._database.fetch(tenant, _FIND, (tenant, name))
        return AppKey(tenant=tenant, app_id=rows[0].app_id) if rows else None

    async def register(self, key: AppKey, name: str) -> None:
        """Keep an app's name."""
        async with self._database.transaction(key.tenant) as connection:
            await _take_names(connection, key.tenant, [key.app_id], [name])

    async def is_group(self, key: AppKey) -> bool | None:
        """Whether an id is a shared group's, or None where that was not asked yet."""
        rows = await self._database.fetch(key.tenant, _IS_GROUP, (key.tenant, key.app_id))
        return rows[0].is_group if rows else None

    async def note_group(self, key: AppKey, *, is_group: bool) -> None:
        """Keep whether an id is a shared group's, which it is for ever."""
        async with self._database.transaction(key.tenant) as connection:
            await connection.execute(_NOTE_GROUP, {"tenant": key.tenant, "app_id": key.app_id, "is_group": is_group})

    async def mark_removed(self, key: AppKey) -> None:
        """Forget the app's name and have a runner stop it; works for an app never heard of."""
        async with self._database.transaction(key.tenant) as connection:
            named = {"tenant": key.tenant, "app_id": key.app_id}
            await connection.execute(_FORGET, named)
            await connection.execute(_OPEN_REMOVAL, named)

    async def has_work(self, key: AppKey) -> bool:
        """Whether a runner still has something to do for the app."""
        return bool(await self._database.fetch(key.tenant, _HAS_WORK, (key.tenant, key.app_id)))


async def register_all(connection: Connection, tenant: str, orders: Sequence[Order]) -> None:
    """Send what keeps the names of one tenant's apps: of two that claim one name, the later has it."""
    owners = {order.app: order.key.app_id for order in orders}
    names = {app_id: name for name, app_id in owners.items()}
    ids = sorted({order.key.app_id for order in orders})
    await _take_names(connection, tenant, ids, [names.get(app_id) for app_id in ids])


async def _take_names(connection: Connection, tenant: str, ids: Sequence[str], names: Sequence[str | None]) -> None:
    named = {"tenant": tenant, "ids": list(ids), "names": list(names)}
    await connection.execute(_LOCK_NAMES, named)
    await connection.execute(_TAKE_NAMES, named)
    await connection.execute(_REGISTER, named)
