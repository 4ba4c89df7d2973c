"""The SQL of reading values: one transaction for many reads, with all their audit events."""

from collections.abc import Sequence
from typing import Final

from paaskit.db import Database
from paaskit.write_path import WritePath
from services.secrets.reveal import Found, Verdict, Wish, judge
from services.secrets.store.rows import ENTRY_COLUMNS, entry_of

# Each wish is looked up by itself, whatever the planner knows of the tables: OFFSET 0 keeps it from joining otherwise.
_READ: Final = f"""
    SELECT w.place, a.app_id, {ENTRY_COLUMNS}
    FROM unnest(%(places)s::int[], %(apps)s::text[], %(names)s::text[]) AS w (place, app, name)
    CROSS JOIN LATERAL (
        SELECT app_id FROM apps WHERE tenant = %(tenant)s AND name = w.app OFFSET 0) AS a
    LEFT JOIN LATERAL (
        SELECT * FROM sealed
        WHERE tenant = %(tenant)s AND app_id = a.app_id AND name = w.name AND valid_to IS NULL OFFSET 0) AS s ON true"""


class RevealStore:
    """See `services.secrets.reveal.RevealStore`."""

    def __init__(self, database: Database, write_path: WritePath) -> None:
        self._database = database
        self._write_path = write_path

    async def read_audited(self, tenant: str, wanted: Sequence[Wish]) -> list[Verdict]:
        """Return what becomes of each wish, after committing the events of all."""
        found: list[Found | None] = [None] * len(wanted)
        async with self._database.transaction(tenant) as connection:
            columns = {
                "tenant": tenant,
                "places": list(range(len(wanted))),
                "apps": [wish.app.name for wish in wanted],
                "names": [wish.name for wish in wanted],
            }
            for row in await (await connection.execute(_READ, columns)).fetchall():
                found[row.place] = Found(row.app_id, None if row.secret is None else entry_of(row))
            verdicts = [judge(wish, each) for wish, each in zip(wanted, found, strict=True)]
            events = [verdict.event for verdict in verdicts if verdict.event is not None]
            if events:
                await self._write_path.record(connection, *events)
        self._write_path.committed()
        return verdicts
