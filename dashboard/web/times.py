"""Times as people read them, with the exact one beside."""

from datetime import UTC, datetime, timedelta
from typing import Final

_STEPS: Final = ((60, "second"), (60, "minute"), (24, "hour"), (30, "day"), (12, "month"), (1000, "year"))


def ago(then: datetime, now: datetime) -> str:
    """How long ago that was: `3 minutes ago`; `just now` for what is hardly past, or a clock that is ahead."""
    past = now - then
    return "just now" if past < timedelta(seconds=5) else f"{_long(past)} ago"


def until(then: datetime, now: datetime) -> str:
    """When that will be: `in 3 days`, or `3 days ago` where it was."""
    return f"in {_long(then - now)}" if then > now else ago(then, now)


def exact(then: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return then.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _long(span: timedelta) -> str:
    count, word = span.total_seconds(), "second"
    for most, word in _STEPS:  # noqa: B007  # the word that is left is what was looked for
        if count < most:
            break
        count /= most
    whole = max(1, int(count))
    return f"{whole} {word}" if whole == 1 else f"{whole} {word}s"
