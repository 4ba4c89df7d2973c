"""What releaser remembers of apps does not grow with their number.

A runner's count of failures, and which apps are known to be registered. Leaves out what they are good for: see
tests/integration/releaser.
"""

import asyncio
from typing import Any, cast

import pytest

from services.releaser.domain import AppKey
from services.releaser.store.order_book import KNOWN_APPS, OrderBook
from services.releaser.work.runner import Pace, Runner
from tests.integration.releaser.conftest import order_of


async def test_failures_of_a_thousand_apps_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = cast(Any, None)
    runner = Runner(nobody, nobody, rollout=nobody, undoer=nobody, runtime=nobody, wakeups=nobody, pace=Pace())
    for number in range(1_000):
        runner._backoff(AppKey(tenant="acme", app_id=f"a{number}"))
    assert len(runner._failures) == 1_000
    app = AppKey(tenant="acme", app_id="another")
    assert [runner._backoff(app) for _ in range(3)] == [0.25, 0.5, 1.0]
    loop = asyncio.get_running_loop()
    later = loop.time() + 61
    monkeypatch.setattr(loop, "time", lambda: later)
    assert runner._backoff(app) == 0.25
    assert len(runner._failures) == 1


def test_of_many_apps_those_that_ordered_last_are_remembered() -> None:
    book = OrderBook(cast(Any, None))
    for number in range(KNOWN_APPS + 1_000):
        key = AppKey(tenant=f"tenant-{number}", app_id="a")
        book._note_registered([order_of(AppKey(tenant="busy", app_id="b")), order_of(key)])
    assert len(book._registered) == KNOWN_APPS
    assert {"busy", f"tenant-{KNOWN_APPS + 999}"} <= {tenant for tenant, _, _ in book._registered}
