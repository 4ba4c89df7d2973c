"""How long a sink that fails is left alone, and what is told of it."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Final

import structlog

from paaskit import metrics
from services.audit.sinks.sink import Undelivered

FIRST_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 60.0
LONGEST_ASKED_SECONDS: Final = 3600.0
"""What is granted to one who asks to be left alone (Retry-After)."""
_TELL_AGAIN_SECONDS: Final = 30.0

log = structlog.get_logger()


class Pauses:
    """The pauses of one sink. `kind` is a word of ours; `jitter` gives numbers from 0 to 1."""

    def __init__(
        self,
        kind: str,
        *,
        first_seconds: float = FIRST_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,  # noqa: S311 - no secret
    ) -> None:
        self._kind = kind
        self._first = first_seconds
        self._monotonic = monotonic
        self._jitter = jitter
        self._failures = 0
        self._failed_at = float("-inf")
        self._until = float("-inf")
        self._told: tuple[str, int | None] | None = None
        self._told_at = float("-inf")
        self.reason = ""
        """Why it failed last; empty where it works."""

    @property
    def left_seconds(self) -> float:
        """How long it is still left alone; 0 where it is not."""
        return max(self._until - self._monotonic(), 0.0)

    async def over(self) -> float:
        """Return once an attempt may begin, with its beginning."""
        while (left := self.left_seconds) > 0:
            await asyncio.sleep(left)
        return self._monotonic()

    def failed(self, trouble: Undelivered, *, began: float) -> None:
        """Say that an attempt failed. The next pause is up to twice as long, and at least as long as was asked for.

        Several attempts that were under way together are one failure.
        """
        metrics.SINK_FAILURES.labels(self._kind, trouble.reason).inc()
        now = self._monotonic()
        self.reason = trouble.reason
        if (trouble.reason, trouble.status) != self._told or now - self._told_at >= _TELL_AGAIN_SECONDS:
            self._told, self._told_at = (trouble.reason, trouble.status), now
            log.warning("sink_failed", sink=self._kind, reason=trouble.reason, status=trouble.status)
        asked = min(trouble.retry_after, LONGEST_ASKED_SECONDS)
        self._until = max(self._until, now + asked)
        if began < self._failed_at:
            return
        self._failures += 1
        self._failed_at = now
        longest = min(self._first * 2.0 ** min(self._failures - 1, 32), LONGEST_SECONDS)
        # Half of it is chance, so that replicas do not come back in step.
        self._until = max(self._until, now + longest * (0.5 + self._jitter() / 2))

    def worked(self) -> None:
        """Say that a batch has arrived."""
        if self._failures > 1:
            log.info("sink_works_again", sink=self._kind)
            self._told = None
        self.reason = ""
        self._failures = 0
