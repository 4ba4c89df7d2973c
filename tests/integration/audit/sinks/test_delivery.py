"""When events are delivered: at least once and in order, one replica at a time, whatever dies in between.

On a real database; the sinks are in memory, what kinds there are is tested in test_contract.py. Leaves out replicas as
processes: two of them are two deliveries with connections of their own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from paaskit import metrics
from paaskit.db import Database
from paaskit.errors import Unavailable
from services.audit.publishing.heads import Heads
from services.audit.sinks.cursors import Cursors
from services.audit.sinks.delivery import AT_ONCE, Delivery, Source
from services.audit.sinks.lines import MOST_BYTES
from services.audit.sinks.pauses import Pauses
from services.audit.sinks.sink import Undelivered
from services.audit.sinks.standing import Standing
from services.audit.store import Store
from tests.fakes.audit_log import report_of
from tests.fakes.clock import FakeClock
from tests.fakes.event_sink import FakeSink
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.audit.publishing.conftest import NOW

_AWAY = Undelivered("away")


@dataclass
class Sender:
    """One replica's part of one sink, and the log that it is about."""

    databases: Databases
    store: Store
    sink: FakeSink
    delivery: Delivery
    standing: Standing

    async def append(self, count: int = 1, *, tenant: str = "acme", now: datetime = NOW) -> None:
        """Append so many events of a tenant."""
        await self.store.append([report_of(tenant=tenant) for _ in range(count)], service="config", now=now)
        self.delivery.has_grown([tenant])

    async def deliver(self, tenant: str = "acme") -> None:
        """Deliver all there is of a tenant, without waiting between attempts."""
        while not await self.delivery.deliver(tenant):
            pass

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver in the background for the block."""
        task = asyncio.create_task(self.delivery.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


Another = Callable[..., Sender]


@pytest.fixture
def another(databases: Databases, database: Database) -> Another:
    """What makes a sender: of a sink of its own or another's, with a name, and with connections of its own."""

    def made(
        sink: FakeSink | None = None,
        *,
        name: str = "webhook",
        since: datetime | None = None,
        through: Database = database,
        clock: FakeClock | None = None,
    ) -> Sender:
        sink = sink or FakeSink()
        store, cursors = Store(through), Cursors(through)
        source = Source(events=store, logs=Heads(through), cursors=cursors, origin_of="audit.example.com/{}".format)
        pauses = Pauses("webhook", first_seconds=0.001)
        delivery = Delivery(sink, source, pauses, name=name, kind="webhook", since=since)
        standing = Standing(cursors, [delivery], clock=clock or FakeClock())
        return Sender(databases, store, sink, delivery, standing)

    return made


@pytest.fixture
async def sender(another: Another, database: Database) -> Sender:
    """A sink that gets everything from the beginning."""
    await Cursors(database).began("webhook", since=None)
    return another()


async def test_everything_arrives_once_and_in_order_where_nothing_fails(sender: Sender) -> None:
    await sender.append(3)
    await sender.append(2, tenant="globex")
    await sender.deliver()
    await sender.deliver("globex")
    await sender.append(2)
    await sender.deliver()
    await sender.deliver()
    assert sender.sink.of("acme") == [1, 2, 3, 4, 5]
    assert sender.sink.of("globex") == [1, 2]


async def test_a_long_log_comes_in_batches(sender: Sender) -> None:
    await sender.append(AT_ONCE * 2 + 1)
    await sender.deliver()
    assert sender.sink.batches == [AT_ONCE, AT_ONCE, 1]


async def test_a_batch_has_a_bound_of_bytes(sender: Sender) -> None:
    """Twenty of nearly 60 KiB are more than a megabyte."""
    large = [report_of(targets=("x" * 128,) * 450) for _ in range(20)]
    await sender.store.append(large, service="config", now=NOW)
    await sender.deliver()
    assert sender.sink.of("acme") == list(range(1, 21))
    assert len(sender.sink.batches) == 2
    assert sender.sink.most_bytes <= MOST_BYTES


async def test_who_dies_before_noting_it_delivers_again_and_leaves_none_out(sender: Sender, another: Another) -> None:
    await sender.append(2)
    await sender.deliver()
    await sender.append(2)
    sender.sink.afterwards = lambda: sender.databases.look("audit", _END_TURNS)
    with pytest.raises(Unavailable):
        await sender.deliver()
    sender.sink.afterwards = lambda: None
    await another(sender.sink).deliver()
    assert sender.sink.of("acme") == [1, 2, 3, 4, 3, 4]


async def test_who_is_stopped_while_it_delivers_delivers_again(sender: Sender) -> None:
    await sender.append(2)
    sender.sink.hold.clear()
    task = asyncio.create_task(sender.deliver())
    await until(lambda: sender.sink.under_way)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    sender.sink.hold.set()
    await sender.deliver()
    assert sender.sink.of("acme") == [1, 2]


async def test_one_replica_at_a_time_is_at_a_log(sender: Sender, another: Another, databases: Databases) -> None:
    await sender.append(2)
    async with databases.open_again("audit") as elsewhere:
        second = another(FakeSink(), through=elsewhere)
        sender.sink.hold.clear()
        task = asyncio.create_task(sender.deliver())
        await until(lambda: sender.sink.under_way)
        assert not await second.delivery.deliver("acme"), "it is tried again soon"
        assert second.sink.arrived == []
        sender.sink.hold.set()
        await task
        await second.append()
        await second.deliver()
    assert (sender.sink.of("acme"), second.sink.of("acme")) == ([1, 2], [3])


async def test_a_replica_that_lost_its_turn_notes_nothing_more(sender: Sender, another: Another) -> None:
    """Nor does a cursor go back, whoever writes it."""
    await sender.append(3)
    sender.sink.afterwards = lambda: sender.databases.look("audit", _END_TURNS)
    with pytest.raises(Unavailable):
        await sender.deliver()
    assert sender.databases.look("audit", _CURSORS) == [("webhook", 0)]
    sender.sink.afterwards = lambda: None
    await another(sender.sink).deliver()
    sender.databases.look("audit", "SELECT note_delivered('webhook', (SELECT log_id FROM logs), 1)")
    assert sender.databases.look("audit", _CURSORS) == [("webhook", 3)]


async def test_a_new_sink_begins_with_what_is_still_to_come(sender: Sender, another: Another) -> None:
    """Of logs that begin later it gets all. Under a name it had before it goes on, whatever it is told."""
    await sender.append(3)
    late = datetime.fromisoformat("2026-05-04T14:00:00+00:00")
    new = another(name="webhook:siem", since=late)
    async with new.running():
        await new.append(2, now=late)
        await new.append(2, tenant="globex", now=late)
        # Who is stopped between an arrival and its note delivers again.
        await until(lambda: sorted(new.databases.look("audit", _CURSORS)) == [("webhook:siem", 2), ("webhook:siem", 5)])
    assert (new.sink.of("acme"), new.sink.of("globex")) == ([4, 5], [1, 2])
    again = another(name="webhook:siem", since=None)
    async with again.running():
        await again.append(now=late)
        await until(lambda: again.sink.arrived)
    assert again.sink.arrived == [("acme", 6)]


async def test_failures_of_any_kind_lose_nothing_and_keep_the_order(sender: Sender) -> None:
    sender.sink.troubles = [_AWAY, Undelivered("failing", status=500), Undelivered("busy", retry_after=0.01)] * 3
    async with sender.running():
        for _ in range(4):
            await sender.append(3)
            await sender.append(3, tenant="globex")
        await until(lambda: len(sender.sink.arrived) == 24)
    assert sender.sink.of("acme") == sender.sink.of("globex") == list(range(1, 13))


async def test_a_fault_of_ours_loses_nothing_either(sender: Sender) -> None:
    faults = [ValueError("canary")]

    def fail_once() -> None:
        if faults:
            raise faults.pop()

    sender.sink.afterwards = fail_once
    with capture_logs() as lines:
        async with sender.running():
            await sender.append(2)
            await until(lambda: len(sender.sink.arrived) == 4)
    assert sender.sink.of("acme") == [1, 2, 1, 2]
    assert "sink_fault" in [line["event"] for line in lines]
    assert "canary" not in str(lines)


async def test_a_batch_that_is_too_large_comes_in_parts(sender: Sender) -> None:
    sender.sink.most = 2
    await sender.append(7)
    await sender.deliver()
    assert sender.sink.of("acme") == [1, 2, 3, 4, 5, 6, 7]
    sender.sink.most = 0
    await sender.append()
    with pytest.raises(Undelivered, match="too_large"):
        await sender.deliver()


async def test_one_tenant_s_refused_batch_does_not_hold_up_others_and_is_tried_again(sender: Sender) -> None:
    sender.sink.refuses = "acme"
    async with sender.running():
        await sender.append()
        await sender.append(tenant="globex")
        await until(lambda: sender.sink.of("globex"))
        sender.sink.refuses = ""
        await sender.standing.look()
        await until(lambda: sender.sink.of("acme"))


async def test_a_sink_that_hangs_holds_up_no_other_and_no_append(sender: Sender, another: Another) -> None:
    other = another(name="otlp")
    sender.sink.hold.clear()
    async with sender.running(), other.running():
        for tenant in ("acme", "globex", "initech", "hooli", "umbrella"):
            await sender.append(2, tenant=tenant)
            other.delivery.has_grown([tenant])
        await until(lambda: sender.sink.under_way == sender.sink.at_once)
        await until(lambda: len(other.sink.arrived) == 10)
        assert sender.sink.arrived == []
        sender.sink.hold.set()
        await until(lambda: len(sender.sink.arrived) == 10)


async def test_what_a_replica_that_died_left_is_found(sender: Sender, another: Another) -> None:
    await sender.append(2)
    other = another()
    async with other.running():
        await other.standing.look()
        await until(lambda: other.sink.of("acme") == [1, 2])


async def test_how_far_it_is_behind_is_shown_and_told(sender: Sender, another: Another) -> None:
    clock = FakeClock(NOW)
    sender = another(sender.sink, clock=clock)
    await sender.append(3)
    await sender.deliver()
    await sender.append(2)
    await sender.append(tenant="globex")
    clock.advance(seconds=90)
    sender.delivery.pauses.failed(_AWAY, began=0.0)
    with capture_logs() as lines:
        await sender.standing.look()
    assert _shown() == (3, 90)
    assert lines == [
        {
            "event": "sink_stuck",
            "log_level": "warning",
            "sink": "webhook",
            "reason": "away",
            "events_behind": 3,
            "seconds_behind": 90,
        }
    ]
    await sender.deliver()
    await sender.deliver("globex")
    await sender.standing.look()
    assert _shown() == (0, 0)


async def test_an_event_that_was_changed_is_not_sent(sender: Sender) -> None:
    await sender.append(3)
    sender.databases.look("audit", "UPDATE events SET actor = 'user:eve@example.com' WHERE sequence = 2")
    with capture_logs() as lines:
        await sender.deliver()
        await sender.deliver()
    assert sender.sink.of("acme") == [1]
    assert {(line["event"], line["sequence"]) for line in lines} == {("sink_event_inconsistent", 2)}


async def test_events_that_are_gone_are_said_to_be(sender: Sender) -> None:
    await sender.append(3)
    sender.databases.look("audit", "DELETE FROM events WHERE sequence <= 2")
    with capture_logs() as lines:
        await sender.deliver()
    assert sender.sink.of("acme") == [3]
    assert [(line["event"], line["after"], line["events"]) for line in lines] == [("sink_events_gone", 0, 2)]


async def test_there_is_one_row_for_each_sink_and_log(sender: Sender) -> None:
    for _ in range(3):
        await sender.append(2)
        await sender.deliver()
    assert sender.databases.look("audit", _CURSORS) == [("webhook", 6)]


_END_TURNS = """
    SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
    WHERE a.pid IN (SELECT l.pid FROM pg_locks l WHERE l.locktype = 'advisory')"""
_CURSORS = "SELECT sink, sequence FROM deliveries"


def _shown() -> tuple[float, float]:
    """The events and the seconds that the metrics say it is behind."""
    return (
        metrics.SINK_EVENTS_BEHIND.labels("webhook")._value.get(),
        metrics.SINK_SECONDS_BEHIND.labels("webhook")._value.get(),
    )
