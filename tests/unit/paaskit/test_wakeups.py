"""Who waits for news of a key is woken by it, never sleeps through it, and is forgotten when it leaves.

Leaves out what the news are: tests/unit/audit/test_log.py, tests/integration/releaser.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable

import pytest

from paaskit.wakeups import Wakeup, Wakeups
from tests.fixtures.waiting import PATIENCE, until

NEVER = 3600.0


@pytest.fixture
def wakeups() -> Wakeups[str]:
    """Nobody waits yet."""
    return Wakeups[str]()


async def soon(waiting: Awaitable[None]) -> None:
    """Return once it is over, which is before anybody looks again by themselves."""
    async with asyncio.timeout(PATIENCE):
        await waiting


async def sleeps(waiting: "asyncio.Task[None]") -> bool:
    """Whether a task still waits after everything that was under way has had its turn."""
    for _ in range(10):
        await asyncio.sleep(0)
    return not waiting.done()


def waits(wakeup: Wakeup) -> "asyncio.Task[None]":
    """Somebody who looks again by themselves long after the test."""
    return asyncio.create_task(wakeup.wait(NEVER))


async def test_those_who_wait_for_a_key_are_woken_and_no_others(wakeups: Wakeups[str]) -> None:
    with wakeups.expect("a") as one, wakeups.expect("a") as two, wakeups.expect("b") as other:
        waiting = [waits(one), waits(two), waits(other)]
        assert await sleeps(waiting[0])
        wakeups.announce("a", "nobody's")
        await soon(waiting[0])
        await soon(waiting[1])
        assert await sleeps(waiting[2])
        wakeups.announce("b")
        await soon(waiting[2])


async def test_what_is_announced_between_a_look_and_the_wait_is_not_slept_through(wakeups: Wakeups[str]) -> None:
    with wakeups.expect("a") as wakeup:
        wakeups.announce("a")
        wakeups.announce("a")
        await soon(wakeup.wait(NEVER))
        waiting = waits(wakeup)
        assert await sleeps(waiting), "what was announced twice before a look is seen by one"
        wakeups.announce("a")
        await soon(waiting)


async def test_every_write_is_seen_however_it_falls_between_looks(wakeups: Wakeups[str]) -> None:
    written, seen = 0, 0

    async def follow() -> None:
        nonlocal seen
        with wakeups.expect("a") as wakeup:
            while seen < 200:
                seen = written
                await asyncio.sleep(0)  # a look takes its time
                await wakeup.wait(NEVER)

    following = asyncio.create_task(follow())
    await asyncio.sleep(0)
    for number in range(1, 201):
        written = number
        wakeups.announce("a")
        for _ in range(number % 5):
            await asyncio.sleep(0)
    await until(lambda: seen == 200)
    wakeups.announce("a")
    await soon(following)


async def test_who_is_not_woken_looks_again(wakeups: Wakeups[str]) -> None:
    with wakeups.expect("a") as wakeup:
        for _ in range(3):
            await soon(wakeup.wait(0.001))


async def test_everybody_is_woken_when_the_server_stops_and_who_comes_later_too(wakeups: Wakeups[str]) -> None:
    with wakeups.expect("a") as one, wakeups.expect("b") as other:
        waiting = [waits(one), waits(other)]
        assert await sleeps(waiting[0])
        wakeups.close()
        for each in waiting:
            await soon(each)
        assert wakeups.closed
        again = waits(one)
        assert await sleeps(again), "who goes on nevertheless does not go round without pause"
        again.cancel()
    with wakeups.expect("c") as late:
        await soon(late.wait(NEVER))


async def test_who_leaves_is_forgotten_however_it_leaves(wakeups: Wakeups[str]) -> None:
    async def follow(key: str) -> AsyncIterator[None]:
        with wakeups.expect(key) as wakeup:
            while True:
                yield
                await wakeup.wait(NEVER)

    async def listen(key: str) -> None:
        async for _ in follow(key):
            pass

    listening = [asyncio.create_task(listen(f"key {number % 100}")) for number in range(1_000)]
    await until(lambda: len(wakeups._expected) == 100)
    with wakeups.expect("key 7"):
        for task in listening:
            task.cancel()
        for ended in await asyncio.gather(*listening, return_exceptions=True):
            assert isinstance(ended, asyncio.CancelledError), "a cancellation is not swallowed"
        await until(lambda: list(wakeups._expected) == ["key 7"])
    assert not wakeups._expected


async def test_a_cancellation_at_the_moment_of_the_news_is_a_cancellation(wakeups: Wakeups[str]) -> None:
    with wakeups.expect("a") as wakeup:
        waiting = waits(wakeup)
        assert await sleeps(waiting)
        wakeups.announce("a")
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
