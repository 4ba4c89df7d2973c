"""Lengths of time as people type them: `90d`, `12h`, `2w`."""

import re

from paas_cli.errors import Misuse

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")


def shown(seconds: int) -> str:
    """`90s`, `5m` or `1h`: a length as it may be typed, in the largest unit it is a whole number of."""
    unit = max((each for each in _SECONDS if seconds % _SECONDS[each] == 0), key=_SECONDS.__getitem__)
    return f"{seconds // _SECONDS[unit]}{unit}"


def seconds(text: str, *, option: str) -> int:
    """The length in seconds. Raises Misuse where it is not a number and a unit, or is zero."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or int(match.group(1)) == 0:
        raise Misuse(f"{option} takes a length of time such as 90d, 12h or 2w.")
    return int(match.group(1)) * _SECONDS[match.group(2)]
