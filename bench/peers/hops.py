"""CPU time of each process that a read of a secret goes through, so that one sees where it is spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from bench.peers.wrk import Load
from local.ports import SIGN_IN_CHECK
from local.stack import Stack

HOPS = {
    "gateway": "gateway",
    "check": SIGN_IN_CHECK,
    "service": "secrets",
    "database": "postgres",
    "audit": "audit",
}
"""What a hop does, and the part of the stack that does it. The database is that of all services."""


@dataclass(frozen=True)
class Spent:
    """CPU in milliseconds for each request, by hop."""

    by_hop: Mapping[str, float]

    @property
    def total(self) -> float:
        """Of all hops."""
        return sum(self.by_hop.values())


class Meter:
    """Reads what the processes of the stack, and one beside it, have used so far."""

    def __init__(self, stack: Stack, other_pid: int) -> None:
        pids = {each["name"]: int(each["pid"]) for each in stack.status()}
        self._ours = {hop: pids[part] for hop, part in HOPS.items()}
        self._theirs = {"OpenBao": other_pid}

    def ours(self) -> dict[str, float]:
        """Seconds by hop."""
        return {hop: processor_seconds(pid) for hop, pid in self._ours.items()}

    def theirs(self) -> dict[str, float]:
        """Seconds of the other one, which is a single process."""
        return {name: processor_seconds(pid) for name, pid in self._theirs.items()}


def spent(before: Mapping[str, float], after: Mapping[str, float], loads: Sequence[Load]) -> Spent:
    """Return what was used between two readings for each request of the loads in between."""
    requests = sum(load.requests for load in loads)
    return Spent({hop: 1000 * (after[hop] - before[hop]) / requests for hop in before})


def processor_seconds(pid: int) -> float:
    """Return the seconds of a processor's time that a process and all below it have used."""
    process = psutil.Process(pid)
    return sum(_own(each) for each in [process, *process.children(recursive=True)])


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
