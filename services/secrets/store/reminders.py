"""The SQL of reminders: which are due, and telling them once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from paaskit.db import Connection, Database, Row
from paaskit.write_path import Change, Read, WritePath
from services.secrets.upkeep.reminders import Decide, Place, Reminder, Told

_BATCH: Final = 100
_DUE: Final = f"SELECT tenant, app_id, name FROM reminders WHERE due <= %s ORDER BY due LIMIT {_BATCH}"
# One that another replica is at is its own to tell; one that it told meanwhile is not due any more.
_LOCK: Final = """
    WITH r AS MATERIALIZED (
        SELECT r.* FROM unnest(%(ids)s::text[], %(names)s::text[]) AS w (app_id, name)
        CROSS JOIN LATERAL (
            SELECT app_id, name FROM reminders
            WHERE tenant = %(tenant)s AND app_id = w.app_id AND name = w.name AND due <= %(now)s
            FOR UPDATE SKIP LOCKED) AS r)
    SELECT r.app_id, r.name, a.name AS app, s.valid_from, s.expires_at
    FROM r
    LEFT JOIN LATERAL (SELECT name FROM apps WHERE tenant = %(tenant)s AND app_id = r.app_id OFFSET 0) AS a ON true
    LEFT JOIN LATERAL (
        SELECT valid_from, expires_at FROM sealed
        WHERE tenant = %(tenant)s AND app_id = r.app_id AND name = r.name AND valid_to IS NULL OFFSET 0) AS s ON true"""
_PUT_OFF: Final = """
    UPDATE reminders r SET due = w.due
    FROM unnest(%(ids)s::text[], %(names)s::text[], %(dues)s::timestamptz[]) AS w (app_id, name, due)
    WHERE r.tenant = %(tenant)s AND r.app_id = w.app_id AND r.name = w.name"""
_END: Final = """
    DELETE FROM reminders r USING unnest(%(ids)s::text[], %(names)s::text[]) AS w (app_id, name)
    WHERE r.tenant = %(tenant)s AND r.app_id = w.app_id AND r.name = w.name"""


class ReminderRows:
    """See `services.secrets.upkeep.reminders.ReminderStore`."""

    def __init__(self, database: Database, write_path: WritePath) -> None:
        self._database = database
        self._write_path = write_path

    async def due(self, now: datetime) -> Mapping[str, Sequence[Place]]:
        """Return of what to remind now, by tenant, the longest due first and a batch at most."""
        found: dict[str, list[Place]] = {}
        for row in await self._database.fetch_unscoped(_DUE, (now,)):
            found.setdefault(row.tenant, []).append((row.app_id, row.name))
        return found

    async def remind(self, tenant: str, places: Sequence[Place], now: datetime, decide: Decide) -> int:
        """Lock those that are due still and nobody is at, and write what is decided; return how many they were."""
        ids, names = [app_id for app_id, _ in places], [name for _, name in places]

        async def look(connection: Connection) -> Read[Sequence[Reminder]]:
            cursor = await connection.execute(_LOCK, {"tenant": tenant, "now": now, "ids": ids, "names": names})

            async def read() -> Sequence[Reminder]:
                return [_reminder_of(row) for row in await cursor.fetchall()]

            return read

        async def write(connection: Connection, _: Sequence[Reminder], told: Told) -> None:
            for statement, reminders, more in (
                (_PUT_OFF, [each for each, _ in told.later], {"dues": [due for _, due in told.later]}),
                (_END, told.over, {}),
            ):
                columns = {"ids": [each.app_id for each in reminders], "names": [each.name for each in reminders]}
                if reminders:
                    await connection.execute(statement, {"tenant": tenant, **columns, **more})

        due, _ = await self._write_path.make(Change(tenant=tenant, look=look, decide=decide, write=write))
        return len(due)


def _reminder_of(row: Row) -> Reminder:
    return Reminder(
        app_id=row.app_id, app=row.app or "", name=row.name, version=row.valid_from or 0, expires_at=row.expires_at
    )
