"""Delivering to one sink: which logs have grown, one turn at each, and what was delivered noted after it arrived.

Who dies between the two delivers again: events may arrive twice, and none is left out. A sink that fails is left alone
for a while, with all logs; one whose batch alone is at fault holds up the others' no longer than that.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

import structlog

from paaskit import metrics
from paaskit.background import together
from paaskit.errors import Unavailable
from paaskit.logs import describe_exception
from services.audit.domain import Found
from services.audit.event import Event
from services.audit.leaves import leaf_hash
from services.audit.selection import Selection
from services.audit.sinks.cursors import Cursors, DeliveryTurn
from services.audit.sinks.lines import batch_of
from services.audit.sinks.pauses import Pauses
from services.audit.sinks.sink import ABOUT_A_BATCH, TOO_LARGE, Batch, Sink, Undelivered

AT_ONCE: Final = 100
"""Events that are held in memory for one batch. With all sinks' batches together that is some tens of MB at most."""
_GATHER_SECONDS: Final = 0.2
_TRY_AGAIN_SECONDS: Final = 0.3
_EVERYTHING: Final = Selection()

log = structlog.get_logger()


class Events(Protocol):
    """What is read of the log."""

    async def read(
        self, tenant: str, selection: Selection, *, after: int, before: int | None, oldest_first: bool, limit: int
    ) -> Found:
        """Return the first events of a selection between two sequences."""

    async def first_since(self, tenant: str, time: datetime) -> int:
        """Return the sequence of the first event that was appended then or later; where there is none, the next."""


class Logs(Protocol):
    """What tenants' logs are called."""

    async def log_id(self, tenant: str) -> str | None:
        """Return the id of a tenant's log, None while nothing was ever appended to it."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """What all sinks deliver from. `reading` keeps them from taking what readers need."""

    events: Events
    logs: Logs
    cursors: Cursors
    origin_of: Callable[[str], str]
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))


class Delivery:
    """Delivers to one sink. `name` is what an operator calls it, `kind` the word that metrics and logs know it by.

    `since` is when it begins if it is new; None: with the first event there is.
    """

    def __init__(
        self, sink: Sink, source: Source, pauses: Pauses, *, name: str, kind: str, since: datetime | None
    ) -> None:
        self.name = name
        self.kind = kind
        self.pauses = pauses
        self._sink = sink
        self._source = source
        self._since = since
        self._grown: dict[str, None] = {}
        self._any_grown = asyncio.Event()
        self._due: dict[str, None] = {}
        self._any_due = asyncio.Event()

    def has_grown(self, tenants: Iterable[str]) -> None:
        """Say that logs of tenants have events that may not have been delivered."""
        self._grown.update(dict.fromkeys(tenants))
        self._any_grown.set()

    async def run(self) -> None:
        """Deliver what there is, for ever."""
        await self._begin()
        async with together() as start:
            start(self._gather())
            for _ in range(self._sink.at_once):
                start(self._work())

    async def _begin(self) -> None:
        """Have it on record since when the sink is there, once: it then gets all that is appended from then on."""
        while True:
            try:
                self._since = await self._source.cursors.began(self.name, since=self._since)
            except Unavailable:
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
            else:
                return

    async def _work(self) -> None:
        while True:
            tenant = await self._next()
            began = await self.pauses.over()
            try:
                done = await self.deliver(tenant)
            except Undelivered as trouble:
                self.pauses.failed(trouble, began=began)
                # One that may be about this very batch is tried again when all logs are gone through.
                done = trouble.reason in ABOUT_A_BATCH
            except Unavailable:
                metrics.SINK_FAILURES.labels(self.kind, "database").inc()
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
                done = False
            except Exception as error:  # whatever it is, the events are still there
                self.pauses.failed(Undelivered("fault"), began=began)
                log.error("sink_fault", sink=self.kind, **describe_exception(error))
                done = False
            if not done:
                self._is_due([tenant])

    async def _gather(self) -> None:
        """Have what has grown delivered a moment later: what is appended meanwhile shares its batch."""
        while True:
            await self._any_grown.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            self._any_grown.clear()
            grown, self._grown = self._grown, {}
            self._is_due(grown)

    def _is_due(self, tenants: Iterable[str]) -> None:
        self._due.update(dict.fromkeys(tenants))
        self._any_due.set()

    async def _next(self) -> str:
        """Return the tenant whose log has waited longest."""
        while not self._due:
            self._any_due.clear()
            await self._any_due.wait()
        tenant = next(iter(self._due))
        del self._due[tenant]
        return tenant

    async def deliver(self, tenant: str) -> bool:
        """Deliver a batch of what a tenant's log has; False where there should be another try soon.

        Raises Undelivered and Unavailable.
        """
        log_id = await self._source.logs.log_id(tenant)
        if log_id is None:
            return True
        async with self._source.cursors.turn(self.name, log_id) as turn:
            if turn is None:  # another replica has it, or another worker; it may have looked before what is new
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
                return False
            return await self._deliver(tenant, turn)

    async def _deliver(self, tenant: str, turn: DeliveryTurn) -> bool:
        cursor = await turn.cursor()
        if cursor is None:
            cursor = await self.beginning(tenant)
            await turn.note(cursor)
        events = await self._read(tenant, after=cursor)
        if not events:
            return True
        sound = _sound(events)
        if sound < len(events):
            # As with publishing, nothing goes on over it until somebody mends it; it is looked at from time to time.
            metrics.SINK_FAILURES.labels(self.kind, "inconsistent").inc()
            wrong = events[sound].sequence
            log.error("sink_event_inconsistent", sink=self.kind, log_id=turn.log_id, sequence=wrong)
            events = events[:sound]
            if not events:
                return True
        batch = await self._send(
            batch_of(tenant, events, log_id=turn.log_id, origin=self._source.origin_of(turn.log_id))
        )
        await turn.note(batch.events[-1].sequence)
        missing = events[0].sequence - cursor - 1
        if missing:
            metrics.SINK_EVENTS_GONE.labels(self.kind).inc(missing)
            log.error("sink_events_gone", sink=self.kind, log_id=turn.log_id, after=cursor, events=missing)
        self.pauses.worked()
        metrics.SINK_DELIVERED.labels(self.kind).inc(len(batch.events))
        return len(batch.events) == len(events) < AT_ONCE

    async def _send(self, batch: Batch) -> Batch:
        """Send a batch, or as much of its beginning as the sink takes; return what arrived. Raises Undelivered."""
        while True:
            try:
                await self._sink.deliver(batch)
            except Undelivered as trouble:
                if trouble.reason != TOO_LARGE or len(batch.events) == 1:
                    raise
                batch = batch.first(len(batch.events) // 2)
            else:
                return batch

    async def _read(self, tenant: str, *, after: int) -> Sequence[Event]:
        async with self._source.reading:
            found = await self._source.events.read(
                tenant, _EVERYTHING, after=after, before=None, oldest_first=True, limit=AT_ONCE
            )
        return found.events

    async def beginning(self, tenant: str) -> int:
        """Return after which sequence of a log it begins that it has not looked at yet. Raises Unavailable."""
        return 0 if self._since is None else await self._source.events.first_since(tenant, self._since) - 1


def _sound(events: Sequence[Event]) -> int:
    """Return how many of the first events are as they were appended."""
    return next((place for place, event in enumerate(events) if event.kept_hash != leaf_hash(event)), len(events))
