"""The SQL of everything sealed of an app at one moment, and of its audit events in the same transaction."""

from typing import Final

from paaskit.db import Database, Row
from paaskit.write_path import WritePath
from services.secrets.environment import Judge, Sealed, Verdict
from services.secrets.rules.stored import PREVIOUS_SUFFIX, Entry
from services.secrets.store.rows import ENTRY_COLUMNS, entry_of

# One statement, so that values and former values are of one moment. OFFSET 0 keeps the planner from turning the inside
# out: it is to find the app first, then its values, and by these their former ones.
_SEALED: Final = f"""
    WITH a AS MATERIALIZED (
        SELECT app_id, version FROM apps WHERE tenant = %(tenant)s AND name = %(app)s
    ), s AS MATERIALIZED (
        SELECT c.* FROM a CROSS JOIN LATERAL (
            SELECT * FROM sealed WHERE tenant = %(tenant)s AND app_id = a.app_id AND valid_to IS NULL OFFSET 0) AS c
    )
    SELECT a.app_id, a.version, false AS is_former, {ENTRY_COLUMNS} FROM a LEFT JOIN s ON true
    UNION ALL
    SELECT a.app_id, a.version, true, {ENTRY_COLUMNS}
    FROM a CROSS JOIN s AS n CROSS JOIN LATERAL (
        SELECT * FROM sealed
        WHERE tenant = %(tenant)s AND app_id = a.app_id AND name = n.name AND valid_from = n.previous OFFSET 0) AS s
    WHERE n.previous_until > clock_timestamp()"""


class EnvironmentStore:
    """See `services.secrets.environment.EnvironmentStore`."""

    def __init__(self, database: Database, write_path: WritePath) -> None:
        self._database = database
        self._write_path = write_path

    async def read_audited(self, tenant: str, app: str, judge: Judge) -> tuple[Sealed, Verdict] | None:
        """Return what is sealed and what becomes of it, once its events are committed; None for an app not known."""
        async with self._database.transaction(tenant) as connection:
            rows = await (await connection.execute(_SEALED, {"tenant": tenant, "app": app})).fetchall()
            if not rows:
                return None
            sealed = Sealed(rows[0].app_id, rows[0].version, _entries(rows))
            verdict = judge(sealed)
            await self._write_path.record(connection, *verdict.events)
        self._write_path.committed()
        return sealed, verdict


def _entries(rows: list[Row]) -> dict[str, Entry]:
    """Return the entries by the name they are injected under. What has a name itself comes before what is former."""
    stored = [row for row in rows if row.secret is not None]
    former = {row.secret + PREVIOUS_SUFFIX: entry_of(row) for row in stored if row.is_former}
    return former | {row.secret: entry_of(row) for row in stored if not row.is_former}
