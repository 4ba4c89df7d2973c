"""Moments as people type them: `24h` ago, a day, a day and a time. All of them are in UTC unless they say otherwise."""

import re
from datetime import UTC, datetime, timedelta

from paas_cli.errors import Misuse
from paas_cli.typed import durations

# The day; a time to the minute or the second; Z or how far it is from UTC.
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2})?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?")
_LENGTH = re.compile(r"[0-9]{1,9}[smhdw]")


def moment(text: str, *, option: str, now: float) -> datetime:
    """The moment, in UTC. Raises Misuse where it is none; what was given is not repeated, it may be a value."""
    given = text.strip()
    try:
        if _LENGTH.fullmatch(given):
            return datetime.fromtimestamp(now, UTC) - timedelta(seconds=durations.seconds(given, option=option))
    except (ValueError, OverflowError):
        pass
    found = point(given)
    if found is not None:
        return found
    raise Misuse(
        f"{option} is no moment: it takes how long ago, such as 24h, 7d or 2w, a day, such as 2026-11-01, or a day and "
        "a time, such as 2026-11-01T13:42Z; without a zone it is UTC."
    )


def point(text: str) -> datetime | None:
    """The moment, in UTC, of a day or of a day and a time; None where it is neither."""
    given = text.strip()
    if not _MOMENT.fullmatch(given):
        return None
    try:
        found = datetime.fromisoformat(given.upper())
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
