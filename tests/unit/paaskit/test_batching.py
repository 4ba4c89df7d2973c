"""What the batcher remembers of its keys, of which there are as many as tenants.

How it makes batches is tested with what uses it: reads (db), the write path, the courier.
"""

import asyncio
from collections.abc import Sequence

import pytest

from paaskit.batching import Batcher


async def _numbers(_: str, items: Sequence[int]) -> Sequence[int]:
    await asyncio.sleep(0)
    return items


async def test_of_a_thousand_tenants_nothing_is_left_once_their_crowds_are_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batcher: Batcher[int, int] = Batcher(_numbers, name="numbers", largest=10, crowd_seconds=3600.0)
    asked = [batcher.submit(f"tenant-{number}", item) for item in range(4) for number in range(1_000)]
    await asyncio.gather(*asked)
    assert len(batcher._crowds) == 1_000, "the control: several came together for each"
    loop = asyncio.get_running_loop()
    later = loop.time() + 3601
    monkeypatch.setattr(loop, "time", lambda: later)
    assert await batcher.submit("another", 7) == 7
    await asyncio.gather(*batcher._tasks)
    kept = batcher._waiting, batcher._running, batcher._last_batch, batcher._crowds
    assert [len(each) for each in kept] == [0, 0, 0, 0]
