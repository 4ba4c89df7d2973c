"""A log in memory, and reports with good defaults."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from paaskit.clock import random_id
from services.audit.domain import Event, Outcome, Report, Selection


def report_of(
    *,
    event_id: str = "",
    tenant: str = "acme",
    action: str = "config.set",
    actor: str = "user:ada@example.com",
    app: str = "web",
    app_id: str = "a1",
    targets: tuple[str, ...] = ("LOG_LEVEL",),
    outcome: int = Outcome.OK,
    occurred_at: datetime | None = datetime(2026, 5, 4, 13, 42, tzinfo=UTC),
    version: int = 7,
    on_behalf_of: str = "",
    request_id: str = "",
    client_address: str = "",
    token_id: str = "",
    maker: str = "",
    target_tokens: tuple[tuple[str, str], ...] = (),
    repeats: int = 0,
    repeats_seconds: int = 0,
) -> Report:
    """A report that is accepted."""
    return Report(
        event_id=event_id or random_id(),
        tenant=tenant,
        action=action,
        actor=actor,
        app=app,
        app_id=app_id,
        targets=targets,
        outcome=outcome,
        occurred_at=occurred_at,
        version=version,
        on_behalf_of=on_behalf_of,
        request_id=request_id,
        client_address=client_address,
        token_id=token_id,
        maker=maker,
        target_tokens=target_tokens,
        repeats=repeats,
        repeats_seconds=repeats_seconds,
    )


class FakeLog:
    """Implements `services.audit.domain.Log`."""

    def __init__(self) -> None:
        self.events: dict[str, list[Event]] = defaultdict(list)
        self.looks = 0
        self.reads = 0
        self.most_reads_at_once = 0
        self._reading = 0

    async def append(self, reports: Sequence[Report], *, service: str, now: datetime) -> None:
        for report in reports:
            log = self.events[report.tenant]
            if all(event.report.event_id != report.event_id for event in log):
                log.append(Event(report=report, sequence=len(log) + 1, recorded_at=now, service=service))

    async def newest(self, tenant: str, selection: Selection, *, before: int | None, limit: int) -> Sequence[Event]:
        found = [e for e in self._selected(tenant, selection) if before is None or e.sequence < before]
        return found[::-1][:limit]

    async def after(self, tenant: str, selection: Selection, *, sequence: int, limit: int) -> Sequence[Event]:
        self._reading += 1
        self.most_reads_at_once = max(self.most_reads_at_once, self._reading)
        await asyncio.sleep(0)
        self._reading -= 1
        self.reads += 1
        return [event for event in self._selected(tenant, selection) if event.sequence > sequence][:limit]

    async def last_sequence(self, tenant: str) -> int:
        self.looks += 1
        return len(self.events[tenant])

    def _selected(self, tenant: str, selection: Selection) -> list[Event]:
        return [
            event
            for event in self.events[tenant]
            if selection.app in {"", event.report.app}
            and selection.action in {"", event.report.action}
            and (selection.app_ids is None or event.report.app_id in selection.app_ids - {""})
        ]
