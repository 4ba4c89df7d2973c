"""A log in memory, and reports with good defaults."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from paaskit.clock import random_id
from services.audit.domain import Found, Log
from services.audit.event import Event, Outcome, Report
from services.audit.selection import Selection


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
    reason: str = "",
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
        reason=reason,
    )


class FakeLog:
    """Implements `services.audit.domain.Log`. `most_checked` is how many events one call looks at, None: at all."""

    def __init__(self, *, most_checked: int | None = None) -> None:
        self.most_checked = most_checked
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

    async def read(
        self, tenant: str, selection: Selection, *, after: int, before: int | None, oldest_first: bool, limit: int
    ) -> Found:
        self._reading += 1
        self.most_reads_at_once = max(self.most_reads_at_once, self._reading)
        await asyncio.sleep(0)
        self._reading -= 1
        self.reads += 1
        places = [
            event
            for event in self.events[tenant][:: 1 if oldest_first else -1]
            if event.sequence > after and (before is None or event.sequence < before)
        ]
        looked_at = places if self.most_checked is None else places[: self.most_checked]
        found = [event for event in looked_at if selects(selection, event)]
        if len(found) > limit:
            return Found(found[:limit], found[limit - 1].sequence)
        return Found(found, None if len(looked_at) == len(places) else looked_at[-1].sequence)

    async def first_since(self, tenant: str, time: datetime) -> int:
        log = self.events[tenant]
        return next((event.sequence for event in log if event.recorded_at >= time), len(log) + 1)

    async def last_sequence(self, tenant: str) -> int:
        self.looks += 1
        return len(self.events[tenant])


def selects(selection: Selection, event: Event) -> bool:
    """Whether an event is meant, its time included, asked of the event alone: what an index has to agree with."""
    report = event.report
    return (
        selection.app in {"", report.app}
        and selection.action in {"", report.action}
        and selection.actor in {"", report.actor, report.on_behalf_of, report.maker}
        and selection.name in {"", *report.targets}
        and selection.outcome in {0, report.outcome}
        and not (selection.people_only and report.actor.startswith("service:") and not report.on_behalf_of)
        and (selection.since is None or event.recorded_at >= selection.since)
        and (selection.until is None or event.recorded_at < selection.until)
        and (selection.app_ids is None or report.app_id in selection.app_ids - {""})
    )


async def newest(
    log: Log, tenant: str, selection: Selection, *, before: int | None = None, limit: int
) -> Sequence[Event]:
    """The newest events of a log before a place, however often it has to be asked for them."""
    return await _all(log, tenant, selection, after=0, before=before, oldest_first=False, limit=limit)


async def oldest(log: Log, tenant: str, selection: Selection, *, after: int, limit: int) -> Sequence[Event]:
    """The oldest events of a log after a place."""
    return await _all(log, tenant, selection, after=after, before=None, oldest_first=True, limit=limit)


async def _all(
    log: Log, tenant: str, selection: Selection, *, after: int, before: int | None, oldest_first: bool, limit: int
) -> Sequence[Event]:
    events: list[Event] = []
    while len(events) < limit:
        found = await log.read(
            tenant, selection, after=after, before=before, oldest_first=oldest_first, limit=limit - len(events)
        )
        events += found.events
        if found.end is None:
            break
        after, before = (found.end, before) if oldest_first else (after, found.end)
    return events
