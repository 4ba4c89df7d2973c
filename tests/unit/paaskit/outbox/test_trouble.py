"""What a relay says when it can't get on: once what is wrong, every half minute that rows are old; how it backs off."""

import pytest
from structlog.testing import capture_logs

from paaskit.db import Database
from paaskit.errors import Internal, Unavailable
from paaskit.outbox.trouble import OLD_SECONDS, Trouble
from tests.fixtures.postgres import Databases
from tests.unit.paaskit.outbox.receiver import Receiver, relay_to, write


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The relay's clock."""
    return Clock()


@pytest.fixture
def trouble(clock: Clock) -> Trouble:
    """A relay without a failure."""
    return Trouble("audit", monotonic=clock)


def test_an_absent_receiver_is_not_worth_a_word_at_once(trouble: Trouble) -> None:
    with capture_logs() as logged:
        trouble.saw(1.0)
        trouble.add(Unavailable("away"))
    assert logged == []


def test_anything_else_is_told_at_once_and_once(trouble: Trouble) -> None:
    with capture_logs() as logged:
        for _ in range(3):
            trouble.add(Internal("refused", reason="PERMISSION_DENIED"))
        trouble.add(ValueError("with a value in it"))
    assert [(line["log_level"], line["event"], line["reason"]) for line in logged] == [
        ("error", "outbox_delivery_failed", "PERMISSION_DENIED"),
        ("error", "outbox_delivery_failed", "ValueError"),
    ]
    assert "with a value in it" not in str(logged)


def test_old_rows_are_told_every_half_minute_with_what_failed_last(trouble: Trouble, clock: Clock) -> None:
    with capture_logs() as logged:
        for _ in range(95):
            clock.now += 1
            trouble.saw(clock.now - 1000)
            trouble.add(Unavailable("away", reason="READ_ONLY"))
    told = [line for line in logged if line["event"] == "outbox_stuck"]
    assert [(line["oldest_seconds"], line["failures"]) for line in told] == [(30, 29), (60, 59), (90, 89)]
    assert {(line["log_level"], line["destination"], line["reason"]) for line in told} == {
        ("warning", "audit", "READ_ONLY")
    }


def test_it_is_told_as_well_where_the_rows_can_t_be_seen_any_more(trouble: Trouble, clock: Clock) -> None:
    trouble.saw(1.0)
    with capture_logs() as logged:
        clock.now += OLD_SECONDS
        trouble.add(Unavailable("the sender's own database is away"))
    assert [line["event"] for line in logged] == ["outbox_stuck"]


def test_old_rows_without_a_failure_are_told_too(trouble: Trouble) -> None:
    with capture_logs() as logged:
        trouble.saw(OLD_SECONDS)
    assert [(line["event"], line["failures"], line["reason"]) for line in logged] == [("outbox_stuck", 0, "")]


def test_getting_on_ends_it(trouble: Trouble, clock: Clock) -> None:
    trouble.saw(5.0)
    trouble.add(Unavailable("away"))
    trouble.over()
    clock.now += 100
    with capture_logs() as logged:
        trouble.add(Unavailable("away"))
    assert logged == []
    assert trouble.backoff_seconds == pytest.approx(0.1)


def test_waits_grow_to_two_seconds_and_stay(trouble: Trouble) -> None:
    waits = []
    for _ in range(2000):
        trouble.add(Unavailable("away"))
        waits.append(trouble.backoff_seconds)
    assert waits[:6] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0])
    assert set(waits[6:]) == {2.0}


async def test_a_relay_tells_of_rows_that_are_old(database: Database, databases: Databases) -> None:
    receiver = Receiver()
    receiver.before = lambda _: Unavailable("away", reason="READ_ONLY")
    await write(database, [b"1"])
    databases.look("config", "UPDATE outbox SET created_at = now() - interval '100 seconds'")
    with capture_logs() as logged, pytest.raises(Unavailable):
        await relay_to(receiver, database).drain_once()
    (line,) = [line for line in logged if line["event"] == "outbox_stuck"]
    assert 100 <= line["oldest_seconds"] < 160
