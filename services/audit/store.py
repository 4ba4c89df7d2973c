"""The SQL that appends to the log: INSERT and nothing else. With `reading`, implements `services.audit.domain.Log`."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from paaskit.db import Connection, see_tenant
from services.audit.event import Event, Report
from services.audit.leaves import leaf_hash
from services.audit.reading import Reading

# Appends to one tenant's log take turns, so that its sequence has no gap and is in the order of commits.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('events:' || %s, 0))"
_STATE: Final = """
    SELECT COALESCE((SELECT e.sequence FROM events e WHERE e.tenant = %(tenant)s ORDER BY e.sequence DESC LIMIT 1), 0)
               AS last,
           (SELECT e.recorded_at FROM events e WHERE e.tenant = %(tenant)s ORDER BY e.sequence DESC LIMIT 1)
               AS last_recorded_at,
           ARRAY(SELECT e.event_id FROM events e WHERE e.tenant = %(tenant)s AND e.event_id = ANY(%(event_ids)s))
               AS known"""
_INSERT: Final = """
    INSERT INTO events (
        tenant, service, recorded_at, sequence, event_id, occurred_at, action, actor, on_behalf_of, app, app_id,
        targets, version, outcome, request_id, client_address, token_id, maker, target_token_ids, target_makers,
        repeats, repeats_seconds, leaf_format, leaf_hash)
    SELECT %(tenant)s, %(service)s, %(recorded_at)s, e.sequence, e.event_id, e.occurred_at, e.action, e.actor,
        e.on_behalf_of, e.app, e.app_id, ARRAY(SELECT jsonb_array_elements_text(e.targets)),
        e.version, e.outcome, e.request_id, e.client_address, e.token_id, e.maker,
        ARRAY(SELECT jsonb_array_elements_text(e.target_token_ids)),
        ARRAY(SELECT jsonb_array_elements_text(e.target_makers)),
        e.repeats, e.repeats_seconds, e.leaf_format, e.leaf_hash
    FROM unnest(
        %(sequence)s::bigint[], %(event_id)s::text[], %(occurred_at)s::timestamptz[], %(action)s::text[],
        %(actor)s::text[], %(on_behalf_of)s::text[], %(app)s::text[], %(app_id)s::text[], %(targets)s::jsonb[],
        %(version)s::bigint[], %(outcome)s::smallint[], %(request_id)s::text[], %(client_address)s::text[],
        %(token_id)s::text[], %(maker)s::text[], %(target_token_ids)s::jsonb[], %(target_makers)s::jsonb[],
        %(repeats)s::bigint[], %(repeats_seconds)s::bigint[], %(leaf_format)s::smallint[], %(leaf_hash)s::bytea[]
    ) AS e (sequence, event_id, occurred_at, action, actor, on_behalf_of, app, app_id, targets, version, outcome,
        request_id, client_address, token_id, maker, target_token_ids, target_makers, repeats, repeats_seconds,
        leaf_format, leaf_hash)"""


# With its first event, so that whoever publishes logs knows of it.
_BEGIN_LOG: Final = "INSERT INTO logs (tenant) VALUES (%s) ON CONFLICT DO NOTHING"


class Store(Reading):
    """The log in PostgreSQL."""

    async def append(self, reports: Sequence[Report], *, service: str, now: datetime) -> None:
        """Append in one transaction, tenant by tenant in the order of their names, so that no two wait in a circle."""
        by_tenant: dict[str, dict[str, Report]] = defaultdict(dict)
        for report in reports:
            by_tenant[report.tenant].setdefault(report.event_id, report)
        tenants = sorted(by_tenant)
        async with self._database.transaction(tenants[0]) as connection:
            # All are locked before the first result is waited for: one round trip.
            states = {tenant: await _lock(connection, tenant, by_tenant[tenant]) for tenant in tenants}
            for tenant, state in states.items():
                new = await _numbered(state, by_tenant[tenant], service=service, now=now)
                if new:
                    if new[0].sequence == 1:
                        await connection.execute(_BEGIN_LOG, (tenant,))
                    await see_tenant(connection, tenant)
                    constant = {"tenant": tenant, "service": service, "recorded_at": new[0].recorded_at}
                    await connection.execute(_INSERT, constant | _columns(new))


async def _lock(connection: Connection, tenant: str, reports: Mapping[str, Report]) -> Any:
    """Send what locks a tenant's log and reads where it ends and which of the events it has; return the cursor."""
    await see_tenant(connection, tenant)
    await connection.execute(_LOCK, (tenant,))
    return await connection.execute(_STATE, {"tenant": tenant, "event_ids": list(reports)})


async def _numbered(state: Any, reports: Mapping[str, Report], *, service: str, now: datetime) -> list[Event]:
    """Return the events that the log does not have yet, with the numbers that follow its last.

    Replicas' clocks differ: no event's time is before that of the last, so that a time is a place in the log.
    """
    (found,) = await state.fetchall()
    now = now if found.last_recorded_at is None else max(now, found.last_recorded_at)
    known = set(found.known)
    new = [report for event_id, report in reports.items() if event_id not in known]
    return [
        Event(report=report, sequence=sequence, recorded_at=now, service=service)
        for sequence, report in enumerate(new, start=found.last + 1)
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
        columns["leaf_format"].append(event.leaf_format)
        columns["leaf_hash"].append(leaf_hash(event))
    return columns
