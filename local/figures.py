"""What a person asks of running services first: how much they did, how well and how fast, from their metrics pages."""

import math
import urllib.request
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from local.ports import HOST, metrics_of, port_of
from local.stack import Stack

# Seconds a page has to come.
PAGE_TIMEOUT = 2.0
# Codes that say that something is wrong here, and not with what was asked for.
FAULTS = ("UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS")
# What supervisors ask all the time; it would hide what users and services ask for.
NOT_COUNTED = ("grpc.",)
SHARE = 0.99


@dataclass
class Figures:
    """What the processes of one kind have done since they started. `within` counts calls by the bucket of seconds
    that they fell in or below.
    """

    served: int = 0
    failed: int = 0
    under_way: int = 0
    streams: int = 0
    within: dict[float, int] = field(default_factory=dict)

    def add(self, page: str) -> None:
        """Add what one process's page says."""
        from prometheus_client.parser import text_string_to_metric_families

        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                if not sample.labels.get("method", "").startswith(NOT_COUNTED):
                    self._count(sample.name, sample.labels, int(sample.value) if sample.value < math.inf else 0)

    def _count(self, name: str, labels: Mapping[str, str], value: int) -> None:
        if name == "paas_requests_total":
            self.served += value
            self.failed += value if labels["code"] in FAULTS else 0
        elif name == "paas_requests_in_flight":
            self.under_way += value
        elif name == "paas_streams_open":
            self.streams += value
        elif name == "paas_request_seconds_bucket":
            bound = float(labels["le"])
            self.within[bound] = self.within.get(bound, 0) + value

    def slowest(self) -> float | None:
        """Within how many seconds 99 of 100 calls were answered, as exactly as the buckets say; None without calls."""
        calls = max(self.within.values(), default=0)
        if not calls:
            return None
        return min(bound for bound, count in self.within.items() if count >= SHARE * calls)


def figures(stack: Stack) -> Mapping[str, Figures | None]:
    """Each kind of process with its figures, all of a kind together; None where a page of one doesn't come."""
    processes = list(stack.processes.values())
    with ThreadPoolExecutor(max_workers=len(processes)) as threads:
        pages = threads.map(lambda process: _page(stack.base_port, *process), processes)
        return _together(zip((process for process, _ in processes), pages, strict=True))


def _together(pages: Iterable[tuple[str, str | None]]) -> dict[str, Figures | None]:
    found: dict[str, Figures | None] = {}
    for process, page in pages:
        so_far = found.setdefault(process, Figures())
        if page is None:
            found[process] = None
        elif so_far is not None:
            so_far.add(page)
    return found


def lines(found: Mapping[str, Figures | None]) -> Iterable[str]:
    """A line each, of no more than eighty columns."""
    for process, each in found.items():
        if each is None:
            yield f"{process:<14} figures unknown"
            continue
        slowest = each.slowest()
        now = f"{_many(each.under_way)} now" + (f", {_many(each.streams)} streams" if each.streams else "")
        counts = f"{_many(each.served):>6} served{_many(each.failed):>6} failed"
        yield f"{process:<13}{counts}  {'' if slowest is None else _speed(slowest):<15} {now}"


def _speed(seconds: float) -> str:
    if math.isinf(seconds):
        return "1 % over 30 s"
    return f"99 % in {seconds * 1000:g} ms" if seconds < 1 else f"99 % in {seconds:g} s"


def _many(number: int) -> str:
    """In six characters at most, cut and not rounded, since nothing that failed should look like nothing."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**5, "k")):
        if number >= size:
            return f"{number // (1000 if unit == 'k' else size)}{unit}"
    return str(number)


def _page(base_port: int, process: str, worker: int) -> str | None:
    address = f"{HOST}:{port_of(metrics_of(process), base_port=base_port, worker=worker)}"
    # Nobody's proxy: it is this machine.
    opener: Any = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{address}/metrics", timeout=PAGE_TIMEOUT) as answer:
            return str(answer.read().decode())
    except (OSError, ValueError):
        return None
