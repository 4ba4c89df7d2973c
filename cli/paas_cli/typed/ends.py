"""Until when a secret's value is to be replaced, and how often it is to be rotated, as people type it.

`90d`, `12h` and `2w` are for how long, `2027-01-31` is the first moment of that day in UTC, and `never` is no end.
"""

from dataclasses import dataclass

from paas_cli.errors import Misuse
from paas_cli.typed import durations, moments

_SHORTEST, _SHORTEST_INTERVAL, _LONGEST = 60, 3600, 3660 * 86400
_NEVER = "never"


@dataclass(frozen=True)
class End:
    """An end: so many seconds from when the value is live, a moment in seconds since 1970, or with neither, never."""

    span: int | None = None
    at: int | None = None


@dataclass(frozen=True)
class Terms:
    """What a command says of ends. None says nothing; an interval of 0 takes one away."""

    end: End | None = None
    rotate_every: int | None = None

    def __bool__(self) -> bool:
        """Whether anything is said."""
        return self.end is not None or self.rotate_every is not None


def terms(expires: str | None, rotate_every: str | None, *, now: float, option: str = "--expires") -> Terms:
    """What both options say; `option` is what the first is called. Raises Misuse."""
    return Terms(
        end=None if expires is None else end(expires, option=option, now=now),
        rotate_every=None if rotate_every is None else interval(rotate_every, option="--rotate-every"),
    )


def end(text: str, *, option: str, now: float) -> End:
    """The end. Raises Misuse where it is none, past, or too far; what was given is not repeated, it may be a value."""
    given = text.strip()
    if given.lower() == _NEVER:
        return End()
    moment = moments.point(given)
    if moment is not None:
        at = int(moment.timestamp())
        if at <= now:
            raise Misuse(f"{option} is past: an end is a moment to come.")
        if at > now + _LONGEST:
            raise Misuse(f"{option} is too far: an end is at most 3660 days away.")
        return End(at=at)
    if given[:4].isdecimal() and given[4:5] == "-":
        raise Misuse(f"{option} is no day that there is: it takes one such as 2027-01-31, with a time at most T13:42Z.")
    limits = "or a day, such as 2027-01-31, or never; from 1m to 3660d"
    return End(span=_within(durations.seconds(given, option=option, limits=limits), _SHORTEST, option, "1m"))


def interval(text: str, *, option: str) -> int:
    """The interval in seconds, 0 for never. Raises Misuse."""
    if text.strip().lower() == _NEVER:
        return 0
    seconds = durations.seconds(text, option=option, limits="or never; from 1h to 3660d")
    return _within(seconds, _SHORTEST_INTERVAL, option, "1h")


def _within(seconds: int, least: int, option: str, least_shown: str) -> int:
    if least <= seconds <= _LONGEST:
        return seconds
    raise Misuse(f"{option} is too {'short' if seconds < least else 'long'}: it takes from {least_shown} to 3660d.")
