"""Turns at reading: how many at once, who is next, and what becomes of who is slow or leaves.

What followers do with them is in test_log.py, what others notice of followers in tests/abuse/neighbours.
"""

import asyncio
from collections.abc import Iterator

import pytest

from services.audit.turns import Turn, Turns
from tests.fixtures.waiting import until

FOREVER = 3600.0


class Readers:
    """Readers by name, whose first letter is their tenant; each reads until it is told to stop."""

    def __init__(self, turns: Turns[int]) -> None:
        self.turns = turns
        self.reading: dict[str, Turn[int]] = {}
        self.order: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._stops: dict[str, asyncio.Event] = {}

    async def come(self, *names: str) -> None:
        """Have them ask for a turn, in this order."""
        for name in names:
            self._stops[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._read(name))
            await asyncio.sleep(0)
        await self.settle()

    async def stop(self, name: str) -> None:
        """Have one be done with its turn."""
        self._stops[name].set()
        await self.tasks[name]
        await self.settle()

    async def leave(self, name: str) -> None:
        """Have its stream end, wherever it is."""
        self.tasks[name].cancel()
        await asyncio.gather(self.tasks[name], return_exceptions=True)
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def _read(self, name: str) -> None:
        async with self.turns.take(name[0]) as turn:
            self.reading[name] = turn
            self.order.append(name)
            try:
                await self._stops[name].wait()
            finally:
                del self.reading[name]


@pytest.fixture
def readers() -> Iterator[Readers]:
    made = Readers(Turns(at_once=4, at_once_of_tenant=2, longest_seconds=FOREVER))
    yield made
    for task in made.tasks.values():
        task.cancel()


async def test_a_tenant_has_two_at_once_and_the_rest_in_order(readers: Readers) -> None:
    await readers.come("a1", "a2", "a3", "a4")
    assert set(readers.reading) == {"a1", "a2"}
    await readers.stop("a2")
    assert set(readers.reading) == {"a1", "a3"}
    await readers.stop("a1")
    await readers.stop("a3")
    assert readers.order == ["a1", "a2", "a3", "a4"]


async def test_another_tenant_waits_for_none_of_them(readers: Readers) -> None:
    await readers.come("a1", "a2", "a3", "a4", "b1")
    assert set(readers.reading) == {"a1", "a2", "b1"}


async def test_all_of_them_have_four_and_tenants_go_round(readers: Readers) -> None:
    await readers.come("a1", "a2", "b1", "b2", "c1", "c2", "d1")
    assert set(readers.reading) == {"a1", "a2", "b1", "b2"}
    await readers.stop("a1")
    await readers.stop("a2")
    await readers.stop("b1")
    # One of each before the second of one.
    assert readers.order[4:] == ["c1", "d1", "c2"]


async def test_who_leaves_while_waiting_is_passed_over(readers: Readers) -> None:
    await readers.come("a1", "a2", "a3", "a4")
    await readers.leave("a3")
    await readers.stop("a1")
    assert set(readers.reading) == {"a2", "a4"}


async def test_a_turn_of_who_leaves_is_the_next_ones(readers: Readers) -> None:
    await readers.come("a1", "a2", "a3")
    await readers.leave("a1")
    assert set(readers.reading) == {"a2", "a3"}


async def test_a_turn_given_at_the_moment_of_leaving_is_not_lost(readers: Readers) -> None:
    await readers.come("a1", "a2", "a3", "a4")
    readers.reading["a1"].end()  # a3 has it now, and has not been told yet
    await readers.leave("a3")
    assert "a4" in readers.reading


async def test_nobody_who_has_gone_is_kept(readers: Readers) -> None:
    await readers.come("a1", "a2", "a3", "b1")
    for name in ("a1", "a2", "a3", "b1"):
        await readers.leave(name)
    assert (readers.turns._reading, readers.turns._waiting) == ({}, {})


async def test_what_is_not_taken_in_time_is_let_go_with_the_turn() -> None:
    turns = Turns[int](at_once=1, longest_seconds=0.01)
    async with turns.take("a") as slow:
        left = slow.hold([1, 2, 3])
        assert left.popleft() == 1
        async with turns.take("a"):  # which is somebody else's before the block has ended
            assert slow.over
            assert not left
    async with turns.take("a") as after:
        assert not after.over


async def test_a_turn_lasts_while_its_read_does() -> None:
    turns = Turns[int](at_once=1, longest_seconds=0.01)
    async with turns.take("a") as turn:
        await asyncio.sleep(0.05)
        assert not turn.over
        turn.hold([1])
        await until(lambda: turn.over)
