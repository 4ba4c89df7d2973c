"""When logs are published: one is never in two places, and what it gets meanwhile is not forgotten.

Leaves out what is written (tests/integration/audit/publishing).
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from services.audit.publishing import publisher
from services.audit.publishing.publisher import Publisher
from tests.fixtures.waiting import until


@dataclass
class SlowWriter:
    """Publishes a tenant's log when it may go on, and notes how often and how many times at once."""

    stuck: set[str] = field(default_factory=set)
    begun: list[str] = field(default_factory=list)
    unfinished: Counter[str] = field(default_factory=Counter)
    """How many more times there is more of a log than is published at once."""
    at_once: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)

    async def publish(self, tenant: str) -> bool:
        """As `LogWriter` does."""
        self.begun.append(tenant)
        self.at_once[tenant] += 1
        self.most[tenant] = max(self.most[tenant], self.at_once[tenant])
        while tenant in self.stuck:
            await asyncio.sleep(0)
        self.at_once[tenant] -= 1
        self.unfinished[tenant] -= 1
        return self.unfinished[tenant] < 0


class NoLogs:
    """A database without logs."""

    async def tenants(self, *, after: str) -> Sequence[str]:
        """As `Heads` does."""
        return []


@pytest.fixture
def writer() -> SlowWriter:
    return SlowWriter()


@pytest.fixture
async def running(writer: SlowWriter, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Publisher]:
    """At work, and in a hurry."""
    monkeypatch.setattr(publisher, "_GATHER_SECONDS", 0)
    monkeypatch.setattr(publisher, "_TRY_AGAIN_SECONDS", 0)
    running = Publisher(writer, NoLogs())  # type: ignore[arg-type]  # as far as they are used
    task = asyncio.create_task(running.run())
    yield running
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_what_a_log_gets_while_it_is_published_is_published_next(writer: SlowWriter, running: Publisher) -> None:
    writer.stuck = {"acme"}
    running.has_grown(["acme"])
    await until(lambda: writer.begun)
    for _ in range(3):
        running.has_grown(["acme", "globex"])
        await until(lambda: writer.begun[-1] == "globex")
        writer.begun.append("")
    assert Counter(writer.begun)["acme"] == 1
    writer.stuck = set()
    await until(lambda: Counter(writer.begun)["acme"] == 2)
    assert writer.most["acme"] == 1


async def test_logs_that_are_stuck_and_grow_on_leave_places_for_others(writer: SlowWriter, running: Publisher) -> None:
    writer.stuck = {"a", "b", "c"}
    for _ in range(3):
        running.has_grown(["a", "b", "c"])
        await until(lambda: set(writer.begun) >= {"a", "b", "c"})
    running.has_grown(["globex"])
    await until(lambda: "globex" in writer.begun)
    assert Counter(writer.begun) == {"a": 1, "b": 1, "c": 1, "globex": 1}


async def test_a_log_that_has_more_is_published_on(writer: SlowWriter, running: Publisher) -> None:
    writer.unfinished["acme"] = 2
    running.has_grown(["acme"])
    await until(lambda: len(writer.begun) == 3)
    assert writer.begun == ["acme"] * 3
