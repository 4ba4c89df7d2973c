"""What is read without being changed: lists, and the values of a release."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from paaskit.audit import AuditEvent
from paaskit.db import Database
from paaskit.write_path import WritePath
from services.secrets.rules.stored import App, Entry, Staged
from services.secrets.store.rows import APP_COLUMNS, ENTRY_COLUMNS, STAGED_COLUMNS, app_of, entry_of, staged_of

_LIST: Final = f"""
    SELECT {APP_COLUMNS}, {ENTRY_COLUMNS}
    FROM (SELECT * FROM apps WHERE tenant = %(tenant)s AND name = %(app)s OFFSET 0) AS a
    LEFT JOIN LATERAL (
        SELECT * FROM sealed
        WHERE tenant = %(tenant)s AND app_id = a.app_id AND valid_to IS NULL AND kind = 'secret'
          AND position > %(after)s
        ORDER BY position LIMIT %(limit)s) AS s ON true
    ORDER BY s.position"""
_STAGED: Final = f"""
    SELECT {STAGED_COLUMNS}, s.valid_from AS live_from
    FROM drafts d LEFT JOIN LATERAL (
        SELECT valid_from FROM sealed
        WHERE tenant = d.tenant AND app_id = d.app_id AND name = d.name AND valid_to IS NULL OFFSET 0) AS s ON true
    WHERE d.tenant = %s AND d.app_id = %s ORDER BY d.name"""
# The newest row of a name that a version has comes first in the primary key, however long the history is.
_AT: Final = f"""
    SELECT {ENTRY_COLUMNS}
    FROM unnest(%(names)s::text[]) AS w (name)
    CROSS JOIN LATERAL (
        SELECT * FROM sealed
        WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND name = w.name AND valid_from <= %(version)s
        ORDER BY valid_from DESC LIMIT 1) AS s
    WHERE s.valid_to IS NULL OR s.valid_to > %(version)s"""
# Values whose overlap still runs, or ran: their successor at that version names the one they were stored in.
_PREVIOUS: Final = f"""
    SELECT {ENTRY_COLUMNS}
    FROM ({_AT}) AS n
    CROSS JOIN LATERAL (
        SELECT * FROM sealed
        WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND name = n.secret AND valid_from = n.previous OFFSET 0) AS s
    WHERE n.previous_until > clock_timestamp() OR %(with_ended)s"""


@dataclass(frozen=True)
class Listed:
    """A page of an app's secrets."""

    app: App
    entries: Sequence[Entry]


class Readings:
    """Reads lists and releases' values."""

    def __init__(self, database: Database, write_path: WritePath) -> None:
        self._database = database
        self._write_path = write_path

    async def listed(self, tenant: str, app: str, *, after: int, limit: int) -> Listed | None:
        """Return a page of secrets, or None where the app is not known here by this name."""
        where = {"tenant": tenant, "app": app, "after": after, "limit": limit}
        rows = await self._database.fetch(tenant, _LIST, where)
        if not rows:
            return None
        return Listed(app_of(rows[0]), [entry_of(row) for row in rows if row.secret is not None])

    async def staged(self, tenant: str, app_id: str) -> list[tuple[Staged, int | None]]:
        """Return what is staged, by name, each with the version of the live value; None where there is none."""
        rows = await self._database.fetch(tenant, _STAGED, (tenant, app_id))
        return [(staged, row.live_from) for row, staged in zip(rows, staged_of(rows).values(), strict=True)]

    async def at_version(
        self, tenant: str, app_id: str, version: int, *, names: Sequence[str], event: AuditEvent, with_ended: bool
    ) -> tuple[list[Entry], list[Entry]]:
        """Commit the event; return the values that a version has under `names`, and the former ones that overlap.

        With `with_ended` also those that did.
        """
        where = {"tenant": tenant, "app_id": app_id, "version": version, "names": list(names), "with_ended": with_ended}
        async with self._database.transaction(tenant) as connection:
            entries = await connection.execute(_AT, where)
            previous = await connection.execute(_PREVIOUS, where)
            await self._write_path.record(connection, event)
            current, former = await entries.fetchall(), await previous.fetchall()
        self._write_path.committed()
        return [entry_of(row) for row in current], [entry_of(row) for row in former]
