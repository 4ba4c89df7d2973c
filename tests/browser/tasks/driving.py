"""Driving a task: a window where it begins, a hand, and the count when it is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from tests.browser.tasks.hand import Hand
from tests.browser.tasks.listed import TASKS
from tests.browser.visits import window
from tests.e2e.installation import Paas

_CLIPBOARD: Final = ["clipboard-read", "clipboard-write"]


@contextmanager
def driven(browser: Any, paas: Paas, key: str) -> Iterator[Hand]:
    """A hand where a task begins. What it has done when it is let go is as many actions as the task says."""
    task = TASKS[key]
    page = task.page.format(app=paas.environment.get("PAAS_APP", ""))
    with window(browser, paas, page=page, permissions=_CLIPBOARD) as opened:
        hand = Hand(opened)
        yield hand
    assert len(hand.done) == task.ours, hand.done
