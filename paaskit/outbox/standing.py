"""How a service's outbox stands: shown in metrics, told in the log while rows are parked, and given back on demand."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from paaskit import metrics
from paaskit.db import Database
from paaskit.errors import Unavailable
from paaskit.outbox.rows import Standing, give_back, standings

_LOOK_EVERY_SECONDS: Final = 15.0
REMIND_EVERY_SECONDS: Final = 60.0
"""How often the log says that rows are parked, for as long as any is."""

log = structlog.get_logger()


class Outbox:
    """The outbox in one service's database. `monotonic` is a clock in seconds."""

    def __init__(self, database: Database, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._shown: set[str] = set()
        self._reminded_at = float("-inf")

    async def standings(self) -> Sequence[Standing]:
        """Return what there is for each destination that there is anything for. Raises Unavailable."""
        return await standings(self._database)

    async def give_back(self, destination: str = "") -> int:
        """Have parked rows, of one destination or of all, wait again; return how many. Raises Unavailable.

        A row keeps the place it was written in: it goes out before everything that waits, and after what was delivered
        in the meantime.
        """
        rows = await give_back(self._database, destination)
        log.warning("outbox_given_back", destination=destination, rows=rows)
        return rows

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                self.show(await self.standings())
            except Unavailable:
                log.warning("outbox_not_seen")
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def show(self, found: Sequence[Standing]) -> None:
        """Put what was found into the metrics, and into the log where rows are parked."""
        # What is not there any more has to be shown as well, as nothing.
        gone = [Standing(destination=each) for each in self._shown - {standing.destination for standing in found}]
        for standing in [*found, *gone]:
            metrics.OUTBOX_ROWS.labels(destination=standing.destination).set(standing.waiting)
            metrics.OUTBOX_OLDEST_SECONDS.labels(destination=standing.destination).set(standing.oldest_seconds)
            metrics.OUTBOX_PARKED.labels(destination=standing.destination).set(standing.parked_rows)
            self._shown.add(standing.destination)
        parked = [(standing.destination, each) for standing in found for each in standing.parked]
        if parked and self._monotonic() - self._reminded_at >= REMIND_EVERY_SECONDS:
            self._reminded_at = self._monotonic()
            for destination, each in parked:
                log.error("outbox_rows_parked", destination=destination, rows=each.rows, reason=each.reason)
