"""Moments as ISO 8601 in UTC with a trailing Z, and nothing else."""

import time
from typing import Protocol


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


def _text(moment: Moment, form: str) -> str:
    if not moment.seconds and not moment.nanos:
        return ""
    return time.strftime(form, time.gmtime(moment.seconds))
