"""How much exchanges may do, with a clock that the test moves."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from paaskit.errors import SlowDown, TooManyRequests
from services.tokens.trusts import budget
from services.tokens.trusts.budget import Budget


class Seconds:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_who_is_refused_often_is_told_to_slow_down_and_nobody_else() -> None:
    clock = Seconds()
    tried = Budget(clock=clock)
    for _ in range(budget.MOST_REFUSED):
        async with tried.place("203.0.113.9"):
            tried.count_refused("203.0.113.9")
    for same in ("203.0.113.9", "::ffff:203.0.113.9"):
        with pytest.raises(SlowDown):
            async with tried.place(same):
                pytest.fail("it has a place")
    async with tried.place("203.0.113.10"):
        pass
    clock.now += budget.WINDOW_SECONDS
    async with tried.place("203.0.113.9"):
        pass


async def test_places_of_a_source_and_of_all() -> None:
    tried = Budget(clock=Seconds())
    go_on = asyncio.Event()

    async def hold(address: str) -> None:
        async with tried.place(address):
            await go_on.wait()

    addresses = [f"203.0.113.{number // budget.MOST_OF_SOURCE}" for number in range(budget.MOST)]
    waiting = [asyncio.create_task(hold(address)) for address in addresses]
    await asyncio.sleep(0)
    for address in ("203.0.113.0", "198.51.100.1"):
        with pytest.raises(TooManyRequests):
            async with tried.place(address):
                pytest.fail("it has a place")
    go_on.set()
    await asyncio.gather(*waiting)
    async with tried.place("203.0.113.0"):
        pass


async def test_few_are_at_work_and_a_place_is_given_back_whatever_happens() -> None:
    tried = Budget(clock=Seconds())
    at_work = most = 0

    async def work(number: int) -> None:
        nonlocal at_work, most
        async with tried.place(f"203.0.113.{number % 8}"):
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0)
            at_work -= 1
            if number % 2:
                raise ValueError

    await asyncio.gather(*(work(number) for number in range(100)), return_exceptions=True)
    assert most == budget.AT_WORK
    async with AsyncExitStack() as stack:
        for number in range(budget.AT_WORK):
            await stack.enter_async_context(tried.place(str(number)))


async def test_sources_beyond_what_is_told_apart_are_counted_together() -> None:
    tried = Budget(clock=Seconds())
    for number in range(budget.MOST_SOURCES + budget.MOST_REFUSED):
        tried.count_refused(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}")
    with pytest.raises(SlowDown):
        async with tried.place("192.0.2.7"):
            pytest.fail("it has a place")
    async with tried.place("10.0.0.1"):
        pass
