"""How long after an event's commit a checkpoint is signed that has it, while events come without pause."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import cycle
from typing import Any, Final

import psycopg
from paas.audit.v1 import audit_pb2

from bench.audit.clients import SERVICES, TENANTS, Clients, batch_of, clients_of
from bench.load import Ratio
from bench.platform import Bench
from paaskit.clock import utc_now
from paaskit.outbox.message import MAX_ROWS

_REACH: Final = 1.0
_SIGNED: Final = """
    SELECT e.tenant, e.event_id, c.signed_at
    FROM events e JOIN logs l ON l.tenant = e.tenant
         LEFT JOIN LATERAL (SELECT signed_at FROM checkpoints
                            WHERE log_id = l.log_id AND size >= e.sequence ORDER BY size LIMIT 1) c ON true
    WHERE e.recorded_at >= %(since)s"""
_UNSIGNED: Final = """
    SELECT count(*) FROM logs l
    WHERE (SELECT max(sequence) FROM events e WHERE e.tenant = l.tenant)
          > coalesce((SELECT max(size) FROM checkpoints c WHERE c.log_id = l.log_id), 0)"""


async def lags(bench: Bench, *, events_per_second: float, seconds: float) -> AsyncIterator[Ratio]:
    """Yield the 99th percentile while 20 tenants' events come at that rate, and while one of them has 95 % of it."""
    clients = clients_of(bench)
    # Nine batches of one tenant, then one of all.
    flood = cycle([TENANTS[:1]] * 9 + [TENANTS])
    try:
        # Each log is begun, and everything that is opened once is open.
        await clients.send([[batch_of(TENANTS)] for _ in SERVICES])
        await _all_signed(bench)
        evenly = await _lags(bench, clients, cycle([TENANTS]), events_per_second=events_per_second, seconds=seconds)
        yield _ratio("20 tenants", evenly, TENANTS)
        flooded = await _lags(bench, clients, flood, events_per_second=events_per_second, seconds=seconds)
        yield _ratio("one of 20 tenants floods: the others", flooded, TENANTS[1:])
        yield _ratio("one of 20 tenants floods: that one", flooded, TENANTS[:1])
    finally:
        await clients.close()


def _ratio(said: str, found: tuple[float, dict[str, list[float]]], tenants: Sequence[str]) -> Ratio:
    rate, by_tenant = found
    lags = sorted(lag for tenant in tenants for lag in by_tenant[tenant])
    lag, median = lags[len(lags) * 99 // 100], lags[len(lags) // 2]
    measure = f"{said}: signed after a commit, p99 of {len(lags):,} ({rate:,.0f} per s in all)"
    return Ratio(measure, "half of them", "s", lag, median, lag, "≤ 1 s", lag <= _REACH)


async def _lags(
    bench: Bench, clients: Clients, tenants: Iterator[Sequence[str]], *, events_per_second: float, seconds: float
) -> tuple[float, dict[str, list[float]]]:
    """Append at a pace; return how many events a second there were, and each one's seconds until it was signed.

    They count from when its sender was told that it is committed.
    """
    since, told = utc_now(), dict[str, float]()
    rate = await _paced(clients, tenants, told, events_per_second=events_per_second, seconds=seconds)
    await _all_signed(bench)
    found: dict[str, list[float]] = defaultdict(list)
    for tenant, event_id, signed_at in _rows(bench, _SIGNED, {"since": since}):
        assert signed_at is not None, "an event has no checkpoint"
        found[tenant].append(max(0.0, signed_at.timestamp() - told[event_id]))
    return rate, found


async def _paced(
    clients: Clients,
    tenants: Iterator[Sequence[str]],
    told: dict[str, float],
    *,
    events_per_second: float,
    seconds: float,
) -> float:
    """Have each client send a batch whenever its turn has come; return how many events a second there were."""
    every, start = len(SERVICES) * MAX_ROWS / events_per_second, time.perf_counter()

    async def at_pace(index: int, call: Any) -> None:
        due = start + every * index / len(SERVICES)
        while due < start + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            request = batch_of(next(tenants))
            await call(request)
            now = time.time()
            told.update((event.event_id, now) for event in audit_pb2.AppendEventsRequest.FromString(request).events)
            due += every

    await asyncio.gather(*(at_pace(index, call) for index, call in enumerate(clients.calls)))
    return len(told) / (time.perf_counter() - start)


async def _all_signed(bench: Bench) -> None:
    while _rows(bench, _UNSIGNED)[0] != (0,):
        await asyncio.sleep(0.1)


def _rows(bench: Bench, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with psycopg.connect(bench.database("audit"), autocommit=True) as connection:
        return connection.execute(statement.encode(), parameters).fetchall()
