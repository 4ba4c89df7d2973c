"""Ending what runs beside a server. That a whole one stops at SIGTERM is tested with the processes (tests/e2e)."""

import asyncio

import pytest

from paaskit import server
from paaskit.server import end_background


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


async def test_everything_has_ended_however_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_ASK_AGAIN_SECONDS", 0.05)
    works = (_for_ever, _loses_one_cancellation, _fails_when_cancelled)
    tasks = [asyncio.create_task(work()) for work in works]
    await asyncio.sleep(0)
    await end_background(tasks)
    assert [task.done() for task in tasks] == [True] * 3
    await end_background([])
