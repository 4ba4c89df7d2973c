"""Releases of many apps start spread over a moment, those of few at once.

A runner with nothing around it. Leaves out how many there may be: tests/integration/releaser/test_turns.py.
"""

import asyncio
from typing import Any, cast

import pytest

from paaskit.wakeups import Wakeups
from services.releaser.domain import AppKey
from services.releaser.store.leases import Lease
from services.releaser.work.runner import Pace, Runner
from services.releaser.work.steps import Nothing
from tests.fixtures.waiting import until

KEYS = [AppKey(tenant="acme", app_id=name) for name in ("one", "two", "three", "four", "late", "soon")]


class OneClaim:
    """Leases that are all given at the first look, to work that has nothing to do and notes what it was asked."""

    def __init__(self) -> None:
        self.left = [Lease(key=key, holder="r1") for key in KEYS]
        self.started: list[str] = []
        self.holder = "r1"

    async def claim(self, _running: Any, *, limit: int) -> list[Lease]:
        """All of them, once."""
        leases, self.left = self.left[:limit], self.left[limit:]
        return leases

    async def give_up(self, _holders: Any) -> None:
        """As if they ran out."""

    async def take_step(self, lease: Lease, **_: Any) -> Nothing:
        """Nothing is to be done for any app."""
        self.started.append(lease.key.app_id)
        return Nothing()


async def test_releases_that_start_together_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([0.9, 0.9, 0.9, 0.9, 0.9, 0.1])
    monkeypatch.setattr("services.releaser.work.runner.random.random", lambda: next(drawn))
    nobody, stores = cast(Any, None), cast(Any, OneClaim())
    runner = Runner(
        stores,
        stores,
        rollout=nobody,
        undoer=nobody,
        runtime=nobody,
        wakeups=Wakeups(),
        pace=Pace(at_once=6, spread_seconds=0.5),
    )
    task = asyncio.create_task(runner.run())
    await until(lambda: len(stores.started) == len(KEYS))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert stores.started == ["one", "two", "three", "four", "soon", "late"], "few wait for nothing"


@pytest.mark.parametrize(("under_way", "longest"), [(0, 0.0), (8, 0.0), (12, 0.5), (16, 1.0), (40, 1.0)])
def test_the_more_are_under_way_the_further_they_are_spread(
    under_way: int, longest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.releaser.work.runner.random.random", lambda: 1.0)
    assert Pace(at_once=16, spread_seconds=1.0).delay(under_way) == longest
