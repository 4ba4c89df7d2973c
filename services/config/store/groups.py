"""The SQL of what is listed of shared groups. One statement each, which may share its round trip with others'."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from paaskit.db import Database
from services.config.domain import App
from services.config.store.rows import APP, app_of

_ITS_USES: Final = """
    CROSS JOIN LATERAL (
        SELECT count(*)::int AS uses FROM group_uses u
        WHERE u.tenant = %(tenant)s AND u.group_id = a.app_id AND NOT u.staged OFFSET 0) AS u"""
_GROUPS: Final = f"""
    SELECT {APP}, u.uses FROM apps a {_ITS_USES}
    WHERE a.tenant = %(tenant)s AND a.is_group AND a.destroyed_at IS NULL AND a.name > %(after)s
    ORDER BY a.name LIMIT %(limit)s"""
_GROUPS_OF_THESE: Final = f"""
    SELECT a.*, u.uses
    FROM unnest(%(ids)s::text[]) AS mine (app_id)
    CROSS JOIN LATERAL (
        SELECT {APP} FROM apps a WHERE a.tenant = %(tenant)s AND a.app_id = mine.app_id OFFSET 0) AS a
    {_ITS_USES}
    WHERE a.name > %(after)s AND a.is_group AND a.destroyed_at IS NULL
    ORDER BY a.name LIMIT %(limit)s"""
_LIVING: Final = """
    SELECT a.app_id
    FROM unnest(%(ids)s::text[]) AS asked (app_id)
    CROSS JOIN LATERAL (
        SELECT * FROM apps WHERE tenant = %(tenant)s AND app_id = asked.app_id OFFSET 0) AS a
    WHERE a.destroyed_at IS NULL"""


@dataclass(frozen=True, kw_only=True)
class ShownGroup:
    """A group, and how many apps have it."""

    group: App
    uses: int


class GroupLists:
    """Reads of groups."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, tenant: str, *, after: str, limit: int, ids: frozenset[str] | None) -> Sequence[ShownGroup]:
        """Return living groups whose name sorts after `after`; of these `ids` only, unless that is None."""
        given = {"tenant": tenant, "after": after, "limit": limit}
        if ids is not None:
            rows = await self._database.fetch(tenant, _GROUPS_OF_THESE, {**given, "ids": sorted(ids)})
        else:
            rows = await self._database.fetch(tenant, _GROUPS, given)
        return [ShownGroup(group=app_of(row), uses=row.uses) for row in rows]

    async def living(self, tenant: str, ids: Collection[str]) -> frozenset[str]:
        """Return those of `ids` whose groups are not destroyed. Asks nothing where there are none."""
        if not ids:
            return frozenset()
        rows = await self._database.fetch(tenant, _LIVING, {"tenant": tenant, "ids": list(ids)})
        return frozenset(row.app_id for row in rows)
