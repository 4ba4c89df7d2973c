"""How far sinks are behind: shown in metrics, told in the log while one is stuck, and looked after.

It goes through all logs from time to time, and so finds what a replica that died has left.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog

from paaskit import metrics
from paaskit.clock import Clock
from paaskit.errors import Unavailable
from services.audit.sinks.cursors import Cursors, Named
from services.audit.sinks.delivery import Delivery

_LOOK_EVERY_SECONDS: Final = 15.0
# Where there are many logs, looking takes no more than a twentieth of the time.
_REST: Final = 19
STUCK_SECONDS: Final = 60.0

log = structlog.get_logger()


class Behind:
    """What one sink has not got yet, as it is counted up."""

    def __init__(self) -> None:
        self.events = 0
        self.since: datetime | None = None

    def add(self, events: int, since: datetime | None) -> None:
        """Add what it has not got of one log."""
        self.events += events
        if since is not None:
            self.since = since if self.since is None else min(self.since, since)

    def seconds(self, now: datetime) -> float:
        """How old the oldest of it is."""
        return 0.0 if self.since is None else max((now - self.since).total_seconds(), 0.0)


class Standing:
    """Looks at how sinks stand."""

    def __init__(self, cursors: Cursors, deliveries: Sequence[Delivery], *, clock: Clock) -> None:
        self._cursors = cursors
        self._deliveries = deliveries
        self._clock = clock

    async def run(self) -> None:
        """Look for ever."""
        while True:
            began = time.monotonic()
            try:
                await self.look()
            except Unavailable:
                log.warning("sinks_not_seen")
            await asyncio.sleep(max(_LOOK_EVERY_SECONDS, _REST * (time.monotonic() - began)))

    async def look(self) -> None:
        """Look once at all logs, and have what is behind delivered. Raises Unavailable."""
        behind = {each.name: Behind() for each in self._deliveries}
        after = ""
        while logs := await self._cursors.logs(after=after):
            for delivery in self._deliveries:
                await self._look_at(delivery, logs, behind[delivery.name])
            after = logs[-1].tenant
        for delivery in self._deliveries:
            self._show(delivery, behind[delivery.name])

    async def _look_at(self, delivery: Delivery, logs: Sequence[Named], behind: Behind) -> None:
        known = await self._cursors.of(delivery.name, logs)
        delivery.has_grown(each.tenant for each in logs if each.log_id not in known)
        places = [
            (each.tenant, known[each.log_id] if each.log_id in known else await delivery.beginning(each.tenant))
            for each in logs
        ]
        for (tenant, _), ahead in zip(places, await self._cursors.ahead(places), strict=True):
            if ahead.events:
                behind.add(ahead.events, ahead.since)
                delivery.has_grown([tenant])

    def _show(self, delivery: Delivery, behind: Behind) -> None:
        seconds = round(behind.seconds(self._clock()))
        metrics.SINK_EVENTS_BEHIND.labels(delivery.kind).set(behind.events)
        metrics.SINK_SECONDS_BEHIND.labels(delivery.kind).set(seconds)
        if delivery.pauses.reason and seconds > STUCK_SECONDS:
            log.warning(
                "sink_stuck",
                sink=delivery.kind,
                reason=delivery.pauses.reason,
                events_behind=behind.events,
                seconds_behind=seconds,
            )
