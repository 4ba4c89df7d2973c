"""The SQL of sealing values anew: those that are sealed with an older key, batch by batch, live ones and staged ones.

A value is replaced only where it is still sealed with the key it was read with, so it does not matter how many are at
it. Rows that somebody else has locked are left for later: nobody ever waits here while holding locks of others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from paaskit.db import Database
from services.secrets.keys.tenant_keys import Sealed

_ROWS: Final = 200
_BYTES: Final = 2 * 1024 * 1024
_BEGINNING: Final = ("", "", 0)

# A walk through all values of a tenant in the order of their key, from where the last batch ended: what is sealed anew
# already is passed over once. The difference keeps it from being looked for by its generation, where what was replaced
# stands in the way until it is vacuumed.
_NEXT_LIVE: Final = """
    SELECT app_id, name, version, sealed
    FROM (SELECT app_id, name, valid_from AS version, sealed, row_number() OVER () AS place,
                 sum(size) OVER (ROWS UNBOUNDED PRECEDING) AS bytes
          FROM (SELECT app_id, name, valid_from, sealed, size FROM sealed
                WHERE tenant = %(tenant)s
                  AND (app_id, name, valid_from) > (%(app_id)s::text, %(name)s::text, %(version)s::bigint)
                  AND generation - %(generation)s = 0
                ORDER BY app_id, name, valid_from LIMIT %(rows)s) AS next) AS measured
    WHERE place = 1 OR bytes <= %(bytes)s"""
_NEXT_STAGED: Final = """
    SELECT app_id, name, version, sealed
    FROM (SELECT app_id, name, -revision AS version, sealed, row_number() OVER () AS place,
                 sum(size) OVER (ROWS UNBOUNDED PRECEDING) AS bytes
          FROM (SELECT app_id, name, revision, sealed, size FROM drafts
                WHERE tenant = %(tenant)s AND (app_id, name) > (%(app_id)s::text, %(name)s::text)
                  AND generation - %(generation)s = 0
                ORDER BY app_id, name LIMIT %(rows)s) AS next) AS measured
    WHERE place = 1 OR bytes <= %(bytes)s"""
# Each row is found by its own place: the difference is there so that nobody looks through all of a generation for it.
_REPLACE_LIVE: Final = """
    WITH free AS MATERIALIZED (
        SELECT w.app_id, w.name, w.version, w.sealed
        FROM unnest(%(apps)s::text[], %(names)s::text[], %(versions)s::bigint[], %(blobs)s::bytea[])
             AS w (app_id, name, version, sealed)
        CROSS JOIN LATERAL (
            SELECT FROM sealed
            WHERE tenant = %(tenant)s AND app_id = w.app_id AND name = w.name AND valid_from = w.version
              AND generation - %(before)s = 0
            FOR NO KEY UPDATE SKIP LOCKED) AS s),
    replaced AS (
        UPDATE sealed s SET generation = %(after)s, sealed = f.sealed FROM free f
        WHERE s.tenant = %(tenant)s AND s.app_id = f.app_id AND s.name = f.name AND s.valid_from = f.version
        RETURNING 1)
    SELECT count(*) AS rows FROM replaced"""
_REPLACE_STAGED: Final = """
    WITH free AS MATERIALIZED (
        SELECT w.app_id, w.name, w.version, w.sealed
        FROM unnest(%(apps)s::text[], %(names)s::text[], %(versions)s::bigint[], %(blobs)s::bytea[])
             AS w (app_id, name, version, sealed)
        CROSS JOIN LATERAL (
            SELECT FROM drafts
            WHERE tenant = %(tenant)s AND app_id = w.app_id AND name = w.name AND revision = -w.version
              AND generation - %(before)s = 0
            FOR NO KEY UPDATE SKIP LOCKED) AS d),
    replaced AS (
        UPDATE drafts d SET generation = %(after)s, sealed = f.sealed FROM free f
        WHERE d.tenant = %(tenant)s AND d.app_id = f.app_id AND d.name = f.name
        RETURNING 1)
    SELECT count(*) AS rows FROM replaced"""


@dataclass(frozen=True, kw_only=True)
class Old:
    """A value that is sealed with an older key. A staged one has a version below zero, to which its seal is bound."""

    app_id: str
    name: str
    version: int
    sealed: Sealed


class OlderValues:
    """Values of a tenant that are sealed with one of its keys: of histories, or with `staged`, of drafts."""

    def __init__(self, database: Database, *, staged: bool) -> None:
        self._database = database
        self._next = _NEXT_STAGED if staged else _NEXT_LIVE
        self._replace = _REPLACE_STAGED if staged else _REPLACE_LIVE

    async def next(self, tenant: str, generation: int, *, after: Old | None) -> Sequence[Old]:
        """Return some that are sealed with this key, those behind `after` in their order; none at the end."""
        place = _BEGINNING if after is None else (after.app_id, after.name, after.version)
        where = dict(zip(("app_id", "name", "version"), place, strict=True))
        limits = {"tenant": tenant, "generation": generation, "rows": _ROWS, "bytes": _BYTES}
        return [
            Old(app_id=row.app_id, name=row.name, version=row.version, sealed=Sealed(generation, bytes(row.sealed)))
            for row in await self._database.fetch(tenant, self._next, {**where, **limits})
        ]

    async def replace(self, tenant: str, renewed: Sequence[tuple[Old, Sealed]], *, before: int, after: int) -> int:
        """Store what was sealed anew where the old one still is; return how many that were."""
        columns = {
            "apps": [old.app_id for old, _ in renewed],
            "names": [old.name for old, _ in renewed],
            "versions": [old.version for old, _ in renewed],
            "blobs": [sealed.blob for _, sealed in renewed],
        }
        where = {"tenant": tenant, "before": before, "after": after}
        (row,) = await self._database.execute_scoped(tenant, self._replace, {**where, **columns})
        return int(row.rows)
