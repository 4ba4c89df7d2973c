"""When which log is published: soon after it has grown, and all of them from time to time.

Whichever replica has appended publishes. What one that died has left is found by the others when they go through all. A
log is in one place at a time: what it gets while it is published waits for the end of that, and for the others whose
turn it is, so that one that grows without pause neither overtakes itself nor keeps places from the rest.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import structlog

from paaskit import metrics
from paaskit.background import together
from paaskit.errors import Unavailable
from services.audit.publishing.heads import Heads
from services.audit.publishing.writer import Inconsistent, LogWriter

# What is appended meanwhile shares a checkpoint.
_GATHER_SECONDS: Final = 0.2
# They wait for disks and the database most of the time.
_AT_ONCE: Final = 8
# Where there is more of a log than is published at once, or another replica is at it.
_TRY_AGAIN_SECONDS: Final = 0.1
_SWEEP_SECONDS: Final = 60.0

log = structlog.get_logger()


class Publisher:
    """Has logs published."""

    def __init__(self, writer: LogWriter, heads: Heads) -> None:
        self._writer = writer
        self._heads = heads
        self._grown: dict[str, None] = {}
        self._at_work: set[str] = set()
        self._any = asyncio.Event()
        self._places = asyncio.Semaphore(_AT_ONCE)

    def has_grown(self, tenants: Iterable[str]) -> None:
        """Say that events of tenants were appended and committed."""
        self._grown.update(dict.fromkeys(tenants))
        self._any.set()

    async def run(self) -> None:
        """Publish what has grown, for ever."""
        async with together() as start:
            start(self._sweep())
            while True:
                await self._any.wait()
                await asyncio.sleep(_GATHER_SECONDS)
                self._any.clear()
                for tenant in [each for each in self._grown if each not in self._at_work]:
                    self._at_work.add(tenant)
                    start(self._publish(tenant))

    async def _publish(self, tenant: str) -> None:
        """Publish a log when there is a place, and again soon where that was not all of it."""
        try:
            async with self._places:
                # What it gets from here on may be too late for this time.
                self._grown.pop(tenant, None)
                done = await self._published(tenant)
            if not done:
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
                self._grown[tenant] = None
        finally:
            self._at_work.discard(tenant)
        if tenant in self._grown:
            self._any.set()

    async def _sweep(self) -> None:
        while True:
            after = ""
            with suppress(Unavailable):  # the database is away: requests say so, and this can wait
                while tenants := await self._heads.tenants(after=after):
                    self.has_grown(tenants)
                    after = tenants[-1]
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _published(self, tenant: str) -> bool:
        """Publish what there is of a log; whether that is all for now, or else there should be another try soon."""
        try:
            return await self._writer.publish(tenant)
        except Unavailable:
            reason, done = "database", False
        except OSError as error:
            log.error("log_not_written", reason=error.strerror)
            reason, done = "folder", False
        except Inconsistent as error:
            # Nothing is signed. It is looked at again at each sweep, in case somebody mends it.
            log.error("log_inconsistent", log_id=error.log_id, reason=error.reason)
            reason, done = "inconsistent", True
        metrics.LOGS_NOT_PUBLISHED.labels(reason).inc()
        return done
