"""The periods that a log's events are kept in: months, and all that was before there were months. Pure.

A log's events are in order of time, so each period has those from one place to another. A question goes through
periods from the end it begins at, one at first and then twice as many each time: what is found at once costs one part
of the table, and what is found nowhere few statements.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

NO_END: Final = 2**63 - 1


@dataclass(frozen=True)
class Period:
    """A period of one log: it has the events that were recorded from `since` to before `until`, if any."""

    since: datetime
    until: datetime
    first_sequence: int


@dataclass(frozen=True)
class Stretch:
    """Some periods one after the other, and which of their events are wanted: those between two sequences."""

    since: datetime
    until: datetime
    after: int
    before: int

    @property
    def parameters(self) -> dict[str, object]:
        """As the statements have them."""
        return {"since": self.since, "until": self.until, "after": self.after, "before": self.before}


def stretches(periods: Sequence[Period], *, after: int, before: int | None, oldest_first: bool) -> Iterator[Stretch]:
    """Give what to look through for events between two sequences, in this order. `periods` are the oldest first."""
    end = NO_END if before is None else before
    bounded = [
        (period, following)
        for period, following in zip(periods, _followings(periods), strict=True)
        if period.first_sequence < end and following > after + 1
    ]
    at, width = 0, 1
    while at < len(bounded):
        some = bounded[at : at + width] if oldest_first else bounded[::-1][at : at + width][::-1]
        (first, _), (last, following) = some[0], some[-1]
        yield Stretch(first.since, last.until, max(after, first.first_sequence - 1), min(end, following))
        at, width = at + width, width * 2


def _followings(periods: Sequence[Period]) -> list[int]:
    """Where each period ends: the first sequence of the one after it."""
    return [*(each.first_sequence for each in periods[1:]), *([NO_END] if periods else [])]


def at_time(periods: Sequence[Period], time: datetime) -> tuple[Period, int] | None:
    """Return the period of the first event that was recorded then or later, and where the next one begins.

    None where there is none such. `periods` are the oldest first.
    """
    for period, following in zip(periods, _followings(periods), strict=True):
        if period.until > time:
            return period, following
    return None
