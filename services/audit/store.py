"""The SQL that appends to the log: INSERT and nothing else. With `reading`, implements `services.audit.domain.Log`."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from psycopg import AsyncCursor

from paaskit import metrics
from paaskit.db import Connection, Database, Row, see_tenant
from services.audit.event import Event, Report
from services.audit.leaves import leaf_hash
from services.audit.reading import Reading

_A_DAY: Final = timedelta(days=1)
_MORE_THAN_A_MONTH: Final = timedelta(days=32)

# Appends to one tenant's log take turns, so that its sequence has no gap and is in the order of commits.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('events:' || %s, 0))"
# Where it ends is looked for in the parts of this month and of the one before; a log whose newest period is another one
# is asked again. Events are kept once by their ids, which are not kept by month.
_STATE: Final = """
    SELECT COALESCE(l.sequence, 0) AS last, l.recorded_at AS last_recorded_at,
           (SELECT p.until > %(recent)s AND p.until <= %(end)s FROM log_periods p WHERE p.tenant = %(tenant)s
            ORDER BY p.since DESC LIMIT 1) AS is_recent,
           COALESCE((SELECT p.until > %(now)s FROM periods p WHERE p.since <= %(now)s ORDER BY p.since DESC LIMIT 1),
                    false) AS has_month,
           ARRAY(SELECT i.event_id FROM event_ids i WHERE i.tenant = %(tenant)s AND i.event_id = ANY(%(event_ids)s))
               AS known
    FROM (SELECT 1) AS one LEFT JOIN LATERAL (
        SELECT e.sequence, e.recorded_at FROM events e
        WHERE e.tenant = %(tenant)s AND e.recorded_at >= %(recent)s AND e.recorded_at < %(end)s
        ORDER BY e.sequence DESC LIMIT 1) AS l ON true"""
# In all parts: of a log that nothing was appended to for longer, or by a clock that is a month ahead.
_LAST_OF_ALL: Final = """
    SELECT e.sequence, e.recorded_at FROM events e WHERE e.tenant = %s ORDER BY e.sequence DESC LIMIT 1"""
_INSERT: Final = """
    INSERT INTO events (
        tenant, service, recorded_at, sequence, event_id, occurred_at, action, actor, on_behalf_of, app, app_id,
        targets, version, outcome, request_id, client_address, token_id, maker, target_token_ids, target_makers,
        repeats, repeats_seconds, reason, leaf_format, leaf_hash)
    SELECT %(tenant)s, %(service)s, %(recorded_at)s, e.sequence, e.event_id, e.occurred_at, e.action, e.actor,
        e.on_behalf_of, e.app, e.app_id, ARRAY(SELECT jsonb_array_elements_text(e.targets)),
        e.version, e.outcome, e.request_id, e.client_address, e.token_id, e.maker,
        ARRAY(SELECT jsonb_array_elements_text(e.target_token_ids)),
        ARRAY(SELECT jsonb_array_elements_text(e.target_makers)),
        e.repeats, e.repeats_seconds, e.reason, e.leaf_format, e.leaf_hash
    FROM unnest(
        %(sequence)s::bigint[], %(event_id)s::text[], %(occurred_at)s::timestamptz[], %(action)s::text[],
        %(actor)s::text[], %(on_behalf_of)s::text[], %(app)s::text[], %(app_id)s::text[], %(targets)s::jsonb[],
        %(version)s::bigint[], %(outcome)s::smallint[], %(request_id)s::text[], %(client_address)s::text[],
        %(token_id)s::text[], %(maker)s::text[], %(target_token_ids)s::jsonb[], %(target_makers)s::jsonb[],
        %(repeats)s::bigint[], %(repeats_seconds)s::bigint[], %(reason)s::text[], %(leaf_format)s::smallint[],
        %(leaf_hash)s::bytea[]
    ) AS e (sequence, event_id, occurred_at, action, actor, on_behalf_of, app, app_id, targets, version, outcome,
        request_id, client_address, token_id, maker, target_token_ids, target_makers, repeats, repeats_seconds, reason,
        leaf_format, leaf_hash)"""


# With its first event, so that whoever publishes logs knows of it.
_BEGIN_LOG: Final = "INSERT INTO logs (tenant) VALUES (%s) ON CONFLICT DO NOTHING"


log = structlog.get_logger()


@dataclass(frozen=True)
class _State:
    """Where a log ends, when, and which of the events it has."""

    last: int
    last_recorded_at: datetime | None
    known: frozenset[str]


class Store(Reading):
    """The log in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._told_of: tuple[int, int] | None = None

    async def append(self, reports: Sequence[Report], *, service: str, now: datetime) -> None:
        """Append in one transaction, tenant by tenant in the order of their names, so that no two wait in a circle."""
        by_tenant: dict[str, dict[str, Report]] = defaultdict(dict)
        for report in reports:
            by_tenant[report.tenant].setdefault(report.event_id, report)
        tenants = sorted(by_tenant)
        async with self._database.transaction(tenants[0]) as connection:
            # All are locked before the first result is waited for: one round trip.
            asked = {tenant: await _lock(connection, tenant, by_tenant[tenant], now=now) for tenant in tenants}
            for tenant, cursor in asked.items():
                (found,) = await cursor.fetchall()
                if not found.has_month:
                    self._tell_of_missing_month(now)
                state = await _state(connection, tenant, found)
                new = _numbered(state, by_tenant[tenant], service=service, now=now)
                if new:
                    if new[0].sequence == 1:
                        await connection.execute(_BEGIN_LOG, (tenant,))
                    await see_tenant(connection, tenant)
                    constant = {"tenant": tenant, "service": service, "recorded_at": new[0].recorded_at}
                    await connection.execute(_INSERT, constant | _columns(new))

    def _tell_of_missing_month(self, now: datetime) -> None:
        """Count it each time, and say so once a month: nothing is lost, and somebody has to make the month."""
        metrics.APPENDS_WITHOUT_MONTH.inc()
        if self._told_of != (now.year, now.month):
            self._told_of = (now.year, now.month)
            month = f"{now:%Y-%m}"
            log.warning("month_missing", month=month)


async def _lock(
    connection: Connection, tenant: str, reports: Mapping[str, Report], *, now: datetime
) -> AsyncCursor[Row]:
    """Send what locks a tenant's log and reads where it ends and which of the events it has; return the cursor."""
    await see_tenant(connection, tenant)
    await connection.execute(_LOCK, (tenant,))
    month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    asked = {"now": now, "recent": (month - _A_DAY).replace(day=1), "end": (month + _MORE_THAN_A_MONTH).replace(day=1)}
    return await connection.execute(_STATE, {"tenant": tenant, "event_ids": list(reports), **asked})


async def _state(connection: Connection, tenant: str, found: Row) -> _State:
    """Return where a log ends, which has to be asked again where that was long ago."""
    last, recorded_at = found.last, found.last_recorded_at
    if found.is_recent is False or (found.is_recent and recorded_at is None):
        await see_tenant(connection, tenant)
        cursor = await connection.execute(_LAST_OF_ALL, (tenant,))
        ((last, recorded_at),) = await cursor.fetchall()
    return _State(last, recorded_at, frozenset(found.known))


def _numbered(state: _State, reports: Mapping[str, Report], *, service: str, now: datetime) -> list[Event]:
    """Return the events that the log does not have yet, with the numbers that follow its last.

    Replicas' clocks differ: no event's time is before that of the last, so that a time is a place in the log.
    """
    now = now if state.last_recorded_at is None else max(now, state.last_recorded_at)
    new = [report for event_id, report in reports.items() if event_id not in state.known]
    return [
        Event(report=report, sequence=sequence, recorded_at=now, service=service)
        for sequence, report in enumerate(new, start=state.last + 1)
    ]


def _columns(events: Iterable[Event]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = defaultdict(list)
    for event in events:
        report = event.report
        columns["sequence"].append(event.sequence)
        columns["event_id"].append(report.event_id)
        columns["occurred_at"].append(report.occurred_at)
        columns["action"].append(report.action)
        columns["actor"].append(report.actor)
        columns["on_behalf_of"].append(report.on_behalf_of)
        columns["app"].append(report.app)
        columns["app_id"].append(report.app_id)
        columns["targets"].append(json.dumps(report.targets, ensure_ascii=False))
        columns["version"].append(report.version)
        columns["outcome"].append(report.outcome)
        columns["request_id"].append(report.request_id)
        columns["client_address"].append(report.client_address)
        columns["token_id"].append(report.token_id)
        columns["maker"].append(report.maker)
        columns["target_token_ids"].append(json.dumps([token_id for token_id, _ in report.target_tokens]))
        columns["target_makers"].append(json.dumps([maker for _, maker in report.target_tokens], ensure_ascii=False))
        columns["repeats"].append(report.repeats)
        columns["repeats_seconds"].append(report.repeats_seconds)
        columns["reason"].append(report.reason)
        columns["leaf_format"].append(event.leaf_format)
        columns["leaf_hash"].append(leaf_hash(event))
    return columns
