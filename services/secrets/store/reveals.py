"""The SQL of reading values: one statement for many reads, which writes their audit events as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from paaskit import outbox
from paaskit.audit import AuditEvent
from paaskit.db import Database, Row
from paaskit.outbox import Message
from paaskit.trail import Trail
from services.secrets.reveal import Found, Verdict, Wish, judge, record_if_granted, record_of
from services.secrets.store.rows import ENTRY_COLUMNS, entry_of

# One round trip and one commit for nearly all reads: what is read comes with what goes on record of it. An event is
# given as it is where its wish is granted, for the app that its name meant last. It is kept where every name turns out
# to be a secret of that very app. Anything else is for `judge` to say, and is put on record afterwards.
#
# Each name is looked up by itself, whatever the planner knows of the tables: OFFSET 0 keeps it from joining otherwise.
# A variable's name has no space in it.
_READ: Final = f"""
    WITH wishes AS MATERIALIZED (
        SELECT * FROM unnest(%(apps)s::text[], %(names)s::text[], %(foreseen)s::text[], %(keys)s::text[],
                             %(payloads)s::bytea[]) WITH ORDINALITY AS w (app, names, foreseen, key, payload, place)
    ), found AS MATERIALIZED (
        SELECT w.place, a.app_id, {ENTRY_COLUMNS},
               coalesce(a.app_id = w.foreseen AND s.kind = 'secret', false) AS is_foreseen
        FROM wishes AS w
        LEFT JOIN LATERAL (
            SELECT app_id FROM apps WHERE tenant = %(tenant)s AND name = w.app OFFSET 0) AS a ON true
        CROSS JOIN LATERAL string_to_table(w.names, ' ') AS n (name)
        LEFT JOIN LATERAL (
            SELECT * FROM sealed
            WHERE tenant = %(tenant)s AND app_id = a.app_id AND name = n.name AND valid_to IS NULL OFFSET 0
        ) AS s ON true
    ), kept AS (
        INSERT INTO outbox (destination, key, payload)
        SELECT '{outbox.AUDIT}', key, payload FROM wishes
        WHERE place <> ALL (ARRAY(SELECT DISTINCT place FROM found WHERE NOT is_foreseen)))
    SELECT * FROM found"""
# Ids of apps that are remembered, 200 bytes each.
_REMEMBERED_APPS: Final = 10_000


@dataclass(frozen=True)
class _Foreseen:
    """The id that a wish's app will have, as far as one can know, and what is to be kept if the wish is granted.

    Without an id, which no app has, the wish is put on record once it is decided.
    """

    app_id: str = ""
    event: Message | None = None


@dataclass(frozen=True)
class _Read:
    """What the statement found of one wish, and whether its events were kept."""

    found: Found | None
    is_recorded: bool


class RevealStore:
    """See `services.secrets.reveal.RevealStore`."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database = database
        self._trail = trail
        # Which app a name meant last. Wrong ones cost a second statement and nothing else.
        self._app_ids: dict[tuple[str, str], str] = {}

    async def read_audited(self, tenant: str, wanted: Sequence[Wish]) -> list[Verdict]:
        """Return what becomes of each wish, after committing what goes on record of all of them."""
        reads = await self._read(tenant, wanted, foreseen=[self._foreseen(tenant, wish) for wish in wanted])
        verdicts = [judge(wish, read.found) for wish, read in zip(wanted, reads, strict=True)]
        missing: list[AuditEvent] = []
        for wish, read, verdict in zip(wanted, reads, verdicts, strict=True):
            self._remember(tenant, wish, verdict)
            if not (read.is_recorded and verdict.is_granted):
                missing += record_of(wish, verdict)
        if missing:
            await self._trail.record(*missing)
        else:
            self._trail.committed()
        return verdicts

    async def look(self, tenant: str, wish: Wish) -> Verdict:
        """Return what would become of a wish. Nothing goes on record."""
        (read,) = await self._read(tenant, [wish], foreseen=[_Foreseen()])
        return judge(wish, read.found)

    async def record(self, wish: Wish, verdict: Verdict) -> None:
        """Commit what goes on record of a verdict."""
        if events := record_of(wish, verdict):
            await self._trail.record(*events)

    async def _read(self, tenant: str, wanted: Sequence[Wish], *, foreseen: Sequence[_Foreseen]) -> list[_Read]:
        """Look every wish up, and keep the events of those that are as foreseen; committed when this returns."""
        columns = {
            "tenant": tenant,
            "apps": [wish.app.name for wish in wanted],
            "names": [" ".join(wish.names) for wish in wanted],
            "foreseen": [each.app_id for each in foreseen],
            "keys": [each.event and each.event.key for each in foreseen],
            "payloads": [each.event and each.event.payload for each in foreseen],
        }
        rows: list[list[Row]] = [[] for _ in wanted]
        for row in await self._database.execute_scoped(tenant, _READ, columns):
            rows[row.place - 1].append(row)
        return [_read_of(each) for each in rows]

    def _foreseen(self, tenant: str, wish: Wish) -> _Foreseen:
        bound_id = wish.app.bound_id
        app_id = self._app_ids.get((tenant, wish.app.name), "") if bound_id is None else bound_id
        events = record_if_granted(wish, app_id) if app_id else []
        # So many names that they take several events are put on record afterwards.
        return _Foreseen(app_id, self._trail.message(events[0])) if len(events) == 1 else _Foreseen()

    def _remember(self, tenant: str, wish: Wish, verdict: Verdict) -> None:
        if verdict.is_granted:
            if len(self._app_ids) >= _REMEMBERED_APPS:
                self._app_ids.clear()
            self._app_ids[tenant, wish.app.name] = verdict.app_id


def _read_of(rows: Sequence[Row]) -> _Read:
    """Return what the rows of one wish say; there is one for each of its names."""
    app_id = rows[0].app_id
    if app_id is None:
        return _Read(None, is_recorded=False)
    entries = {row.secret: entry_of(row) for row in rows if row.secret is not None}
    return _Read(Found(app_id, entries), is_recorded=all(row.is_foreseen for row in rows))
