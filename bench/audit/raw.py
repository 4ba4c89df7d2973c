"""The same rows as psycopg inserts many: into a plain table, the least that keeping events costs, and into the log's.

The second says what a log that answers questions costs in PostgreSQL, with its months, indexes and names, before
anybody has asked for an order without gaps, checked a request or signed anything.
"""

import asyncio
import hashlib
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import psycopg
from paas.audit.v1 import audit_pb2

from paaskit.clock import utc_now

_MAKE: Final = """
    DROP TABLE IF EXISTS raw_events;
    CREATE TABLE raw_events (
        tenant text, sequence bigint, event_id text, occurred_at timestamptz, recorded_at timestamptz, action text,
        actor text, on_behalf_of text, app text, targets text[], version bigint, outcome smallint, request_id text,
        client_address text, service text, leaf_hash bytea, app_id text, leaf_format smallint, token_id text,
        maker text, target_token_ids text[], target_makers text[], repeats bigint, repeats_seconds bigint,
        PRIMARY KEY (tenant, sequence))"""
_INSERT: Final = """
    INSERT INTO {table} (
        tenant, sequence, event_id, occurred_at, recorded_at, action, actor, on_behalf_of, app, targets, version,
        outcome, request_id, client_address, service, leaf_hash, app_id, leaf_format, token_id, maker, target_token_ids,
        target_makers, repeats, repeats_seconds)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_HASH: Final = hashlib.sha256(b"leaf").digest()


class Plain:
    """A plain table, and connections that insert into it; with `into_log` the log's own, for tenants of their own."""

    def __init__(self, url: str, *, into_log: bool = False) -> None:
        self._url = url
        self._prefix = "plain-" if into_log else ""
        self._statement = _INSERT.format(table="events" if into_log else "raw_events")
        self._next = 0

    def make(self) -> None:
        """Make the plain table, empty."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(_MAKE.encode())

    async def insert(self, shares: Sequence[Sequence[bytes]]) -> float:
        """Insert each share over a connection of its own, a commit for each request; return the seconds it took."""
        rows = [[list(self._rows(request)) for request in share] for share in shares]
        connections = [await psycopg.AsyncConnection.connect(self._url) for _ in shares]
        try:
            start = time.perf_counter()
            await asyncio.gather(
                *(_all(each, share, self._statement) for each, share in zip(connections, rows, strict=True))
            )
            return time.perf_counter() - start
        finally:
            for connection in connections:
                await connection.close()

    def _rows(self, request: bytes) -> Iterator[tuple[Any, ...]]:
        for event in audit_pb2.AppendEventsRequest.FromString(request).events:
            self._next += 1
            yield (
                *(
                    self._prefix + event.tenant,
                    self._next,
                    event.event_id,
                    utc_now(),
                    utc_now(),
                    event.action,
                    event.actor,
                ),
                *(event.on_behalf_of, event.app, list(event.targets), event.version, int(event.outcome)),
                *(event.request_id, event.client_address, "config", _HASH, event.app_id, 4, event.token_id),
                *(event.maker, [], [], 0, 0),
            )


async def _all(
    connection: psycopg.AsyncConnection[Any], requests: Sequence[Sequence[tuple[Any, ...]]], statement: str
) -> None:
    for rows in requests:
        async with connection.transaction(), connection.cursor() as cursor:
            await cursor.executemany(statement.encode(), rows)
