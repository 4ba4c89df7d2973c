"""A sink in memory, which fails as it is told to."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from services.audit.sinks.sink import TOO_LARGE, Batch, Undelivered


@dataclass
class FakeSink:
    """`arrived` has the tenant and the sequence of each event. Batches wait while `hold` is not set.

    `troubles` are what the next batches end with, without having arrived. Those of the tenant `refuses` never do, and
    of more events than `most` are too large. `batches` are how many events came together, `most_bytes` the largest.
    `afterwards` is called once a batch is there, before it is acknowledged.
    """

    at_once: int = 4
    arrived: list[tuple[str, int]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    troubles: list[Undelivered] = field(default_factory=list)
    refuses: str = ""
    most: int = 1000
    most_bytes: int = 0
    afterwards: Callable[[], object] = lambda: None
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: int = 0

    def __post_init__(self) -> None:
        self.hold.set()

    async def deliver(self, batch: Batch) -> None:
        """Take it, or don't."""
        self.under_way += 1
        try:
            await self.hold.wait()
        finally:
            self.under_way -= 1
        if self.troubles:
            raise self.troubles.pop(0)
        if batch.tenant == self.refuses:
            raise Undelivered("refused", status=400)
        if len(batch.events) > self.most:
            raise Undelivered(TOO_LARGE, status=413)
        self.batches.append(len(batch.events))
        self.most_bytes = max(self.most_bytes, sum(map(len, batch.lines)))
        self.arrived += [(batch.tenant, event.sequence) for event in batch.events]
        self.afterwards()

    async def close(self) -> None:
        """There is nothing to give up."""

    def of(self, tenant: str) -> list[int]:
        """The sequences that arrived of a tenant, in the order in which they came."""
        return [sequence for each, sequence in self.arrived if each == tenant]
