"""Two logs in databases of their own, as migrations leave them: one long, one short, of the same kinds of events, each
over the same 24 months.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import psycopg

from local.throwaway import Throwaway, throwaway_postgres
from paaskit.db import Database

TENANT: Final = "bench"
# Half of it is services' own; every twentieth was denied. One event in all has a name, an actor and an outcome that no
# other has. Of times to come, for which there is a part of the table a month.
_EVENTS: Final = """
    INSERT INTO events (tenant, sequence, event_id, occurred_at, recorded_at, action, actor, on_behalf_of, app, app_id,
                        targets, version, outcome, request_id, client_address, service, leaf_hash, leaf_format, maker)
    SELECT 'bench', i, 'event-' || i, timestamptz '2030-01-01 00:00Z' + (i - 1) * %(apart)s::interval,
           timestamptz '2030-01-01 00:00Z' + (i - 1) * %(apart)s::interval,
           CASE WHEN i %% 2 = 0 THEN 'releases.finish'
                ELSE (ARRAY['secrets.get', 'config.set', 'secrets.set'])[1 + i %% 3] END,
           CASE WHEN i = 5001 THEN 'user:rare@example.com' WHEN i %% 2 = 0 THEN 'service:releaser'
                WHEN i %% 5 = 0 THEN 'pat:ci' ELSE 'user:p' || i %% 50 END,
           '', 'app-' || i %% 100, 'id-' || i %% 100,
           CASE WHEN i = 5001 THEN ARRAY['RARE'] WHEN i %% 2 = 0 THEN ARRAY['v' || i %% 500]
                ELSE ARRAY['COMMON', 'NAME_' || i %% 200] END,
           1, CASE WHEN i = 5001 THEN 3 WHEN i %% 20 = 3 THEN 2 ELSE 1 END, '', '', 'config', sha256('x'), 3,
           CASE WHEN i %% 10 = 5 THEN 'user:ada@example.com' ELSE '' END
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) i"""
_LONG: Final = timedelta(days=730)
_LOT: Final = 50_000
_MONTHS: Final = """
    SELECT make_month(month::date)
    FROM generate_series(timestamp '2030-01-01', timestamp '2031-12-01', interval '1 month') AS month"""


@asynccontextmanager
async def log_of(events: int) -> AsyncIterator[tuple[Throwaway, Database]]:
    """A log with so many events and no statistics, as after a restore, and the service's own connections to it."""
    with throwaway_postgres() as server:
        server.add("audit")
        look(server, _MONTHS)
        with _superuser(server) as connection:
            for first in range(1, events + 1, _LOT):
                last = min(events, first + _LOT - 1)
                connection.execute(_EVENTS, {"first": first, "last": last, "apart": _LONG / events})
        url = server.postgres.socket_url("audit", user="audit")
        database = Database(url, password_file=server.passwords / "audit", service="audit")
        await database.open()
        try:
            yield server, database
        finally:
            await database.close()


def look(server: Throwaway, statement: str) -> None:
    """Run a statement as superuser."""
    with _superuser(server) as connection:
        connection.execute(statement.encode())


def _superuser(server: Throwaway) -> psycopg.Connection[tuple[object, ...]]:
    password = server.postgres.password()
    return psycopg.connect(server.superuser_url("audit"), password=password, autocommit=True)
