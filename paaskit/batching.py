"""Work that arrives while other work of its kind is under way is done together, in one go.

A connection, a transaction and a commit cost more than what most requests do in them. An item that comes alone is
worked on at once; those that come meanwhile wait for it to end and become the next batch.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from typing import Final, Generic, TypeVar

from paaskit import metrics
from paaskit.errors import Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

_GATHER_SECONDS: Final = 0.003
_CROWD_SECONDS: Final = 0.05
_SWEEP_EVERY_SECONDS: Final = 1.0
_NEVER: Final = float("inf")


class Batcher(Generic[Item, Result]):
    """Collects items by key and has `work` done on them, batch by batch. `name` is what the items are, for metrics.

    `work` returns a result or an exception for each item, in order. Where it raises, the batch has had no effect:
    Unavailable is passed on to every item, anything else has each item tried on its own, so that a bad one fails
    alone. Two items for which `apart` returns the same are never in one batch. For `crowd_seconds` after several came
    together the next batch gathers for `gather_seconds` before it begins; who comes later does not wait. A batch that
    has been under way for `slow_seconds` no longer holds up others: up to `at_once` of a key then run side by side.
    """

    def __init__(
        self,
        work: Callable[[str, Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        name: str,
        largest: int,
        apart: Callable[[Item], Hashable] | None = None,
        gather_seconds: float = _GATHER_SECONDS,
        crowd_seconds: float = _CROWD_SECONDS,
        slow_seconds: float = _NEVER,
        at_once: int = 1,
    ) -> None:
        self._work = work
        self._size = metrics.BATCH_SIZE.labels(name)
        self._largest = largest
        self._apart = apart
        self._gather_seconds = gather_seconds
        self._crowd_seconds = crowd_seconds
        self._slow_seconds = slow_seconds
        self._at_once = at_once
        self._waiting: dict[str, list[tuple[Item, asyncio.Future[Result]]]] = {}
        self._running: dict[str, int] = {}
        self._last_batch: dict[str, float] = {}
        self._crowds: dict[str, float] = {}
        self._swept_at = _NEVER
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, key: str, item: Item) -> Result:
        """Return what `work` returns for `item`, or raise what it gives or raises for it."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()
        self._waiting.setdefault(key, []).append((item, answer))
        running = self._running.get(key, 0)
        late = running and loop.time() - self._last_batch[key] > self._slow_seconds
        if not running or (late and running < self._at_once):
            self._running[key] = running + 1
            self._last_batch[key] = loop.time()
            # In a context of its own: the work is everybody's, and must not go on as the user who happened to start it.
            task = loop.create_task(self._work_off(key), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def _work_off(self, key: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting.get(key):
                if loop.time() - self._crowds.get(key, -_NEVER) < self._crowd_seconds:
                    # Where several came together, more are coming: a short wait makes the next batch a larger one.
                    await asyncio.sleep(self._gather_seconds)
                batch = self._next_batch(key)
                if not batch:
                    break  # while this one gathered, another that runs beside it took them all
                self._size.observe(len(batch))
                self._last_batch[key] = loop.time()
                self._crowds.pop(key, None)
                await self._do(key, batch)
                if len(batch) > 1:
                    self._crowds[key] = loop.time()
        finally:
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key], self._last_batch[key]
            self._sweep(loop.time())

    def _sweep(self, now: float) -> None:
        """Forget crowds that are over, once a second: there are as many keys as tenants."""
        if not 0 <= now - self._swept_at < _SWEEP_EVERY_SECONDS:
            self._swept_at = now
            self._crowds = {key: at for key, at in self._crowds.items() if now - at < self._crowd_seconds}

    def _next_batch(self, key: str) -> list[tuple[Item, "asyncio.Future[Result]"]]:
        waiting = self._waiting.pop(key, [])
        batch: list[tuple[Item, asyncio.Future[Result]]] = []
        later: list[tuple[Item, asyncio.Future[Result]]] = []
        taken: set[Hashable] = set()
        for each in waiting:
            mark = self._apart(each[0]) if self._apart else None
            if len(batch) == self._largest or (self._apart and mark in taken):
                later.append(each)
            else:
                taken.add(mark)
                batch.append(each)
        if later:
            self._waiting[key] = later
        return batch

    async def _do(self, key: str, batch: Sequence[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        try:
            results = await self._work(key, [item for item, _ in batch])
        except Unavailable as error:
            results = [error] * len(batch)
        except Exception as error:
            if len(batch) > 1:
                for each in batch:
                    await self._do(key, [each])
                return
            results = [error]
        for (_, answer), result in zip(batch, results, strict=True):
            if answer.done():
                continue  # whoever asked has gone
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)
