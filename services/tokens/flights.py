"""Equal requests that are under way at once are one: made once, answered alike.

For an answer that can't be remembered for a later request. It is kept in memory for as long as requests that were sent
at the same moment may still be on their way here, and no longer.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

ResultT = TypeVar("ResultT")


class Flights(Generic[ResultT]):
    """What is under way in this process, by what makes requests equal. An answer lingers for `linger_seconds`."""

    def __init__(self, *, linger_seconds: float) -> None:
        self._linger_seconds = linger_seconds
        self._known: dict[Hashable, asyncio.Task[ResultT]] = {}

    async def share(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, ResultT]]) -> ResultT:
        """Return what `make` returns, or raise what it raises; called once for all that come in time.

        It goes on where whoever began it goes away: the others still wait for it. A failure is shared by those who
        wait, and does not linger.
        """
        flight = self._known.get(key)
        if flight is None:
            flight = self._known[key] = asyncio.create_task(make())
            flight.add_done_callback(lambda ended: self._land(key, ended))
        return await asyncio.shield(flight)

    def _land(self, key: Hashable, ended: "asyncio.Task[ResultT]") -> None:
        # An exception is taken here, so that asyncio does not print it where nobody waits any more.
        if ended.cancelled() or ended.exception() is not None or self._linger_seconds <= 0:
            del self._known[key]
        else:
            asyncio.get_running_loop().call_later(self._linger_seconds, self._known.pop, key)
