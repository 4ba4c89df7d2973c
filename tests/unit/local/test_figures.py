"""What `make status` says of the services' metrics: the sums over processes, and lines that fit a terminal.

Leaves out asking running services, which tests/e2e does.
"""

import math

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from local import figures
from local.figures import Figures

_LIST = "paas.config.v1.ConfigService/ListVars"


def _page(*, well: int = 0, failed: int = 0, seconds: float = 0.004, streams: int = 0) -> str:
    """The page of a process that answered so many calls, each in so many seconds, and a thousand health checks."""
    registry = CollectorRegistry()
    requests = Counter("paas_requests", "Calls.", ["method", "code"], registry=registry)
    took = Histogram("paas_request_seconds", "Seconds.", ["method"], buckets=(0.005, 0.25, 2.5), registry=registry)
    Gauge("paas_requests_in_flight", "Calls.", registry=registry).set(2)
    Gauge("paas_streams_open", "Streams.", registry=registry).set(streams)
    for method, code, count in (
        (_LIST, "OK", well),
        (_LIST, "NOT_FOUND", 1),
        (_LIST, "INTERNAL", failed),
        ("grpc.health.v1.Health/Check", "OK", 1000),
    ):
        requests.labels(method, code).inc(count)
        for _ in range(count):
            took.labels(method).observe(seconds if method == _LIST else 0.001)
    return generate_latest(registry).decode()


def test_the_processes_of_a_service_are_taken_together_and_health_checks_left_out() -> None:
    pages = [("config", _page(well=90, failed=3)), ("config", _page(well=8, seconds=0.2, streams=1)), ("audit", None)]
    found = figures._together(pages)
    config = found["config"]
    assert config is not None
    assert (config.served, config.failed, config.under_way, config.streams) == (103, 3, 4, 1)
    assert config.slowest() == 0.25, "nine of 103 took a fifth of a second"
    assert found["audit"] is None


def test_a_process_that_does_not_answer_leaves_its_service_unknown() -> None:
    assert figures._together([("config", None), ("config", _page())]) == {"config": None}
    assert figures._together([("config", _page()), ("config", None)]) == {"config": None}


@pytest.mark.parametrize(("seconds", "found"), [(0.004, 0.005), (0.2, 0.25), (9.0, math.inf)])
def test_how_long_99_of_100_calls_took_is_the_bucket_they_are_in(seconds: float, found: float) -> None:
    some = Figures()
    some.add(_page(well=990, seconds=0.001))
    some.add(_page(well=11, seconds=seconds))
    assert some.slowest() == found
    assert Figures().slowest() is None


def test_a_service_has_a_line_that_fits_a_terminal() -> None:
    little = Figures(served=12, failed=0, within={0.005: 12, math.inf: 12})
    much = Figures(99_999_999, 99_999, 999, 999, {0.0025: 1, 30.0: 2, math.inf: 1000})
    shown = list(figures.lines({"config": little, "sign-in-check": Figures(), "releaser": much, "audit": None}))
    assert shown == [
        "config           12 served     0 failed  99 % in 5 ms    0 now",
        "sign-in-check     0 served     0 failed                  0 now",
        "releaser        99M served 99999 failed  1 % over 30 s   999 now, 999 streams",
        "audit          figures unknown",
    ]
    assert max(map(len, shown)) <= 80


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (99_999, "99999"), (100_000, "100k"), (999_999, "999k"), (1_999_999, "1M"), (7 * 10**9, "7G")],
)
def test_many_are_told_in_six_characters(number: int, shown: str) -> None:
    assert figures._many(number) == shown
