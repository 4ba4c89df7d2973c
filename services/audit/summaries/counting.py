"""The SQL that sums events up, a limited number of them in each statement. Must not write.

As a page of events does, a sum goes through one list of events that an index has (docs/decisions/0050), from a place of
the log to another. What the list does not tell is checked in its events. All of them are read, since each counts: so
what a statement costs is bounded by how many it may look at, and how many names these may have.
"""

import asyncio
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from paaskit.db import Database, Row
from services.audit.reading import PERSONAL
from services.audit.summaries.asked import Counted, Question, Sum

MOST_EVENTS: Final = 75_000
"""How many events one statement looks at."""
MOST_NAMES: Final = 200_000
"""How many names these may have. An event has five hundred at most, so that one by itself never has too many."""
MOST_SUMS: Final = 8_000
"""How many sums one answer has at most: some MiB. The sums of one event are fewer."""
MOST_ADDRESSES: Final = 10
MOST_AT_ONCE: Final = 4
"""How many statements a process has under way at once. Each takes tenths of a second."""

_READ: Final = """
    e.sequence, e.occurred_at, e.action, e.actor, e.on_behalf_of, e.maker, e.token_id, e.app, e.app_id, e.targets,
    e.target_token_ids, e.version, e.outcome, e.client_address, e.repeats"""
_CHECKED: Final = """
    k.action = ANY (%(actions)s::text[]) AND k.outcome = ANY (%(outcomes)s::smallint[])
    AND (%(app)s::text = '' OR k.app = %(app)s)
    AND (%(token_id)s::text = '' OR k.token_id = %(token_id)s)
    AND (%(actor)s::text = '' OR %(actor)s IN (k.actor, k.on_behalf_of, k.maker))
    AND (%(app_ids)s::text[] IS NULL OR k.app_id = ANY (%(app_ids)s))"""
_OF_NAMES: Final = "action, outcome, app, app_id, name, target_token_id"
_OF_ACTORS: Final = "action, outcome, actor, on_behalf_of, maker, token_id"
_NOBODY: Final = "NULL AS actor, NULL AS on_behalf_of, NULL AS maker, NULL AS token_id"
_NOTHING: Final = "action, outcome, NULL AS app, NULL AS app_id, NULL AS name, NULL AS target_token_id"
# Microseconds, since whoever gets the sums wants numbers, of which there are many.
_EACH: Final = """
    sum(1 + repeats)::bigint AS count, min(occurred_at) AS first_at, max(occurred_at) AS last_at,
    max(version) AS version"""
_COUNTED: Final = """
    sum(count)::bigint AS count, (extract(epoch FROM min(first_at)) * 1000000)::bigint AS first_at,
    (extract(epoch FROM max(last_at)) * 1000000)::bigint AS last_at, max(version) AS version,
    count(*) FILTER (WHERE client_address <> '') AS address_count,
    (array_agg(client_address) FILTER (WHERE client_address <> ''))[1:%(most_addresses)s::int] AS addresses"""


class _List(Enum):
    """A list of events that is kept by kind: the column that tells it from others, if one does, and which it has."""

    KINDS = ("", "", "")
    APP = ("app", "app", "")
    TOKEN = ("token_id", "token_id", " AND e.token_id <> ''")
    ACTOR = ("actor", "actor", "")
    ON_BEHALF_OF = ("on_behalf_of", "actor", " AND e.on_behalf_of <> ''")
    MAKER = ("maker", "actor", " AND e.maker <> ''")


_ACTORS: Final = (_List.ACTOR, _List.ON_BEHALF_OF, _List.MAKER)


def _by_kind(which: _List) -> str:
    """Return the query for the first events of each kind in a range of the log. A range of the index is asked for from
    its beginning to its end, all columns together, so that no other index will do.
    """
    column, word, condition = which.value
    key = ", ".join([*([f"e.{column}"] if column else []), "e.action", "e.outcome", PERSONAL])
    kind = ", ".join([*([f"%({word})s::text"] if column else []), "a.action", "o.outcome", "p.personal"])
    return f"""
        SELECT e.* FROM unnest(%(actions)s::text[]) AS a (action)
        CROSS JOIN unnest(%(outcomes)s::smallint[]) AS o (outcome)
        CROSS JOIN unnest(ARRAY[false, true]) AS p (personal)
        CROSS JOIN LATERAL (
            SELECT {_READ} FROM events e WHERE e.tenant = %(tenant)s{condition}
                AND ({key}, e.sequence) > ({kind}, %(after)s::bigint)
                AND ({key}, e.sequence) < ({kind}, %(before)s::bigint)
            ORDER BY {key}, e.sequence LIMIT %(most)s::bigint + 1) AS e"""  # noqa: S608 - of constants alone


# A reader limited to apps goes through theirs alone, whatever is asked: others' must not show in the time it takes.
_OF_APP_IDS: Final = f"""
        SELECT e.* FROM unnest(%(app_ids)s::text[]) AS mine (app_id) CROSS JOIN LATERAL (
            SELECT {_READ} FROM events e WHERE e.tenant = %(tenant)s AND e.app_id = mine.app_id
                AND e.sequence > %(after)s AND e.sequence < %(before)s
            ORDER BY e.sequence LIMIT %(most)s::bigint + 1) AS e"""  # noqa: S608 - of constants alone


def _counted(events: str, *, each_once: bool = True) -> str:
    """Return the statement that sums up the events of a query, and says how many it looked at.

    There are no sums where these were too many: then none of their names is looked at. Names and actors are told apart
    by each other in no sum: of both there may be many, of their pairs many times more.
    """
    looked = "looked" if each_once else "(SELECT DISTINCT ON (l.sequence) l.* FROM looked l ORDER BY l.sequence)"
    meant = f"(SELECT * FROM {looked} AS k WHERE (SELECT NOT e.are_too_many FROM ends e) AND {_CHECKED})"  # noqa: S608
    return f"""
        WITH looked AS MATERIALIZED (SELECT e.* FROM ({events}) AS e LIMIT %(most)s::bigint + 1),
        ends AS MATERIALIZED (
            SELECT count(*) AS looked_at,
                count(*) > %(most)s::bigint OR coalesce(sum(cardinality(targets)), 0) > %(most_names)s::bigint
                    AS are_too_many
            FROM looked),
        sums AS (
            SELECT {_OF_NAMES}, {_NOBODY}, {_COUNTED} FROM (
                SELECT {_OF_NAMES}, client_address, {_EACH}
                FROM {meant} AS k LEFT JOIN LATERAL unnest(k.targets, k.target_token_ids) AS t (
                    target, target_token_id) ON true
                CROSS JOIN LATERAL (SELECT coalesce(t.target, '') AS name) AS n
                GROUP BY {_OF_NAMES}, client_address) AS by_address
            GROUP BY {_OF_NAMES}
            UNION ALL
            SELECT {_NOTHING}, actor, on_behalf_of, maker, token_id, {_COUNTED} FROM (
                SELECT {_OF_ACTORS}, client_address, {_EACH} FROM {meant} AS k
                GROUP BY {_OF_ACTORS}, client_address) AS by_address
            GROUP BY {_OF_ACTORS}
            LIMIT %(most_sums)s::bigint + 1)
        SELECT s.*, e.looked_at, e.are_too_many FROM ends e LEFT JOIN sums s ON true"""  # noqa: S608 - of constants alone


_COUNT: Final[dict[str, str]] = {
    **{each.name: _counted(_by_kind(each)) for each in _List if each not in _ACTORS},
    "ACTORS": _counted(" UNION ALL ".join(_by_kind(each) for each in _ACTORS), each_once=False),
    "APP_IDS": _counted(_OF_APP_IDS),
}


def _list_for(question: Question) -> str:
    if question.selection.app_ids is not None:
        return "APP_IDS"
    if question.token_id:
        return _List.TOKEN.name
    if question.selection.actor:
        return "ACTORS"
    return _List.APP.name if question.selection.app else _List.KINDS.name


class Counting:
    """The log in PostgreSQL, as it is summed up. Implements `services.audit.summaries.summaries.SummedLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def count(self, tenant: str, question: Question, *, after: int, before: int) -> Counted:
        """Sum up the events between two sequences, neither of them included, unless they are too many."""
        selection = question.selection
        rows = await self._read(
            tenant,
            _COUNT[_list_for(question)],
            {
                "tenant": tenant,
                "actions": sorted(set(question.actions)),
                "outcomes": [selection.outcome] if selection.outcome else [1, 2, 3],
                "app": selection.app,
                "actor": selection.actor,
                "token_id": question.token_id,
                "app_ids": None if selection.app_ids is None else sorted(selection.app_ids - {""}),
                "after": after,
                "before": before,
                "most": MOST_EVENTS,
                "most_names": MOST_NAMES,
                "most_addresses": MOST_ADDRESSES,
                "most_sums": MOST_SUMS,
            },
        )
        if rows[0].are_too_many or len(rows) > MOST_SUMS:
            return Counted(sums=None, looked_at=rows[0].looked_at)
        return Counted(sums=[_sum(row) for row in rows if row.action is not None], looked_at=rows[0].looked_at)

    async def _read(self, tenant: str, statement: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Read on a connection that nobody's short reads share, and on few of them at once."""
        async with self._places, self._database.reading(tenant) as connection:
            cursor = await connection.execute(statement, parameters)
            return await cursor.fetchall()


def _sum(row: Row) -> Sum:
    return Sum(
        row.action, row.outcome, row.app or "", row.app_id or "", row.name or "", row.target_token_id or "",
        row.actor or "", row.on_behalf_of or "", row.maker or "", row.token_id or "", row.count, row.first_at,
        row.last_at, row.version, row.addresses or (), row.address_count,
    )  # fmt: skip
