"""What a sink is: where batches of one tenant's events go, and how it says that one did not get there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from services.audit.event import Event

TOO_LARGE: Final = "too_large"
"""The reason of one who would take a smaller batch."""
REFUSED: Final = "refused"
ABOUT_A_BATCH: Final = frozenset({TOO_LARGE, REFUSED})
"""Reasons that may be about one batch alone."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Events of one tenant that follow each other in its log; there is at least one.

    `log_id` and `origin` are what the log is called: by us, and in its checkpoints. `lines` are the events as JSON, one
    for each.
    """

    tenant: str
    log_id: str
    origin: str
    events: Sequence[Event]
    lines: Sequence[bytes]

    def first(self, count: int) -> "Batch":
        """The same with its first events alone."""
        return Batch(
            tenant=self.tenant,
            log_id=self.log_id,
            origin=self.origin,
            events=self.events[:count],
            lines=self.lines[:count],
        )


class Undelivered(Exception):
    """A batch is not known to have arrived, so it is sent again. The reason is one of a few words of ours.

    `status` is HTTP's, where there was an answer, and `retry_after` the seconds that it asked to be left alone.
    """

    def __init__(self, reason: str, *, status: int | None = None, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.retry_after = retry_after


class Sink(Protocol):
    """One place that events are sent to."""

    @property
    def at_once(self) -> int:
        """How many batches it takes at a time, each of another tenant."""

    async def deliver(self, batch: Batch) -> None:
        """Return once a batch is safe there. Raises Undelivered; what it was told may have arrived all the same."""

    async def close(self) -> None:
        """Give up what it holds."""
