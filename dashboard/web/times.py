"""Times as people read them, with the exact one beside.

What was saved together has one time, which is put into words once for all of it.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_STEPS: Final = ((60, "second"), (60, "minute"), (24, "hour"), (30, "day"), (12, "month"), (1000, "year"))
# What is to come is counted in days for longer: people choose 90 days, and look for them.
_DAYS_TO_COME: Final = timedelta(days=100)


@lru_cache(maxsize=2000)
def ago(then: datetime, now: datetime) -> str:
    """How long ago that was: `3 minutes ago`; `just now` for what is hardly past, or a clock that is ahead."""
    past = now - then
    return "just now" if past < timedelta(seconds=5) else f"{_long(past)} ago"


def until(then: datetime, now: datetime) -> str:
    """When that will be: `in 3 days`, or `3 days ago` where it was."""
    if then <= now:
        return ago(then, now)
    span = then - now
    if timedelta(days=1) <= span < _DAYS_TO_COME:
        return f"in {_counted(round(span / timedelta(days=1)), 'day')}"
    # What was said to be an hour is that, not 59 minutes, when somebody looks a moment later.
    return f"in {_long(span + timedelta(seconds=30) if span >= timedelta(minutes=1) else span)}"


@lru_cache(maxsize=2000)
def exact(then: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return then.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def dated(then: datetime, now: datetime) -> str:
    """A day and a time of it in UTC: `30 Nov 07:19:07`, with the year where it is another one."""
    there = then.astimezone(UTC)
    year = "" if there.year == now.astimezone(UTC).year else f" {there.year}"
    return f"{there.day} {there:%b}{year} {there:%H:%M:%S}"


def _long(span: timedelta) -> str:
    count, word = span.total_seconds(), "second"
    for most, word in _STEPS:  # noqa: B007  # the word that is left is what was looked for
        if count < most:
            break
        count /= most
    return _counted(max(1, int(count)), word)


def _counted(whole: int, word: str) -> str:
    return f"{whole} {word}" if whole == 1 else f"{whole} {word}s"
