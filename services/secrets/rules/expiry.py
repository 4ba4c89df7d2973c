"""Until when a value is to be replaced, how often it is to be rotated, and when somebody is reminded. Pure rules.

An end takes nothing away: what runs would break without the value. It is a promise to replace it, which we remind of.
It belongs to a value, so another one has none unless somebody says so; the interval of rotations is the secret's, and
stays. See docs/decisions/0074.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from paaskit.errors import FieldViolation

SHORTEST: Final = timedelta(minutes=1)
SHORTEST_INTERVAL: Final = timedelta(hours=1)
LONGEST: Final = timedelta(days=3660)
DAYS_BEFORE: Final = (30, 7, 1)
"""How many days before its end somebody is reminded of it."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is stored of a value's end and of its rotation. `span` is for how long it was to be good, where it was said
    so; `rotate_at` is when it is to be rotated next, which it is with `rotate_every` alone.
    """

    expires_at: datetime | None = None
    span: timedelta | None = None
    rotate_every: timedelta | None = None
    rotate_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request says of ends: one at most of a span, a moment and never. All unset says nothing.

    `rotate_every` of zero takes an interval away.
    """

    span: timedelta | None = None
    at: datetime | None = None
    never: bool = False
    rotate_every: timedelta | None = None

    @property
    def says_end(self) -> bool:
        """Whether it says anything of the end."""
        return self.span is not None or self.at is not None or self.never

    @property
    def says_anything(self) -> bool:
        """Whether it says anything at all."""
        return self.says_end or self.rotate_every is not None

    def expires_at(self, now: datetime) -> datetime | None:
        """Return the end of a value that is live from now on."""
        return now + self.span if self.span is not None else self.at

    def parts(self) -> tuple[str, ...]:
        """Return what tells requests apart."""
        return () if not self.says_anything else (f"{self.span} {self.at} {self.never} {self.rotate_every}",)


SAYS_NOTHING: Final = Asked()
NO_TERMS: Final = Terms()


def violations(asked: Asked, now: datetime) -> Iterator[FieldViolation]:
    """Say what is wrong with what a request says of ends."""
    if asked.span is not None and not SHORTEST <= asked.span <= LONGEST:
        yield FieldViolation("expiry.span", "an end is a minute to 3660 days away")
    if asked.at is not None and asked.at <= now:
        yield FieldViolation("expiry.at", "an end is to come, and this is past")
    if asked.at is not None and asked.at > now + LONGEST:
        yield FieldViolation("expiry.at", "an end is 3660 days away at most")
    if asked.rotate_every and not SHORTEST_INTERVAL <= asked.rotate_every <= LONGEST:
        yield FieldViolation("rotate_every", "an interval of rotations is an hour to 3660 days, or 0 for none")


def again(asked: Asked, before: Terms) -> Asked:
    """Return what is asked of a rotation: where it says nothing of the end, the span of the value before once more."""
    if asked.says_end or before.span is None:
        return asked
    return Asked(span=before.span, rotate_every=asked.rotate_every)


def of_new_value(asked: Asked, before: Terms, now: datetime) -> Terms:
    """Return the terms of a value that is live from now on, and replaces one that had `before`."""
    every = before.rotate_every if asked.rotate_every is None else asked.rotate_every or None
    return Terms(
        expires_at=asked.expires_at(now),
        span=asked.span,
        rotate_every=every,
        rotate_at=now + every if every is not None else None,
    )


def moved(asked: Asked, before: Terms, *, stored_at: datetime, now: datetime) -> Terms:
    """Return the terms of a value that stands since `stored_at`, from which its rotation counts."""
    every = before.rotate_every if asked.rotate_every is None else asked.rotate_every or None
    rotate_at = before.rotate_at if every == before.rotate_every else stored_at + every if every is not None else None
    return Terms(
        expires_at=asked.expires_at(now) if asked.says_end else before.expires_at,
        span=asked.span if asked.says_end else before.span,
        rotate_every=every,
        rotate_at=rotate_at,
    )


def first_reminder(expires_at: datetime) -> datetime:
    """Return when to remind first of an end; of one that is nearer already that is past, and so due at once."""
    return expires_at - timedelta(days=DAYS_BEFORE[0])


def days_told(expires_at: datetime, now: datetime) -> int:
    """Return which reminder is due now: the days before the end that it says, 0 where that is past.

    Those that were passed over meanwhile are not made up for.
    """
    if expires_at <= now:
        return 0
    return min((days for days in DAYS_BEFORE if expires_at - now <= timedelta(days=days)), default=DAYS_BEFORE[0])


def next_reminder(expires_at: datetime, now: datetime) -> datetime | None:
    """Return when to remind after the reminder that is due now; None after the last one, at the end."""
    told = days_told(expires_at, now)
    if not told:
        return None
    later = [days for days in (*DAYS_BEFORE, 0) if days < told]
    return expires_at - timedelta(days=later[0])
