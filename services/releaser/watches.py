"""Telling those who wait that something about an app changed.

In this process at once; what other replicas do is found by looking every half second. Holds no database connection
while waiting.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from paaskit.errors import Unavailable
from services.releaser.domain import AppKey, Release

_LOOK_EVERY_SECONDS: Final = 0.5


class Watches:
    """Wakes whoever waits for an app."""

    def __init__(self) -> None:
        self._waiting: dict[AppKey, set[asyncio.Event]] = {}
        self._stopped = False

    def notify(self, key: AppKey) -> None:
        """Say that something about an app was written."""
        for event in self._waiting.get(key, ()):
            event.set()

    def stop(self) -> None:
        """End every watch, because the server stops."""
        self._stopped = True
        for key in list(self._waiting):
            self.notify(key)

    @property
    def stopped(self) -> bool:
        """Whether the server stops."""
        return self._stopped

    async def follow(self, key: AppKey, look: Callable[[], Awaitable[Release]]) -> AsyncIterator[Release]:
        """Yield a release as it is now and then at each change, until it has ended."""
        event = asyncio.Event()
        self._waiting.setdefault(key, set()).add(event)
        try:
            last: Release | None = None
            while not self._stopped:
                event.clear()
                release = await look()
                if release != last:
                    yield release
                if release.ended:
                    return
                last = release
                await _wait(event)
            raise Unavailable("The releaser is stopping. Watch again in a moment.", metadata={"service": "releaser"})
        finally:
            self._forget(key, event)

    async def wait_until(self, key: AppKey, done: Callable[[], Awaitable[bool]], *, seconds: float) -> bool:
        """Wait until `done` says so, at most `seconds`; return whether it did."""
        event = asyncio.Event()
        self._waiting.setdefault(key, set()).add(event)
        try:
            async with asyncio.timeout(seconds):
                while not await done():
                    await _wait(event)
                    event.clear()
            return True
        except TimeoutError:
            return False
        finally:
            self._forget(key, event)

    def _forget(self, key: AppKey, event: asyncio.Event) -> None:
        waiting = self._waiting[key]
        waiting.discard(event)
        if not waiting:
            del self._waiting[key]


async def _wait(event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_LOOK_EVERY_SECONDS):
            await event.wait()
    except TimeoutError:
        return
