"""Who comes alone never waits for company; after a crowd the next batch gathers first.

Leaves out what batches do, which is tested with each that uses them.
"""

import asyncio
from collections.abc import Sequence

from paaskit.batching import Batcher

_FOR_EVER = 3600.0


class Work:
    """Remembers each batch, and lasts until the next turn of the loop."""

    def __init__(self) -> None:
        self.batches: list[Sequence[int]] = []

    async def __call__(self, _: str, items: Sequence[int]) -> Sequence[int]:
        self.batches.append(items)
        await asyncio.sleep(0)
        return items


async def _crowd(batcher: Batcher[int, int]) -> None:
    assert await asyncio.gather(*(batcher.submit("acme", number) for number in range(3))) == [0, 1, 2]


async def test_who_comes_long_after_a_crowd_does_not_wait() -> None:
    work = Work()
    batcher: Batcher[int, int] = Batcher(work, name="numbers", largest=8, gather_seconds=_FOR_EVER, crowd_seconds=0.01)
    await _crowd(batcher)
    await asyncio.sleep(0.02)
    assert await batcher.submit("acme", 7) == 7
    assert work.batches == [[0, 1, 2], [7]]


async def test_who_comes_right_after_a_crowd_is_gathered_with_others() -> None:
    work = Work()
    batcher: Batcher[int, int] = Batcher(work, name="numbers", largest=8, gather_seconds=0.05, crowd_seconds=_FOR_EVER)
    await _crowd(batcher)
    first = asyncio.ensure_future(batcher.submit("acme", 7))
    await asyncio.sleep(0)  # it has begun to wait
    assert await batcher.submit("acme", 8) == 8
    assert await first == 7
    assert work.batches == [[0, 1, 2], [7, 8]]


async def test_of_two_that_gather_side_by_side_the_later_one_does_nothing_where_the_first_took_all() -> None:
    work = Work()
    batcher: Batcher[int, int] = Batcher(
        work, name="numbers", largest=8, gather_seconds=0.0, crowd_seconds=_FOR_EVER, slow_seconds=-1.0, at_once=2
    )
    await _crowd(batcher)
    first, second = await asyncio.gather(batcher.submit("acme", 7), batcher.submit("acme", 8))
    assert (first, second) == (7, 8)
    await asyncio.gather(*batcher._tasks)
    assert work.batches == [[0, 1, 2], [7, 8]], "an empty batch is no batch"
