"""Ending what runs beside a server, by itself and in a block, where a cancellation is lost as well."""

import asyncio

import pytest

from paaskit import background
from paaskit.background import end_background, together


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_ASK_AGAIN_SECONDS", 0.05)


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def _loses_one_cancellation() -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.Event().wait()


async def _fails_when_cancelled() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        raise ValueError


async def test_everything_has_ended_however_it_did() -> None:
    works = (_for_ever, _loses_one_cancellation, _fails_when_cancelled)
    tasks = [asyncio.create_task(work()) for work in works]
    await asyncio.sleep(0)
    await end_background(tasks)
    assert [task.done() for task in tasks] == [True] * 3
    await end_background([])


@pytest.mark.parametrize("goes_on", [True, False], ids=["in the block", "after it"])
async def test_a_block_that_is_cancelled_ends_all_that_began_in_it(goes_on: bool) -> None:
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await _loses_one_cancellation()
        finally:
            ended.append(name)

    async def block() -> None:
        async with together() as start:
            start(work("one"))
            start(work("other"))
            if goes_on:
                await _for_ever()

    task = asyncio.create_task(block())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(ended) == ["one", "other"]


async def test_one_that_fails_ends_the_others_and_is_told() -> None:
    async def fails() -> None:
        raise ValueError

    async def block() -> None:
        async with together() as start:
            start(_loses_one_cancellation())
            start(fails())

    with pytest.raises(ExceptionGroup) as failed:
        await block()
    assert [type(error) for error in failed.value.exceptions] == [ValueError]


async def test_a_block_lasts_as_long_as_what_began_in_it() -> None:
    done: list[int] = []

    async def work(number: int) -> None:
        await asyncio.sleep(0)
        done.append(number)

    async with together() as start:
        for number in range(3):
            start(work(number))
    assert done == [0, 1, 2]
