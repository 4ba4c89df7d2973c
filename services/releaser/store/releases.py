"""The SQL of reading releases."""

from dataclasses import replace
from typing import Final

from paaskit.db import Database
from services.releaser.domain import AppKey, Release
from services.releaser.store.rows import MEMBERS, RELEASE_COLUMNS, members_of, release_of

_GET: Final = f"SELECT {RELEASE_COLUMNS}, {MEMBERS} FROM releases WHERE tenant = %s AND app_id = %s AND number = %s"
_UNDER_WAY: Final = """
    SELECT app_id FROM work WHERE tenant = %s AND lease_until >= now() LIMIT %s"""
_LIST: Final = f"""
    SELECT {RELEASE_COLUMNS} FROM releases WHERE tenant = %s AND app_id = %s AND number < %s
    ORDER BY number DESC LIMIT %s"""
_LAST_GOOD: Final = f"""
    SELECT {RELEASE_COLUMNS} FROM releases
    WHERE tenant = %s AND app_id = %s AND number < %s AND state = 'succeeded' ORDER BY number DESC LIMIT 1"""
_SUPERSEDED: Final = f"""
    SELECT {RELEASE_COLUMNS} FROM releases
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number > %(after)s AND number < %(number)s
      AND superseded_by = %(number)s ORDER BY number"""


class ReleaseStore:
    """Releases, to be read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: AppKey, number: int) -> Release | None:
        """Return one release, a shared group's with those of the apps, or None."""
        rows = await self._database.fetch(key.tenant, _GET, (key.tenant, key.app_id, number))
        return replace(release_of(rows[0]), members=members_of(rows[0])) if rows else None

    async def under_way(self, tenant: str, *, limit: int) -> frozenset[str]:
        """Return the ids of up to `limit` apps of a tenant that are worked on now, by whichever process."""
        rows = await self._database.fetch(tenant, _UNDER_WAY, (tenant, limit))
        return frozenset(row.app_id for row in rows)

    async def page(self, key: AppKey, *, before: int, limit: int) -> list[Release]:
        """Return up to `limit` releases older than number `before`, newest first."""
        rows = await self._database.fetch(key.tenant, _LIST, (key.tenant, key.app_id, before, limit))
        return [release_of(row) for row in rows]

    async def last_good(self, key: AppKey, *, before: int) -> Release | None:
        """Return the newest release older than `before` that succeeded."""
        rows = await self._database.fetch(key.tenant, _LAST_GOOD, (key.tenant, key.app_id, before))
        return release_of(rows[0]) if rows else None

    async def superseded(self, key: AppKey, *, by: int, after: int) -> list[Release]:
        """Return the releases newer than `after` that ended because release `by` has their changes, oldest first."""
        named = {"tenant": key.tenant, "app_id": key.app_id, "after": after, "number": by}
        return [release_of(row) for row in await self._database.fetch(key.tenant, _SUPERSEDED, named)]
