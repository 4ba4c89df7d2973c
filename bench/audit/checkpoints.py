"""How long after an event's commit a checkpoint is signed that has it, while events come without pause."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from itertools import cycle
from typing import Any, Final

import psycopg

from bench.audit.clients import SERVICES, TENANTS, Clients, batch_of, clients_of
from bench.load import Ratio
from bench.platform import Bench
from paaskit.outbox.message import MAX_ROWS

_REACH: Final = 1.0
# From the moment in which an event was given its time, before its commit, to that in which the checkpoint was signed.
_LAGS: Final = """
    SELECT percentile_disc(0.99) WITHIN GROUP (ORDER BY lag), percentile_disc(0.5) WITHIN GROUP (ORDER BY lag),
           count(*), count(*) FILTER (WHERE lag IS NULL)
    FROM (SELECT extract(epoch FROM c.signed_at - e.recorded_at) AS lag
          FROM events e JOIN logs l ON l.tenant = e.tenant
               LEFT JOIN LATERAL (SELECT signed_at FROM checkpoints
                                  WHERE log_id = l.log_id AND size >= e.sequence ORDER BY size LIMIT 1) c ON true
          WHERE e.recorded_at >= %(since)s AND e.tenant = ANY(%(tenants)s)) AS lags"""
_UNSIGNED: Final = """
    SELECT count(*) FROM logs l
    WHERE (SELECT max(sequence) FROM events e WHERE e.tenant = l.tenant)
          > coalesce((SELECT max(size) FROM checkpoints c WHERE c.log_id = l.log_id), 0)"""


async def lags(bench: Bench, *, events_per_second: float, seconds: float) -> AsyncIterator[Ratio]:
    """Yield the 99th percentile while 20 tenants' events come at that rate, and while one of them has most of them."""
    clients = clients_of(bench)
    quiet = TENANTS[1:]
    try:
        flood = cycle([TENANTS[:1]] * 9 + [TENANTS])
        for said, tenants, next_ones in (
            ("20 tenants", TENANTS, lambda: TENANTS),
            ("20 tenants, one of them with 95 % of it: the others", quiet, lambda: next(flood)),
            ("20 tenants, one of them with 95 % of it: that one", TENANTS[:1], lambda: next(flood)),
        ):
            since = _now(bench)
            rate = await _paced(clients, next_ones, events_per_second=events_per_second, seconds=seconds)
            await _all_signed(bench)
            lag, median, count, unsigned = _rows(bench, _LAGS, {"since": since, "tenants": list(tenants)})[0]
            assert unsigned == 0, "an event has no checkpoint"
            measure = f"{said}: signed after a commit, p99 of {count:,} at {rate:,.0f} per s"
            yield Ratio(measure, "half of them", "s", float(lag), float(median), float(lag), "≤ 1 s", lag <= _REACH)
    finally:
        await clients.close()


async def _paced(
    clients: Clients, tenants: Callable[[], tuple[str, ...]], *, events_per_second: float, seconds: float
) -> float:
    """Have each client send a batch whenever its turn has come; return how many events a second there were."""
    every, start = len(SERVICES) * MAX_ROWS / events_per_second, time.perf_counter()
    sent = 0

    async def at_pace(index: int, call: Any) -> None:
        nonlocal sent
        due = start + every * index / len(SERVICES)
        while due < start + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await call(batch_of(tenants()))
            sent += MAX_ROWS
            due += every

    await asyncio.gather(*(at_pace(index, call) for index, call in enumerate(clients.calls)))
    return sent / (time.perf_counter() - start)


async def _all_signed(bench: Bench) -> None:
    while _rows(bench, _UNSIGNED)[0] != (0,):
        await asyncio.sleep(0.1)


def _now(bench: Bench) -> Any:
    return _rows(bench, "SELECT clock_timestamp()")[0][0]


def _rows(bench: Bench, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with psycopg.connect(bench.database("audit"), autocommit=True) as connection:
        return connection.execute(statement.encode(), parameters).fetchall()
