"""Time and identifiers, passed in wherever behaviour depends on them so that tests can choose them."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current time as an aware datetime in UTC."""

IdSource = Callable[[], str]
"""Returns a new identifier that was never returned before."""


def utc_now() -> datetime:
    """Return the system's time in UTC."""
    return datetime.now(UTC)


def random_id() -> str:
    """Return 32 hexadecimal digits from the system's random source (a UUID version 4, RFC 9562)."""
    return uuid.uuid4().hex
