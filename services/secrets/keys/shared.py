"""Work that many want at once and that is done once for all of them."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from contextvars import Context
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Shared(Generic[K, T]):
    """One piece of work at a time for each key. Its outcome goes to everybody who joined, a failure too."""

    def __init__(self) -> None:
        self._running: dict[K, asyncio.Task[T]] = {}

    async def join(self, key: K, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what the work for `key` gives, and start it where it isn't under way.

        Who gives up ends its own wait.
        """
        running = self._running.get(key)
        if running is None:
            # In a context of its own, since it is everybody's.
            running = asyncio.get_running_loop().create_task(start(), context=Context())
            self._running[key] = running
            running.add_done_callback(lambda task: self._ended(key, task))
        return await asyncio.shield(running)

    def _ended(self, key: K, task: "asyncio.Task[T]") -> None:
        del self._running[key]
        if not task.cancelled():
            # Looked at, so that nobody complains where all who waited have gone away.
            task.exception()
