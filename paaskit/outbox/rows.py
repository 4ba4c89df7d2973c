"""The SQL of the outbox's table: the next batch, what becomes of it, and what waits or is parked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from paaskit.db import Database, Turn
from paaskit.outbox.message import MAX_BYTES, MAX_ROWS

# Sizes are summed up before any payload is read: large ones are stored apart from their row.
_NEXT: Final = """
    SELECT key, payload, age, found
    FROM (SELECT id, key, payload,
                 extract(epoch FROM clock_timestamp() - created_at)::float8 AS age,
                 count(*) OVER () AS found,
                 row_number() OVER (ORDER BY id) AS place,
                 sum(octet_length(payload)) OVER (ORDER BY id) AS bytes
          FROM (SELECT id, key, payload, created_at FROM outbox
                WHERE destination = %(destination)s AND parked_at IS NULL
                  AND created_at < clock_timestamp() - make_interval(secs => %(younger)s)
                ORDER BY id LIMIT %(rows)s::bigint + 1) AS oldest) AS measured
    WHERE place = 1 OR (place <= %(rows)s::bigint AND bytes <= %(bytes)s::bigint)
    ORDER BY id"""
FORGET: Final = "DELETE FROM outbox WHERE destination = %s AND key = ANY(%s)"
_PARK: Final = """
    UPDATE outbox SET parked_at = clock_timestamp(), parked_reason = %s WHERE destination = %s AND key = %s"""
_GIVE_BACK: Final = """
    WITH given_back AS (
        UPDATE outbox SET parked_at = NULL, parked_reason = NULL
        WHERE parked_at IS NOT NULL AND (%(destination)s::text = '' OR destination = %(destination)s::text)
        RETURNING 1)
    SELECT count(*) AS rows FROM given_back"""
_STANDINGS: Final = """
    SELECT destination, parked_reason, count(*) AS rows,
           extract(epoch FROM clock_timestamp() - min(coalesce(parked_at, created_at)))::float8 AS age
    FROM outbox GROUP BY destination, parked_reason ORDER BY destination, parked_reason NULLS FIRST"""


@dataclass(frozen=True)
class Row:
    """One message that waits."""

    key: str
    payload: bytes


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The rows to deliver next, in their order. `oldest_seconds` is the age of the first one, 0 without rows."""

    rows: Sequence[Row]
    more: bool
    oldest_seconds: float


@dataclass(frozen=True, kw_only=True)
class Parked:
    """The rows of a destination that are parked for one reason, and how long ago the first was."""

    reason: str
    rows: int
    oldest_seconds: float


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the outbox has for one destination: rows that wait, the age of the oldest, and rows that are parked."""

    destination: str
    waiting: int = 0
    oldest_seconds: float = 0.0
    parked: Sequence[Parked] = ()

    @property
    def parked_rows(self) -> int:
        """How many rows are parked, for whatever reason."""
        return sum(each.rows for each in self.parked)


class Rows:
    """The rows of one destination, as the holder of its turn reads and settles them. Raises Unavailable."""

    def __init__(self, turn: Turn, destination: str) -> None:
        self._turn = turn
        self._destination = destination

    async def next(self, *, younger_than_seconds: float) -> Batch:
        """Return the oldest rows that fit into a batch, leaving out those too young; no more than that is loaded."""
        parameters = {
            "destination": self._destination,
            "younger": younger_than_seconds,
            "rows": MAX_ROWS,
            "bytes": MAX_BYTES,
        }
        found = await self._turn.run(_NEXT, parameters)
        return Batch(
            rows=[Row(row.key, row.payload) for row in found],
            more=bool(found) and found[0].found > len(found),
            oldest_seconds=found[0].age if found else 0.0,
        )

    async def forget(self, rows: Sequence[Row]) -> None:
        """Delete rows that were delivered."""
        await self._turn.run(FORGET, (self._destination, [row.key for row in rows]))

    async def park(self, row: Row, *, reason: str) -> None:
        """Put a row aside. It keeps its destination and its place; `reason` is one of ours and holds no value."""
        await self._turn.run(_PARK, (reason, self._destination, row.key))


async def standings(database: Database) -> list[Standing]:
    """Return what the outbox has for each destination that it has anything for."""
    found: dict[str, Standing] = {}
    for row in await database.fetch_unscoped(_STANDINGS):
        before = found.get(row.destination, Standing(destination=row.destination))
        if row.parked_reason is None:
            found[row.destination] = Standing(
                destination=row.destination, waiting=row.rows, oldest_seconds=row.age, parked=before.parked
            )
        else:
            parked = Parked(reason=row.parked_reason, rows=row.rows, oldest_seconds=row.age)
            found[row.destination] = Standing(
                destination=row.destination,
                waiting=before.waiting,
                oldest_seconds=before.oldest_seconds,
                parked=[*before.parked, parked],
            )
    return list(found.values())


async def give_back(database: Database, destination: str) -> int:
    """Have parked rows of a destination, or of all where it is empty, wait again; return how many."""
    async with database.unscoped() as connection:
        cursor = await connection.execute(_GIVE_BACK, {"destination": destination})
        (row,) = await cursor.fetchall()
    return int(row.rows)
