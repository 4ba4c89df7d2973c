"""The SQL of the log: one table, INSERT and SELECT. Implements `services.audit.domain.Log`."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from itertools import product
from typing import Any, Final

from paaskit.db import Connection, Database, Row, see_tenant
from services.audit.domain import Event, Report, Selection, leaf_hash

# Appends to one tenant's log take turns, so that its sequence has no gap and is in the order of commits.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('events:' || %s, 0))"
_STATE: Final = """
    SELECT COALESCE((SELECT e.sequence FROM events e WHERE e.tenant = %(tenant)s ORDER BY e.sequence DESC LIMIT 1), 0)
               AS last,
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

_COLUMNS: Final = """
    e.tenant, e.sequence, e.event_id, e.occurred_at, e.recorded_at, e.action, e.actor, e.on_behalf_of, e.app, e.app_id,
    e.targets, e.version, e.outcome, e.request_id, e.client_address, e.token_id, e.maker, e.target_token_ids,
    e.target_makers, e.repeats, e.repeats_seconds, e.service, e.leaf_format"""
_BOTH: Final = (False, True)
_LAST: Final = "SELECT e.sequence FROM events e WHERE e.tenant = %s ORDER BY e.sequence DESC LIMIT 1"


class _Which(Enum):
    """Which events of a selection are read first: the newest, the newest before one, the oldest after one."""

    NEWEST = ("", "e.sequence DESC")
    BEFORE = (" AND e.sequence < %(sequence)s", "e.sequence DESC")
    AFTER = (" AND e.sequence > %(sequence)s", "e.sequence")


def _select(which: _Which, *, by_app: bool, by_action: bool, limited: bool) -> str:
    """Return the statement that reads a selection. What isn't needed is left out, so that each form has its plan.

    A reader limited to apps reads so many events of each at most, by an index that has them in order, and then the
    first of all of these: the time it takes does not depend on how many others there are.
    """
    condition, order = which.value
    condition += (" AND e.app = %(app)s" if by_app else "") + (" AND e.action = %(action)s" if by_action else "")
    if by_app and limited:
        # Of one app's name there are few apps, of which some may be somebody else's.
        condition += " AND e.app_id = ANY(%(app_ids)s::text[])"
    if by_app or not limited:
        return (
            f"SELECT {_COLUMNS} FROM events e WHERE e.tenant = %(tenant)s{condition} ORDER BY {order} LIMIT %(limit)s"
        )
    return f"""
        SELECT {_COLUMNS} FROM unnest(%(app_ids)s::text[]) AS mine (app_id) CROSS JOIN LATERAL (
            SELECT {_COLUMNS} FROM events e
            WHERE e.tenant = %(tenant)s AND e.app_id = mine.app_id{condition} ORDER BY {order} LIMIT %(limit)s
        ) AS e ORDER BY {order} LIMIT %(limit)s"""


_SELECT: Final = {
    (which, by_app, by_action, limited): _select(which, by_app=by_app, by_action=by_action, limited=limited)
    for which, by_app, by_action, limited in product(_Which, _BOTH, _BOTH, _BOTH)
}


class Store:
    """The log in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
                    await see_tenant(connection, tenant)
                    constant = {"tenant": tenant, "service": service, "recorded_at": now}
                    await connection.execute(_INSERT, constant | _columns(new))

    async def newest(self, tenant: str, selection: Selection, *, before: int | None, limit: int) -> Sequence[Event]:
        """Return events of a lower sequence than `before`, newest first."""
        which = _Which.NEWEST if before is None else _Which.BEFORE
        return await self._read(tenant, which, selection, sequence=before, limit=limit)

    async def after(self, tenant: str, selection: Selection, *, sequence: int, limit: int) -> Sequence[Event]:
        """Return events of a higher sequence, oldest first."""
        return await self._read(tenant, _Which.AFTER, selection, sequence=sequence, limit=limit)

    async def last_sequence(self, tenant: str) -> int:
        """Return the sequence of the newest event; 0 where there is none."""
        rows = await self._database.fetch(tenant, _LAST, (tenant,))
        return int(rows[0].sequence) if rows else 0

    async def _read(
        self, tenant: str, which: _Which, selection: Selection, *, sequence: int | None, limit: int
    ) -> Sequence[Event]:
        statement = _SELECT[which, bool(selection.app), bool(selection.action), selection.app_ids is not None]
        parameters = {
            "tenant": tenant,
            "app": selection.app,
            "action": selection.action,
            "app_ids": None if selection.app_ids is None else sorted(selection.app_ids - {""}),
            "sequence": sequence,
            "limit": limit,
        }
        return [_event(row) for row in await self._database.fetch(tenant, statement, parameters)]


async def _lock(connection: Connection, tenant: str, reports: Mapping[str, Report]) -> Any:
    """Send what locks a tenant's log and reads where it ends and which of the events it has; return the cursor."""
    await see_tenant(connection, tenant)
    await connection.execute(_LOCK, (tenant,))
    return await connection.execute(_STATE, {"tenant": tenant, "event_ids": list(reports)})


async def _numbered(state: Any, reports: Mapping[str, Report], *, service: str, now: datetime) -> list[Event]:
    """Return the events that the log does not have yet, with the numbers that follow its last."""
    (found,) = await state.fetchall()
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
    )
    return Event(
        report=report,
        sequence=row.sequence,
        recorded_at=row.recorded_at,
        service=row.service,
        leaf_format=row.leaf_format,
    )
