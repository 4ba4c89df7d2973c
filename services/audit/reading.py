"""The SQL that answers questions about the log. Its cost depends on what is asked and shown, not on the log's length.

A question goes through one list of events: of a name, an actor, an app, or the whole log. Lists by kind are kept apart
for each action, outcome, and whether it was personal, so those three never have to be looked for; what else is asked is
checked in the events of the list, a limited number at a time (docs/decisions/0050). Events are kept by month: every
statement says from when to when it looks, so that it opens the parts of the table that it needs (docs/decisions/0055).
Must not write.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Final

from paaskit.db import Row
from services.audit.domain import Found
from services.audit.event import Event, Report
from services.audit.periods import Period, at_time, stretches
from services.audit.retention.dropped import DroppedEvents
from services.audit.selection import Selection

# How many events of a list one call looks through for what its list does not tell.
MOST_CHECKED: Final = 500

_PERIODS: Final = """
    SELECT p.since, p.until, p.first_sequence FROM log_periods p WHERE p.tenant = %s ORDER BY p.since"""
# Known before a statement begins, so that the parts of other times are not even opened.
_WITHIN: Final = "e.recorded_at >= %(since)s::timestamptz AND e.recorded_at < %(until)s::timestamptz"
# Of a part without rows all indexes that have the sequence seem as good; the order is one alone's.
_THERE: Final = "e.sequence >= p.sequence AND e.sequence <= p.sequence"
_LAST: Final = f"""
    SELECT e.sequence FROM events e WHERE e.tenant = %(tenant)s AND {_WITHIN}
    ORDER BY e.sequence DESC LIMIT 1"""  # noqa: S608 - of constants alone
# Halves what a log has of a period until one place is left. What is read at each step is the next event there is.
_FIRST_SINCE: Final = f"""
    WITH RECURSIVE halved (low, high) AS (
        SELECT %(first)s::bigint, 1 + COALESCE(
            (SELECT e.sequence FROM events e
             WHERE e.tenant = %(tenant)s AND {_WITHIN} AND e.sequence < %(before)s::bigint
             ORDER BY e.sequence DESC LIMIT 1), %(first)s::bigint - 1)
        UNION ALL
        SELECT CASE WHEN e.recorded_at < %(time)s THEN e.sequence + 1 ELSE h.low END,
            CASE WHEN e.recorded_at < %(time)s THEN h.high ELSE h.low + (h.high - h.low) / 2 END
        FROM halved h CROSS JOIN LATERAL (
            SELECT e.sequence, e.recorded_at FROM events e
            WHERE e.tenant = %(tenant)s AND {_WITHIN} AND e.sequence >= h.low + (h.high - h.low) / 2
            ORDER BY e.sequence LIMIT 1 OFFSET 0) AS e
        WHERE h.low < h.high)
    SELECT h.low FROM halved h WHERE h.low >= h.high"""  # noqa: S608 - of constants alone

_COLUMNS: Final = """
    e.tenant, e.sequence, e.event_id, e.occurred_at, e.recorded_at, e.action, e.actor, e.on_behalf_of, e.app, e.app_id,
    e.targets, e.version, e.outcome, e.request_id, e.client_address, e.token_id, e.maker, e.target_token_ids,
    e.target_makers, e.repeats, e.repeats_seconds, e.reason, e.service, e.leaf_format, e.leaf_hash"""
# As in the indexes of migration 0007.
PERSONAL: Final = """(e.actor COLLATE "C" < 'service:' OR e.actor COLLATE "C" >= 'service;' OR e.on_behalf_of <> '')"""
# What a list does not tell. What is not asked is empty.
_CHECKED: Final = f"""
    (%(app)s::text = '' OR e.app = %(app)s)
    AND (%(action)s::text = '' OR e.action = %(action)s)
    AND (%(outcome)s::int = 0 OR e.outcome = %(outcome)s)
    AND (NOT %(people_only)s::bool OR {PERSONAL})
    AND (%(name)s::text = '' OR %(name)s = ANY (e.targets))
    AND (%(actor)s::text = '' OR %(actor)s IN (e.actor, e.on_behalf_of, e.maker))
    AND (%(app_ids)s::text[] IS NULL OR e.app_id = ANY (%(app_ids)s))"""


class _List(Enum):
    """A list of events: its table, the columns that tell it from others, which rows it has, and its kinds."""

    ALL = ("events", (), "", "")
    APP_IDS = ("events", ("app_id",), "", "")
    KINDS = ("events", (), "", PERSONAL)
    APP = ("events", ("app",), "", PERSONAL)
    NAME = ("event_names", ("name",), "", "e.personal")
    NAME_OF_APP = ("event_names", ("app", "name"), "", "e.personal")
    ACTOR = ("events", ("actor",), "", PERSONAL)
    ON_BEHALF_OF = ("events", ("on_behalf_of",), " AND e.on_behalf_of <> ''", PERSONAL)
    MAKER = ("events", ("maker",), " AND e.maker <> ''", PERSONAL)


_ACTORS: Final = (_List.ACTOR, _List.ON_BEHALF_OF, _List.MAKER)


def _in_order(which: _List, *, oldest_first: bool) -> str:
    """Return the query for the first places of a list that an index has in the log's order. Each of several apps has
    its own.
    """
    order = "" if oldest_first else " DESC"
    mine = " AND e.app_id = mine.app_id" if which is _List.APP_IDS else ""
    first = f"""
        SELECT e.sequence FROM events e WHERE e.tenant = %(tenant)s{mine}
            AND {_WITHIN} AND e.sequence > %(after)s AND e.sequence < %(before)s
        ORDER BY e.sequence{order} LIMIT %(most)s::bigint"""  # noqa: S608 - of constants alone
    if which is not _List.APP_IDS:
        return first
    return f"""
        SELECT e.sequence FROM unnest(%(app_ids)s::text[]) AS mine (app_id) CROSS JOIN LATERAL ({first}) AS e
        ORDER BY e.sequence{order} LIMIT %(most)s::bigint"""  # noqa: S608 - of constants alone


def _by_kind(which: _List, *, oldest_first: bool) -> str:
    """Return the query for the first places of a list that is kept by kind: the kinds there are, and of each the first.

    A range is asked for from its beginning to its end, all columns of the index together, and not by conditions on each
    of them: those another index could be searched for as well, which has the rest of the tenant's events in it.
    """
    table, columns, condition, personal = which.value
    order = "" if oldest_first else " DESC"
    index = [*(f"e.{column}" for column in columns), "e.action", "e.outcome", personal]
    words = [f"%({column if column in ('app', 'name') else 'actor'})s::text" for column in columns]
    key, kind = ", ".join(index), ", ".join([*words, "k.action", "k.outcome", "k.personal"])
    here = "".join(f"e.{column} = {word} AND " for column, word in zip(columns, words, strict=True))
    here += "(%(action)s::text = '' OR e.action = %(action)s)"
    in_order = ", ".join(f"{each}{order}" for each in [*index, "e.sequence"])
    rows = f"FROM {table} e WHERE e.tenant = %(tenant)s{condition} AND {_WITHIN}"
    found = ", ".join([*(f"e.{column}" for column in columns), "e.action", "e.outcome", f"{personal} AS personal"])
    first = ", ".join([*words, "%(action)s::text", "0::smallint", "false"])
    return f"""
        WITH RECURSIVE kinds AS (
            SELECT e.* FROM (
                SELECT {found} {rows} AND ({key}) >= ({first}) ORDER BY {key} LIMIT 1 OFFSET 0) AS e
            WHERE {here}
            UNION ALL
            SELECT e.* FROM kinds k CROSS JOIN LATERAL (
                SELECT {found} {rows} AND ({key}) > ({kind}) ORDER BY {key} LIMIT 1 OFFSET 0) AS e
            WHERE {here})
        SELECT e.sequence FROM kinds k CROSS JOIN LATERAL (
            SELECT e.sequence {rows} AND ({key}, e.sequence) > ({kind}, %(after)s::bigint)
                AND ({key}, e.sequence) < ({kind}, %(before)s::bigint)
            ORDER BY {in_order} LIMIT %(most)s::bigint) AS e
        WHERE (%(outcome)s::int = 0 OR k.outcome = %(outcome)s) AND (NOT %(people_only)s::bool OR k.personal)
        ORDER BY e.sequence{order} LIMIT %(most)s::bigint"""  # noqa: S608 - of constants alone


def _select(lists: Sequence[_List], *, oldest_first: bool) -> str:
    """Return the statement that reads the events of lists that fit, and where it ended if it could not look further."""
    order = "" if oldest_first else " DESC"
    places = [
        _by_kind(each, oldest_first=oldest_first) if each.value[3] else _in_order(each, oldest_first=oldest_first)
        for each in lists
    ]
    united = " UNION ".join(f"SELECT * FROM ({each}) AS one" for each in places)  # noqa: S608 - of constants alone
    return f"""
        WITH places AS MATERIALIZED (
            SELECT p.sequence, row_number() OVER (ORDER BY p.sequence{order}) AS number
            FROM ({united} ORDER BY sequence{order} LIMIT %(most)s::bigint) AS p)
        SELECT p.sequence AS place, p.number = %(most)s::bigint AS is_end, {_COLUMNS}
        FROM (SELECT * FROM places ORDER BY number OFFSET 0) AS p LEFT JOIN LATERAL (
            SELECT {_COLUMNS} FROM events e
            WHERE e.tenant = %(tenant)s AND {_WITHIN} AND {_THERE} AND {_CHECKED}
            ORDER BY e.sequence LIMIT 1 OFFSET 0) AS e ON true
        WHERE e.event_id IS NOT NULL OR p.number = %(most)s::bigint
        ORDER BY p.number LIMIT %(limit)s"""  # noqa: S608 - of constants alone


_LISTS: Final = (*((each,) for each in _List if each not in _ACTORS), _ACTORS)
_SELECT: Final[dict[tuple[tuple[_List, ...], bool], str]] = {
    (lists, oldest_first): _select(lists, oldest_first=oldest_first)
    for lists in _LISTS
    for oldest_first in (False, True)
}


def _lists_for(selection: Selection) -> tuple[tuple[_List, ...], bool]:
    """Return the lists to go through, and whether they tell everything that is asked.

    A reader limited to apps goes through theirs alone: what others do must neither slow them down nor show in the time
    it takes. Of one app's name there are few apps, of which some may be somebody else's.
    """
    asks_kind = bool(selection.action or selection.outcome or selection.people_only)
    limited = selection.app_ids is not None
    if limited and not selection.app:
        return (_List.APP_IDS,), not (asks_kind or selection.name or selection.actor)
    if selection.name:
        return (_List.NAME_OF_APP if selection.app else _List.NAME,), not (selection.actor or limited)
    if selection.app:
        return (_List.APP,), not (selection.actor or limited)
    if selection.actor:
        return _ACTORS, True
    return (_List.KINDS if asks_kind else _List.ALL,), True


_WITH_ID: Final = "SELECT i.sequence, i.recorded_at FROM event_ids i WHERE i.tenant = %s AND i.event_id = %s"
_AT: Final = f"""
    SELECT {_COLUMNS} FROM events e
    WHERE e.tenant = %(tenant)s AND e.recorded_at = %(recorded_at)s
        AND e.sequence >= %(sequence)s AND e.sequence <= %(sequence)s ORDER BY e.sequence LIMIT 1"""  # noqa: S608 - of constants alone


class Reading(DroppedEvents):
    """The log in PostgreSQL, as it is read."""

    async def read(
        self, tenant: str, selection: Selection, *, after: int, before: int | None, oldest_first: bool, limit: int
    ) -> Found:
        """Return the first events between two sequences, neither of them included, and where to go on."""
        lists, tell_all = _lists_for(selection)
        # One more than is wanted, so that a page that is just full is known to be the last.
        most = limit + 1 if tell_all else max(limit + 1, MOST_CHECKED)
        parameters = {
            "tenant": tenant,
            "app": selection.app,
            "action": selection.action,
            "actor": selection.actor,
            "name": selection.name,
            "outcome": selection.outcome,
            "people_only": selection.people_only,
            "app_ids": None if selection.app_ids is None else sorted(selection.app_ids - {""}),
            "most": most,
        }
        events: list[Event] = []
        periods = await self.periods(tenant)
        for stretch in stretches(periods, after=after, before=before, oldest_first=oldest_first):
            wanted = {"limit": limit + 1 - len(events), **stretch.parameters}
            rows = await self._database.fetch(tenant, _SELECT[lists, oldest_first], parameters | wanted)
            events += [_event(row) for row in rows if row.event_id is not None]
            if len(events) > limit:
                return Found(events[:limit], end=events[limit - 1].sequence)
            if rows and rows[-1].is_end:
                return Found(events, end=rows[-1].place)
        return Found(events, end=None)

    async def first_since(self, tenant: str, time: datetime) -> int:
        """Return the sequence of the first event that was appended then or later; where there is none, the next."""
        periods = await self.periods(tenant)
        found = at_time(periods, time)
        if found is None:
            return await self._last(tenant, periods) + 1
        period, following = found
        if period.since >= time:
            return period.first_sequence
        asked = {"tenant": tenant, "time": time, "since": period.since, "until": period.until}
        rows = await self._database.fetch(
            tenant, _FIRST_SINCE, {**asked, "first": period.first_sequence, "before": following}
        )
        return int(rows[0].low)

    async def with_id(self, tenant: str, event_id: str) -> Event | None:
        """Return an event, None where there is none with that id, or no more."""
        for place in await self._database.fetch(tenant, _WITH_ID, (tenant, event_id)):
            there = {"tenant": tenant, "sequence": place.sequence, "recorded_at": place.recorded_at}
            for row in await self._database.fetch(tenant, _AT, there):
                return _event(row)
        return None

    async def last_sequence(self, tenant: str) -> int:
        """Return the sequence of the newest event; 0 where there is none."""
        return await self._last(tenant, await self.periods(tenant))

    async def periods(self, tenant: str) -> list[Period]:
        """Return the periods that a log has events in, the oldest first."""
        rows = await self._database.fetch(tenant, _PERIODS, (tenant,))
        return [Period(row.since, row.until, row.first_sequence) for row in rows]

    async def _last(self, tenant: str, periods: Sequence[Period]) -> int:
        if not periods:
            return 0
        newest = {"tenant": tenant, "since": periods[-1].since, "until": periods[-1].until}
        rows = await self._database.fetch(tenant, _LAST, newest)
        return int(rows[0].sequence) if rows else 0


def _event(row: Row) -> Event:
    report = Report(
        event_id=row.event_id,
        tenant=row.tenant,
        occurred_at=row.occurred_at,
        action=row.action,
        actor=row.actor,
        outcome=row.outcome,
        on_behalf_of=row.on_behalf_of,
        app=row.app,
        app_id=row.app_id,
        targets=tuple(row.targets),
        version=row.version,
        request_id=row.request_id,
        client_address=row.client_address,
        token_id=row.token_id,
        maker=row.maker,
        target_tokens=tuple(zip(row.target_token_ids, row.target_makers, strict=True)),
        repeats=row.repeats,
        repeats_seconds=row.repeats_seconds,
        reason=row.reason,
    )
    return Event(
        report=report,
        sequence=row.sequence,
        recorded_at=row.recorded_at,
        service=row.service,
        leaf_format=row.leaf_format,
        kept_hash=bytes(row.leaf_hash),
    )
