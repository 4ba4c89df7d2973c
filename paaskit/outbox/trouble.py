"""What a relay says when it can't get on: at once where something is wrong, again and again where rows grow old."""

import time
from collections.abc import Callable
from typing import Final

import structlog

from paaskit import metrics
from paaskit.errors import PaasError, Unavailable
from paaskit.logs import describe_exception

OLD_SECONDS: Final = 30.0
"""A row that waits for longer than this is worth a word, and again each time as much has passed."""
_FIRST_BACKOFF_SECONDS: Final = 0.1
_LONGEST_BACKOFF_SECONDS: Final = 2.0
_DOUBLINGS: Final = 10
"""More than it takes to the longest; without an end to them a long outage ends in numbers that are no floats."""

log = structlog.get_logger()


class Trouble:
    """The failures of one relay since it last got something through. `monotonic` is a clock in seconds."""

    def __init__(self, destination: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._destination = destination
        self._monotonic = monotonic
        self._failures = 0
        self._reason = ""
        self._oldest_since: float | None = None
        self._said_at = float("-inf")

    @property
    def backoff_seconds(self) -> float:
        """How long to wait after the last failure before the next try."""
        return min(_FIRST_BACKOFF_SECONDS * float(2 ** min(self._failures - 1, _DOUBLINGS)), _LONGEST_BACKOFF_SECONDS)

    def over(self) -> None:
        """Note that something got through, or that nothing is left to get through."""
        self._failures, self._reason, self._oldest_since = 0, "", None

    def saw(self, oldest_seconds: float) -> None:
        """Note how old the oldest row is that waits."""
        self._oldest_since = self._monotonic() - oldest_seconds
        self._say_if_old()

    def add(self, error: Exception) -> None:
        """Note a failure. One that waiting alone may not mend is told at once, unless it was told before."""
        reason = error.reason if isinstance(error, PaasError) else type(error).__name__
        metrics.OUTBOX_FAILED.labels(destination=self._destination, reason=reason).inc()
        if reason != self._reason and not isinstance(error, Unavailable):
            log.error(
                "outbox_delivery_failed", destination=self._destination, reason=reason, **describe_exception(error)
            )
        self._failures, self._reason = self._failures + 1, reason
        self._say_if_old()

    def _say_if_old(self) -> None:
        now = self._monotonic()
        if self._oldest_since is None or now - self._oldest_since < OLD_SECONDS or now - self._said_at < OLD_SECONDS:
            return
        self._said_at, oldest_seconds = now, int(now - self._oldest_since)
        log.warning(
            "outbox_stuck",
            destination=self._destination,
            oldest_seconds=oldest_seconds,
            failures=self._failures,
            reason=self._reason,
        )
