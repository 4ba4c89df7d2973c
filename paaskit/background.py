"""Work that goes on beside a server, and ends when it is told to, even where a cancellation is lost on its way.

Before Python 3.12 `asyncio.wait_for`, which psycopg's pool waits with, loses a cancellation that comes at the very
moment of what it waits for. Whoever cancels once and then waits, as asyncio.TaskGroup does, would wait for ever.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

_ASK_AGAIN_SECONDS: Final = 2.0

Start = Callable[[Coroutine[Any, Any, None]], None]
"""Begins work that ends with the block it was begun in."""


async def end_background(tasks: Collection["asyncio.Task[None]"]) -> None:
    """Cancel tasks and return once they have ended, however they did. One that goes on is asked again."""
    going: set[asyncio.Task[None]] = set(tasks)
    while going:
        for task in going:
            task.cancel()
        _, going = await asyncio.wait(going, timeout=_ASK_AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def together() -> AsyncIterator[Start]:
    """Work that begins in a block, which lasts until all of it has ended.

    As in asyncio.TaskGroup, one that fails or a cancellation of the block ends all of them; but each of them is told to
    end until it has. Raises ExceptionGroup where one failed.
    """
    going: set[asyncio.Task[None]] = set()
    async with asyncio.TaskGroup() as tasks:

        def start(work: Coroutine[Any, Any, None]) -> None:
            task = tasks.create_task(work)
            going.add(task)
            task.add_done_callback(going.discard)

        try:
            yield start
            while going:
                await asyncio.wait(going)
        finally:
            await end_background(going)
