"""How long a sink that fails is left alone: on a clock that the test moves, without waiting."""

from structlog.testing import capture_logs

from services.audit.sinks.pauses import LONGEST_ASKED_SECONDS, LONGEST_SECONDS, Pauses
from services.audit.sinks.sink import Undelivered


class Watch:
    """Seconds that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _failing(pauses: Pauses, watch: Watch, *, times: int, trouble: Undelivered) -> list[float]:
    """The pauses after each of several failures, one after the other."""
    found = []
    for _ in range(times):
        watch.now += pauses.left_seconds
        pauses.failed(trouble, began=watch.now)
        found.append(pauses.left_seconds)
    return found


def test_each_is_longer_up_to_an_end_and_partly_chance() -> None:
    watch = Watch()
    longest = _failing(Pauses("file", monotonic=watch, jitter=lambda: 1.0), watch, times=9, trouble=Undelivered("away"))
    assert longest == [0.5, 1, 2, 4, 8, 16, 32, 60, LONGEST_SECONDS]
    shortest = _failing(
        Pauses("file", monotonic=watch, jitter=lambda: 0.0), watch, times=2, trouble=Undelivered("away")
    )
    assert shortest == [0.25, 0.5]


def test_it_is_left_alone_for_as_long_as_it_asks_within_reason() -> None:
    watch = Watch()
    pauses = Pauses("file", monotonic=watch)
    assert _failing(pauses, watch, times=1, trouble=Undelivered("busy", retry_after=90.0)) == [90.0]
    asked = Undelivered("busy", retry_after=1e9)
    assert _failing(pauses, watch, times=1, trouble=asked) == [LONGEST_ASKED_SECONDS]


def test_attempts_that_fail_together_are_one_failure() -> None:
    watch = Watch()
    pauses = Pauses("file", monotonic=watch, jitter=lambda: 1.0)
    began = watch.now
    watch.now += 5
    for _ in range(4):
        pauses.failed(Undelivered("away"), began=began)
    assert pauses.left_seconds == 0.5


def test_after_it_worked_it_begins_anew() -> None:
    watch = Watch()
    pauses = Pauses("file", monotonic=watch, jitter=lambda: 1.0)
    _failing(pauses, watch, times=4, trouble=Undelivered("away"))
    watch.now += pauses.left_seconds
    pauses.worked()
    assert (pauses.reason, pauses.left_seconds) == ("", 0.0)
    assert _failing(pauses, watch, times=1, trouble=Undelivered("away")) == [0.5]


def test_the_log_is_told_of_each_reason_and_from_time_to_time() -> None:
    watch = Watch()
    pauses = Pauses("webhook", monotonic=watch, jitter=lambda: 1.0)
    with capture_logs() as lines:
        _failing(pauses, watch, times=3, trouble=Undelivered("away"))
        _failing(pauses, watch, times=1, trouble=Undelivered("failing", status=500))
        watch.now += 31
        _failing(pauses, watch, times=1, trouble=Undelivered("failing", status=500))
        pauses.worked()
    assert [(line["event"], line.get("reason"), line.get("status")) for line in lines] == [
        ("sink_failed", "away", None),
        ("sink_failed", "failing", 500),
        ("sink_failed", "failing", 500),
        ("sink_works_again", None, None),
    ]
