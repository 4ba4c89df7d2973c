"""Saying whether a server is ready.

That a whole one stops at SIGTERM is tested with the processes (tests/e2e).
"""

from typing import cast

import pytest

from paaskit import server
from paaskit.gate import Gate
from paaskit.listeners import Listeners


class _Listeners:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[bool] = []

    async def set_ready(self, *, ready: bool) -> None:
        self.said.append(ready)


async def test_a_service_is_ready_from_its_first_answer_on_until_two_looks_in_a_row_fail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "_LOOK_EVERY_SECONDS", 0)
    answers = [False, True, False, True, False, False, False, True]
    listeners, left = _Listeners(), iter(answers)

    async def ready() -> bool:
        return next(left)

    with pytest.raises(RuntimeError):  # what a coroutine makes of StopIteration
        await server.watch_readiness(ready, listeners.set_ready)
    assert listeners.said == [False, True, True, True, True, False, False, True]


async def test_who_leaves_gets_no_more_work_and_is_alive_all_the_same() -> None:
    """The page of a kubelet's probes says `/ready` no more; `/alive` is not asked of the listeners."""
    listeners = Listeners([], cast(Gate, object()), [])
    said = [listeners.ready]
    await listeners.set_ready(ready=True)
    said.append(listeners.ready)
    await listeners.leave()
    await listeners.set_ready(ready=True)
    assert [*said, listeners.ready] == [False, True, False]
