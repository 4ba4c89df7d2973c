"""Bounds of one type that leave no value: a range that nothing is in would refuse every release of the app."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

_LAST_PORT: Final = 65535


def of_numbers(least: Decimal | None, most: Decimal | None, *, whole: bool) -> str | None:
    """Return what is wrong with the bounds of a number, both of them allowed, as the rest of a sentence, or None."""
    if least is None or most is None:
        return None
    if least > most:
        return "has a min above its max, so that no number would do: change one of them"
    if whole and _up(least) > most:
        return "has no whole number from its min to its max, and isInt asks for one: change one of them"
    return None


def of_ports(least: Decimal | None, most: Decimal | None) -> str | None:
    """Return what is wrong with the bounds of a port, as the rest of a sentence, or None."""
    first = Decimal(0) if least is None else max(_up(least), Decimal(0))
    last = Decimal(_LAST_PORT) if most is None else min(_down(most), Decimal(_LAST_PORT))
    if first > last:
        return f"leaves no port of 0 to {_LAST_PORT} with its min and max: change one of them"
    return None


def of_texts(
    least: int | None, most: int | None, exactly: int | None, *, start: str | None, end: str | None
) -> str | None:
    """Return which two of a text's arguments no text keeps to, as the rest of a sentence, or None.

    Lengths are in characters. Looks at two at a time: a beginning and an end that fit each alone may still be too long
    together, which depends on what they have in common.
    """
    lower = {
        "minLength": least,
        "isLength": exactly,
        "startsWith": None if start is None else len(start),
        "endsWith": None if end is None else len(end),
    }
    for above, length in lower.items():
        for below, limit in (("maxLength", most), ("isLength", exactly)):
            if length is not None and limit is not None and length > limit:
                what = "a text longer than" if above in ("startsWith", "endsWith") else "more than"
                return f"asks with {above} for {what} its {below}, so that no text would do: change one of them"
    return None


def _up(number: Decimal) -> Decimal:
    return number.to_integral_value(rounding=ROUND_CEILING)


def _down(number: Decimal) -> Decimal:
    return number.to_integral_value(rounding=ROUND_FLOOR)
