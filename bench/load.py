"""Closed-loop load: a number of requests in flight for some seconds, and two loads in turn.

A ratio is taken pair by pair, each pair within seconds, and the median of the pairs is what is reported.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

Work = Callable[[int], Awaitable[object]]
"""Does one request; its argument says which of the requests in flight it is."""


@dataclass(frozen=True)
class Ratio:
    """What was measured against what: two figures of the same unit, and the median of their ratio pair by pair."""

    measure: str
    against: str
    unit: str
    ours: float
    theirs: float
    ratio: float
    reach: str
    reached: bool

    def line(self) -> str:
        """The row for a person."""
        verdict = "reached" if self.reached else "MISSED"
        return (
            f"| {self.measure} | {self.ours:,.4g} {self.unit} | {self.against} | {self.theirs:,.4g} {self.unit} "
            f"| {self.ratio:.2f} | {self.reach} | {verdict} |"
        )


async def rate(work: Work, *, in_flight: int, seconds: float) -> float:
    """Return how many requests a second are answered with `in_flight` of them under way."""
    end = time.perf_counter() + seconds
    done = 0

    async def loop(index: int) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await work(index)
            done += 1

    start = time.perf_counter()
    await asyncio.gather(*(loop(index) for index in range(in_flight)))
    return done / (time.perf_counter() - start)


async def compare_rates(
    ours: Work, theirs: Work, *, in_flight: int, seconds: float = 2.0, pairs: int = 7
) -> tuple[float, float, float]:
    """Return our median rate, theirs, and the median ratio of pairs measured one right after the other."""
    await rate(ours, in_flight=in_flight, seconds=1.0)
    await rate(theirs, in_flight=in_flight, seconds=1.0)
    measured = [
        (
            await rate(ours, in_flight=in_flight, seconds=seconds),
            await rate(theirs, in_flight=in_flight, seconds=seconds),
        )
        for _ in range(pairs)
    ]
    return medians(measured)


def medians(pairs: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Return the median of each side and of the ratios."""
    return (
        statistics.median(one for one, _ in pairs),
        statistics.median(other for _, other in pairs),
        statistics.median(one / other for one, other in pairs),
    )


def at_least(figures: tuple[float, float, float], *, measure: str, against: str, unit: str, reach: float) -> Ratio:
    """Return the ratio that should be at least `reach`."""
    ours, theirs, ratio = figures
    return Ratio(measure, against, unit, ours, theirs, ratio, f"≥ {reach:.2f}", ratio >= reach)


def at_most(figures: tuple[float, float, float], *, measure: str, against: str, unit: str, reach: float) -> Ratio:
    """Return the ratio that should be at most `reach`."""
    ours, theirs, ratio = figures
    return Ratio(measure, against, unit, ours, theirs, ratio, f"≤ {reach:g}", ratio <= reach)
