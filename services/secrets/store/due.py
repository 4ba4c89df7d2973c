"""The SQL of what is due over all apps of a tenant, and of what was given out when."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final

from paaskit.db import Database, Row
from services.secrets.store.rows import ENTRY_COLUMNS, entry_of
from services.secrets.upkeep.deliveries import ONCE_IN, Delivered
from services.secrets.upkeep.due import DueKind, DueSecret, Place

# Whoever is given values does not wait for this, and this waits for nobody: a row that a change has locked is left.
_KEEP: Final = f"""
    WITH w AS MATERIALIZED (
        SELECT s.app_id, s.name, s.valid_from
        FROM unnest(%(ids)s::text[], %(names)s::text[], %(versions)s::bigint[]) AS d (app_id, name, valid_from)
        CROSS JOIN LATERAL (
            SELECT app_id, name, valid_from FROM sealed
            WHERE tenant = %(tenant)s AND app_id = d.app_id AND name = d.name AND valid_from = d.valid_from
              AND valid_to IS NULL
              AND coalesce(delivered_at < now() - make_interval(secs => {int(ONCE_IN.total_seconds())}), true)
            FOR UPDATE SKIP LOCKED) AS s)
    UPDATE sealed s SET delivered_at = clock_timestamp() FROM w
    WHERE s.tenant = %(tenant)s AND s.app_id = w.app_id AND s.name = w.name AND s.valid_from = w.valid_from"""
_BEGIN: Final = "INSERT INTO delivery_records DEFAULT VALUES ON CONFLICT DO NOTHING"
_SINCE: Final = "SELECT since FROM delivery_records"

_STANDING: Final = "valid_to IS NULL AND kind = 'secret'"


def _some(moment: str, *, which: str) -> str:
    """Return the query for the first of a tenant's values up to a moment and after a place, in an index's order."""
    return f"""(
        SELECT *, {moment} AS moment FROM sealed
        WHERE tenant = %(tenant)s AND {_STANDING} AND {which} AND {moment} <= %(until)s
          AND ({moment}, app_id, name) > (%(after)s, %(after_app)s, %(after_name)s)
        ORDER BY {moment}, app_id, name LIMIT %(limit)s)"""


def _list(*queries: str) -> str:
    """Return the statement for the first of what some queries find, with the names of apps."""
    return f"""
        SELECT a.name AS app, s.app_id, s.moment, {ENTRY_COLUMNS}
        FROM (
            SELECT * FROM ({" UNION ALL ".join(queries)}) AS found
            ORDER BY moment, app_id, name LIMIT %(limit)s) AS s
        CROSS JOIN LATERAL (
            SELECT name FROM apps WHERE tenant = %(tenant)s AND app_id = s.app_id OFFSET 0) AS a
        ORDER BY s.moment, s.app_id, s.name"""


def _list_of_these(moment: str) -> str:
    """The same of some apps, each of which has 500 names at most: these are found first, and then looked at."""
    return f"""
        SELECT a.name AS app, s.app_id, s.moment, {ENTRY_COLUMNS}
        FROM unnest(%(ids)s::text[]) AS mine (app_id)
        CROSS JOIN LATERAL (
            SELECT name FROM apps WHERE tenant = %(tenant)s AND app_id = mine.app_id OFFSET 0) AS a
        CROSS JOIN LATERAL (
            SELECT *, {moment} AS moment FROM sealed
            WHERE tenant = %(tenant)s AND app_id = mine.app_id AND valid_to IS NULL OFFSET 0) AS s
        WHERE s.kind = 'secret' AND s.moment <= %(until)s
          AND (s.moment, s.app_id, s.name) > (%(after)s, %(after_app)s, %(after_name)s)
        ORDER BY s.moment, s.app_id, s.name LIMIT %(limit)s"""


_ENDING: Final = _list(_some("expires_at", which="expires_at IS NOT NULL"))
_ENDING_OF_THESE: Final = _list_of_these("expires_at")
_ROTATING: Final = _list(_some("rotate_at", which="rotate_at IS NOT NULL"))
_ROTATING_OF_THESE: Final = _list_of_these("rotate_at")
_OLD: Final = _list(_some("created_at", which="created_at > '-infinity'"))
_OLD_OF_THESE: Final = _list_of_these("created_at")
_UNDELIVERED: Final = _list(
    _some("created_at", which="delivered_at IS NULL"), _some("delivered_at", which="delivered_at IS NOT NULL")
)
_UNDELIVERED_OF_THESE: Final = _list_of_these("coalesce(delivered_at, created_at)")
_LISTS: Final = {
    DueKind.EXPIRY: (_ENDING, _ENDING_OF_THESE),
    DueKind.ROTATION: (_ROTATING, _ROTATING_OF_THESE),
    DueKind.AGE: (_OLD, _OLD_OF_THESE),
    DueKind.UNDELIVERED: (_UNDELIVERED, _UNDELIVERED_OF_THESE),
}
_FIRST: Final = (datetime(1970, 1, 1, tzinfo=UTC), "", "")


class DueRows:
    """See the protocols `DueStore` and `DeliveryStore` in `services.secrets.upkeep`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self) -> None:
        """Keep that it is written down from now on, unless it was already. Raises Unavailable."""
        await self._database.execute(_BEGIN)

    async def delivered_since(self) -> datetime | None:
        """Return since when it is kept when values are given out; None before any process did."""
        rows = await self._database.fetch_unscoped(_SINCE)
        since: datetime | None = rows[0].since if rows else None
        return since

    async def page(
        self,
        tenant: str,
        kind: DueKind,
        *,
        until: datetime,
        after: Place | None,
        limit: int,
        app_ids: Collection[str] | None,
    ) -> list[DueSecret]:
        """Return secrets whose moment is `until` at the latest, in its order; of these apps alone unless None."""
        moment, app_id, name = after or _FIRST
        where = {
            "tenant": tenant,
            "until": until,
            "after": moment,
            "after_app": app_id,
            "after_name": name,
            "limit": limit,
        }
        all_of_them, of_these = _LISTS[kind]
        if app_ids is None:
            return [_due_of(row) for row in await self._database.fetch(tenant, all_of_them, where)]
        rows = await self._database.fetch(tenant, of_these, {**where, "ids": sorted(app_ids)})
        return [_due_of(row) for row in rows]

    async def keep(self, tenant: str, delivered: Sequence[Delivered]) -> None:
        """Keep that values were given out now, of those that stand. Raises Unavailable."""
        ids, names, versions = zip(*delivered, strict=True)
        columns = {"tenant": tenant, "ids": list(ids), "names": list(names), "versions": list(versions)}
        await self._database.execute_scoped(tenant, _KEEP, columns)


def _due_of(row: Row) -> DueSecret:
    return DueSecret(row.app, entry_of(row), (row.moment, row.app_id, row.secret))
