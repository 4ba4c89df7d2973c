"""What the whole stack takes: memory of all its processes, and how long a warm start lasts."""

import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from local.stack import Stack


@dataclass(frozen=True)
class Footprint:
    """Memory in MB (proportional set size, so that shared pages count once), and seconds of a warm start."""

    megabytes: float
    parts: dict[str, float]
    start_seconds: float

    def lines(self) -> list[str]:
        """The rows for a person."""
        parts = ", ".join(f"{name} {size:.0f}" for name, size in self.parts.items())
        return [
            f"| memory of the whole stack | {self.megabytes:.0f} MB ({parts}) | under 600 MB |",
            f"| warm start until ready | {self.start_seconds:.1f} s | under 6 s |",
        ]


def measure(stack: Stack) -> Footprint:
    """Measure the running stack's memory, then stop and start it."""
    parts = {each["name"]: _with_children(int(each["pid"])) for each in stack.status()}
    supervisor = psutil.Process(int(stack.status()[0]["pid"])).parent()
    if supervisor is not None:
        parts["supervisor"] = _pss(supervisor.pid)
    stack.stop()
    start = time.perf_counter()
    stack.start()
    return Footprint(sum(parts.values()), parts, time.perf_counter() - start)


def memory_of(stack: Stack, part: str) -> float:
    """Return what one part of a running stack takes, in MB."""
    return sum(_with_children(int(each["pid"])) for each in stack.status() if each["name"] == part)


def _with_children(pid: int) -> float:
    process = psutil.Process(pid)
    return _pss(pid) + sum(_pss(child.pid) for child in process.children(recursive=True))


def _pss(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0
