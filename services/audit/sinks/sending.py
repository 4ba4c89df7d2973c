"""All sinks together, as the composition root has them: each works by itself, whatever becomes of the others."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from paaskit.clock import Clock
from paaskit.server import Background
from services.audit.sinks.configured import Named
from services.audit.sinks.delivery import Delivery, Source
from services.audit.sinks.pauses import Pauses
from services.audit.sinks.standing import Standing


class Sending:
    """Sends the log to sinks. New ones begin with the first event there is, or with what comes from now on."""

    def __init__(self, sinks: Sequence[Named], source: Source, *, from_beginning: bool, clock: Clock) -> None:
        since: datetime | None = None if from_beginning else clock()
        self._sinks = sinks
        self._deliveries = [
            Delivery(each.sink, source, Pauses(each.kind), name=each.name, kind=each.kind, since=since)
            for each in sinks
        ]
        self._standing = Standing(source.cursors, self._deliveries, clock=clock)

    def has_grown(self, tenants: Iterable[str]) -> None:
        """Say that events of tenants were appended and committed."""
        tenants = list(tenants)
        for delivery in self._deliveries:
            delivery.has_grown(tenants)

    @property
    def background(self) -> Mapping[str, Background]:
        """What runs beside the server: nothing where there are no sinks."""
        if not self._deliveries:
            return {}
        return {**{f"sink_{each.kind}": each.run for each in self._deliveries}, "sinks": self._standing.run}

    async def close(self) -> None:
        """Give up what the sinks hold."""
        for each in self._sinks:
            await each.sink.close()
