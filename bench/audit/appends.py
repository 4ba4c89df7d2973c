"""Appending in batches, to the schema of today and to that of before months (migration 0006), in turn."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

import psycopg

from bench.audit.before import REVISION, StoreBefore
from bench.load import Ratio, at_least, medians
from local.databases import owner_url
from local.throwaway import Throwaway, throwaway_postgres
from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.migrations import upgrade
from services.audit.event import Report
from services.audit.store import Store

BATCHES: Final = {1: 400, 20: 4_000, 500: 15_000}
"""How many events a batch has, and how many are appended in batches of that size at a time."""
_REACH: Final = 0.9
_ACTIONS: Final = ("secrets.get", "config.set", "releases.finish", "secrets.set", "secrets.list")


async def measure(*, pairs: int) -> AsyncIterator[Ratio]:
    """Yield how many events a second are appended, beside before."""
    with throwaway_postgres() as server:
        server.add("audit")
        async with (
            _store(server, "audit", kind=Store) as today,
            _store(server, _as_before(server), kind=StoreBefore) as before,
        ):
            await _rates(today, before, batch=500, count=20_000)
            for batch, count in BATCHES.items():
                measured = []
                for _ in range(pairs):
                    ours, theirs = await _rates(today, before, batch=batch, count=count)
                    measured.append((ours, theirs))
                measure = f"appends, {batch} at a time" if batch > 1 else "appends, one at a time"
                yield at_least(medians(measured), measure=measure, against="before", unit="per s", reach=_REACH)


def _as_before(server: Throwaway) -> str:
    """Make a database as it was, and return its name."""
    name, password = "audit_before", server.postgres.password()
    with psycopg.connect(server.superuser_url("audit"), password=password, autocommit=True) as connection:
        connection.execute("CREATE DATABASE audit_before OWNER audit_owner")
    url = owner_url(server.postgres, server.passwords, "audit").replace("/audit?", f"/{name}?")
    upgrade("audit", url, revision=REVISION)
    return name


@asynccontextmanager
async def _store(server: Throwaway, name: str, *, kind: type[Store]) -> AsyncIterator[Store]:
    url = server.postgres.socket_url(name, user="audit")
    database = Database(url, password_file=server.passwords / "audit", service="audit")
    await database.open()
    try:
        yield kind(database)
    finally:
        await database.close()


async def _rates(*stores: Store, batch: int, count: int) -> tuple[float, ...]:
    """Events a second of each, a batch to each in turn: what else the machine does is in the way of all alike."""
    loop, taken = asyncio.get_running_loop(), [0.0] * len(stores)
    for _ in range(count // batch):
        for number, store in enumerate(stores):
            reports = list(_reports(batch))
            start = loop.time()
            await store.append(reports, service="config", now=utc_now())
            taken[number] += loop.time() - start
    return tuple(count / each for each in taken)


def _reports(count: int) -> Iterator[Report]:
    """Events about one name each, half of them of tokens that people made."""
    for _ in range(count):
        person, app = f"user:p{random.randrange(50)}@example.com", random.randrange(200)
        by_token = random.random() < 0.5
        yield Report(
            event_id=random_id(),
            tenant="bench",
            occurred_at=utc_now(),
            action=random.choice(_ACTIONS),
            actor="pat:ci" if by_token else person,
            maker=person if by_token else "",
            outcome=1,
            app=f"app-{app}",
            app_id=f"0123456789abcdef-{app}",
            targets=(f"NAME_{random.randrange(100)}",),
            version=7,
            request_id=random_id(),
            client_address="203.0.113.9",
            token_id=random_id(),
        )
