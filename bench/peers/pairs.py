"""Two reads in turn, ours and theirs, and what each pair says of them."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.load import medians
from bench.peers.hops import Meter, Spent, spent
from bench.peers.wrk import Load, Read, load

_PAIRS = 4
_SECONDS = 2


@dataclass(frozen=True)
class Paired:
    """The loads of each pair, and the CPU of each side over all of them."""

    pairs: list[tuple[Load, Load]]
    ours: Spent
    theirs: Spent

    def medians_of(self, figure: Callable[[Load], float]) -> tuple[float, float, float]:
        """Return our median of a figure, theirs, and the median of its ratio pair by pair."""
        return medians([(figure(one), figure(other)) for one, other in self.pairs])


def measure(ours: Read, theirs: Read, meter: Meter, *, connections: int) -> Paired:
    """Load the two in turn."""
    load(ours, connections=connections, seconds=1)
    load(theirs, connections=connections, seconds=1)
    pairs: list[tuple[Load, Load]] = []
    used: list[tuple[Spent, Spent]] = []
    for _ in range(_PAIRS):
        start = meter.ours()
        one = load(ours, connections=connections, seconds=_SECONDS)
        between = meter.theirs()
        spent_by_us = spent(start, meter.ours(), [one])
        other = load(theirs, connections=connections, seconds=_SECONDS)
        pairs.append((one, other))
        used.append((spent_by_us, spent(between, meter.theirs(), [other])))
    return Paired(pairs, _middle([mine for mine, _ in used]), _middle([theirs for _, theirs in used]))


def rates(ours: Read, theirs: Read, *, connections: int) -> tuple[float, float, float]:
    """Load the two in turn; our median rate, theirs, and the median of the ratio pair by pair."""
    for each in (ours, theirs):
        load(each, connections=connections, seconds=1)
    pairs = [
        [load(each, connections=connections, seconds=_SECONDS).rate for each in (ours, theirs)] for _ in range(_PAIRS)
    ]
    return medians([(one, other) for one, other in pairs])


def _middle(each: list[Spent]) -> Spent:
    return Spent({hop: sorted(one.by_hop[hop] for one in each)[len(each) // 2] for hop in each[0].by_hop})
