"""The SQL of reading values: one transaction for many reads, with all their audit events."""

from collections.abc import Sequence
from typing import Final

from paaskit import outbox
from paaskit.db import Database
from paaskit.trail import Trail
from services.secrets.plan import Kind
from services.secrets.reveal import Found, Wish
from services.secrets.store import ENTRY_COLUMNS, entry_of

_READ: Final = f"""
    SELECT w.place, s.app_id, {ENTRY_COLUMNS}
    FROM unnest(%s::int[], %s::text[], %s::text[]) AS w (place, app, name)
    JOIN apps a ON a.name = w.app
    JOIN sealed s ON s.tenant = a.tenant AND s.app_id = a.app_id AND s.name = w.name AND s.valid_to IS NULL"""
_KEEP_EVENTS: Final = """
    INSERT INTO outbox (destination, key, payload) SELECT %s, * FROM unnest(%s::text[], %s::bytea[])"""


class RevealStore:
    """See `services.secrets.reveal.RevealStore`."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database = database
        self._trail = trail

    async def read_audited(self, tenant: str, wanted: Sequence[Wish]) -> list[Found | None]:
        """Return what is stored under each app's and secret's name, after committing the events of those found."""
        found: list[Found | None] = [None] * len(wanted)
        places = list(range(len(wanted)))
        async with self._database.transaction(tenant) as connection:
            cursor = await connection.execute(
                _READ, (places, [wish.app for wish in wanted], [wish.name for wish in wanted])
            )
            for row in await cursor.fetchall():
                found[row[0]] = Found(row[1], entry_of(row[2:]))
            events = [
                wish.event
                for wish, each in zip(wanted, found, strict=True)
                if each is not None and each.entry.kind is Kind.SECRET
            ]
            if events:
                keys, payloads = [event.event_id for event in events], [event.encode() for event in events]
                await connection.execute(_KEEP_EVENTS, (outbox.AUDIT, keys, payloads))
        self._trail.committed()
        return found
