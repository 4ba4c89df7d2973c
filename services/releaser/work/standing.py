"""The queue of releases as metrics show it, looked at every few seconds. All replicas show the same queue."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from paaskit import metrics
from paaskit.errors import Unavailable
from services.releaser.store.standing import Standing

_LOOK_EVERY_SECONDS: Final = 5.0
WAITING: Final = "waiting"
WORKED_ON: Final = "worked_on"
AT_SHARE: Final = "at_share"
WITHIN_SHARE: Final = "within_share"

log = structlog.get_logger()


class Looks(Protocol):
    """The store, as far as it is needed here."""

    async def look(self) -> Sequence[Standing]:
        """Return how both classes of tenants stand. Raises Unavailable."""


class QueueShown:
    """Shows the queue for as long as the service runs, whether or not this process is the one that works on it."""

    def __init__(self, queue: Looks) -> None:
        self._queue = queue

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                show(await self._queue.look())
            except Unavailable:
                log.warning("queue_not_seen")
            await asyncio.sleep(_LOOK_EVERY_SECONDS)


def show(found: Sequence[Standing]) -> None:
    """Put what was found into the metrics."""
    for standing in found:
        tenants = AT_SHARE if standing.at_share else WITHIN_SHARE
        metrics.RELEASE_QUEUE_APPS.labels(WAITING, tenants).set(standing.waiting)
        metrics.RELEASE_QUEUE_APPS.labels(WORKED_ON, tenants).set(standing.worked_on)
