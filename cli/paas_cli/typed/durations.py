"""Lengths of time as people type them: `90d`, `12h`, `2w`."""

import re

from paas_cli.errors import Misuse

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")


def shown(seconds: int) -> str:
    """`90s`, `5m` or `1h`: a length as it may be typed, in the largest unit it is a whole number of."""
    unit = max((each for each in _SECONDS if seconds % _SECONDS[each] == 0), key=_SECONDS.__getitem__)
    return f"{seconds // _SECONDS[unit]}{unit}"


def seconds(text: str, *, option: str, limits: str = "", zero: bool = False) -> int:
    """The length in seconds. `limits` says what else it has to be, as `from 1m to 366d`; with `zero`, 0 is one too.

    Raises Misuse where it is not a number and a unit, or is zero. It does not say what was given: that may be a value
    which was meant for elsewhere.
    """
    given = text.strip()
    match = _DURATION.fullmatch(given)
    length = int(match.group(1)) * _SECONDS[match.group(2)] if match is not None else None
    if zero and (given == "0" or length == 0):
        return 0
    if length:
        return length
    wrong = "is zero" if length == 0 else "has no unit" if given.isdecimal() else "is no length of time"
    more = f"; {limits}" if limits else ""
    raise Misuse(f"{option} {wrong}: it takes a whole number and s, m, h, d or w, such as 90d, 12h or 2w{more}.")
