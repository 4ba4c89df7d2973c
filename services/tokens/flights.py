"""Equal requests that are under way at once are one: made once, answered alike.

For what can't be remembered for a later request. Must not keep anything once it is answered.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

ResultT = TypeVar("ResultT")


class Flights(Generic[ResultT]):
    """What is under way in this process, by what makes requests equal."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Task[ResultT]] = {}

    async def share(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, ResultT]]) -> ResultT:
        """Return what `make` returns, or raise what it raises; called once for all that come before it has ended.

        It goes on where whoever began it goes away: the others still wait for it.
        """
        flight = self._under_way.get(key)
        if flight is None:
            flight = self._under_way[key] = asyncio.create_task(make())
            flight.add_done_callback(lambda ended: self._land(key, ended))
        return await asyncio.shield(flight)

    def _land(self, key: Hashable, ended: "asyncio.Task[ResultT]") -> None:
        del self._under_way[key]
        if not ended.cancelled():
            ended.exception()  # taken, so that asyncio does not print it where nobody waits any more
