"""Waking those in this process who wait for news of a key: an app, a tenant's log.

Must not carry the news: who is woken reads it where it is committed, and looks from time to time anyway, since other
processes say nothing.
"""

import asyncio
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)


class Wakeup:
    """What one waiter is woken by."""

    def __init__(self) -> None:
        self._happened = asyncio.Event()

    def happen(self) -> None:
        """Wake who waits or, where nobody does now, whoever waits next."""
        self._happened.set()

    async def wait(self, seconds: float) -> None:
        """Return once it happened since the last wait, or after `seconds` without. Look after it, not before."""
        # Not wait_for: before Python 3.12 it can swallow a cancellation.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._happened.wait()
        self._happened.clear()


class Wakeups(Generic[KeyT]):
    """Who waits for which key. Knows a key for as long as somebody waits for it."""

    def __init__(self) -> None:
        self._expected: dict[KeyT, set[Wakeup]] = {}
        self.closed = False

    @contextmanager
    def expect(self, key: KeyT) -> Iterator[Wakeup]:
        """Give what happens at each announcement of `key`, and when the server stops, within the block.

        What is announced after the block began is not slept through: who looks and then waits misses nothing.
        """
        wakeup = Wakeup()
        self._expected.setdefault(key, set()).add(wakeup)
        if self.closed:
            wakeup.happen()
        try:
            yield wakeup
        finally:
            waiting = self._expected[key]
            waiting.discard(wakeup)
            if not waiting:
                del self._expected[key]

    def announce(self, *keys: KeyT) -> None:
        """Say that there is news of `keys`."""
        for key in keys:
            for wakeup in self._expected.get(key, ()):
                wakeup.happen()

    def close(self) -> None:
        """Say that the server stops: everybody is woken, and sees that it is `closed`."""
        self.closed = True
        self.announce(*self._expected)
