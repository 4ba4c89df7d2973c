"""Moments as ISO 8601 in UTC with a trailing Z; in tables on a terminal, how long ago they were."""

import time
from typing import Protocol

_MINUTE, _YEAR = 60, 365 * 86400
_UNITS = ((86400, "d"), (3600, "h"), (_MINUTE, "min"))


class Moment(Protocol):
    """What is used of google.protobuf.Timestamp."""

    @property
    def seconds(self) -> int:
        """Seconds since 1970 in UTC."""

    @property
    def nanos(self) -> int:
        """Nanoseconds within the second."""


def to_second(moment: Moment) -> str:
    """`2026-08-04T13:42:07Z`; empty for a moment that is not set."""
    return _text(moment, "%Y-%m-%dT%H:%M:%SZ")


def to_minute(moment: Moment) -> str:
    """`2026-08-04T13:42Z`; empty for a moment that is not set."""
    return _text(moment, "%Y-%m-%dT%H:%MZ")


def epoch_to_minute(seconds: int) -> str:
    """`2026-08-04T13:42Z`, of seconds since 1970."""
    return time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(seconds))


def or_null(moment: Moment) -> str | None:
    """As `to_second`, None where it is not set: what JSON shows."""
    return to_second(moment) or None


def of_seconds(seconds: int) -> str:
    """`2026-08-04T13:42:07Z` for seconds since 1970."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def ago(moment: Moment, now: float) -> str:
    """`3 min ago`, or `in 89 d` for what is to come; the day for what is a year away. Empty for none.

    `now` is in seconds since 1970. One unit is told, rounded down.
    """
    if not moment.seconds and not moment.nanos:
        return ""
    away = moment.seconds - now
    seconds = int(abs(away))
    if seconds >= _YEAR:
        return _text(moment, "%Y-%m-%d")
    if seconds < _MINUTE:
        return "now"
    unit, words = next((unit, words) for unit, words in _UNITS if seconds >= unit)
    told = f"{seconds // unit} {words}"
    return f"in {told}" if away > 0 else f"{told} ago"


def _text(moment: Moment, form: str) -> str:
    if not moment.seconds and not moment.nanos:
        return ""
    return time.strftime(form, time.gmtime(moment.seconds))
