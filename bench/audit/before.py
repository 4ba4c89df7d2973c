"""Appending as it was before there were months (migration 0006): the statements of then, for the schema of then."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from paaskit.db import see_tenant
from services.audit.event import Report
from services.audit.store import _INSERT, _LOCK, Store, _columns, _numbered, _State

REVISION: Final = "0006"
_STATE: Final = """
    SELECT COALESCE((SELECT e.sequence FROM events e WHERE e.tenant = %(tenant)s ORDER BY e.sequence DESC LIMIT 1), 0)
               AS last,
           (SELECT e.recorded_at FROM events e WHERE e.tenant = %(tenant)s ORDER BY e.sequence DESC LIMIT 1)
               AS last_recorded_at,
           ARRAY(SELECT e.event_id FROM events e WHERE e.tenant = %(tenant)s AND e.event_id = ANY(%(event_ids)s))
               AS known"""


class StoreBefore(Store):
    """Appends reports of one tenant."""

    async def append(self, reports: Sequence[Report], *, service: str, now: datetime) -> None:
        """As the release before did."""
        tenant, by_id = reports[0].tenant, {report.event_id: report for report in reports}
        async with self._database.transaction(tenant) as connection:
            await see_tenant(connection, tenant)
            await connection.execute(_LOCK, (tenant,))
            cursor = await connection.execute(_STATE, {"tenant": tenant, "event_ids": list(by_id)})
            (found,) = await cursor.fetchall()
            state = _State(found.last, found.last_recorded_at, frozenset(found.known))
            new = _numbered(state, by_id, service=service, now=now)
            constant = {"tenant": tenant, "service": service, "recorded_at": new[0].recorded_at}
            await connection.execute(_INSERT, constant | _columns(new))
