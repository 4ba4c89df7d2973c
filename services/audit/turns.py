"""Which follower reads next: a few at a time, tenants in turn, so that however many follow, others' calls go on.

A follower that reads old events does so as fast as its reader takes them, and a hundred of them would be a hundred
calls that are always ready to go on, before each step of anybody else's. Must not know what is read.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, Generic, TypeVar

ItemT = TypeVar("ItemT")

AT_ONCE: Final = 4
AT_ONCE_OF_TENANT: Final = 2
# Fifty events are with a reader that takes them as they come in a few milliseconds.
LONGEST_SECONDS: Final = 0.1


class Turn(Generic[ItemT]):
    """A turn at reading, until it is `over`: its block has ended, or what was read is not taken in time."""

    def __init__(self, give_back: Callable[[], None], *, longest_seconds: float) -> None:
        self._give_back = give_back
        self._longest_seconds = longest_seconds
        self._read: deque[ItemT] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.over = False

    def hold(self, read: Iterable[ItemT]) -> deque[ItemT]:
        """Return what was read, to be taken from the left. What is left is let go when the turn is over.

        The time counts from here, so that a database that is slow has no more readers at once than one that is not.
        """
        self._read.extend(read)
        self._timer = asyncio.get_running_loop().call_later(self._longest_seconds, self.end)
        return self._read

    def end(self) -> None:
        """Give it back, unless that was done."""
        if self.over:
            return
        self.over = True
        if self._timer is not None:
            self._timer.cancel()
        self._read.clear()
        self._give_back()


class Turns(Generic[ItemT]):
    """Who reads now, and who waits, in order within a tenant; tenants that wait go round."""

    def __init__(
        self,
        *,
        at_once: int = AT_ONCE,
        at_once_of_tenant: int = AT_ONCE_OF_TENANT,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        self._at_once = at_once
        self._at_once_of_tenant = at_once_of_tenant
        self._longest_seconds = longest_seconds
        self._reading: Counter[str] = Counter()
        # The tenant that had a turn last comes last. One that nobody waits for is not kept.
        self._waiting: dict[str, deque[asyncio.Future[Turn[ItemT]]]] = {}

    @asynccontextmanager
    async def take(self, tenant: str) -> AsyncIterator[Turn[ItemT]]:
        """A turn for the block, which is over before the block where what was read is not taken in time."""
        waiter: asyncio.Future[Turn[ItemT]] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant, deque()).append(waiter)
        self._hand_out()
        try:
            turn = await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():  # it was given at the moment in which its stream ended
                waiter.result().end()
            raise
        try:
            yield turn
        finally:
            turn.end()

    def _give_back(self, tenant: str) -> None:
        self._reading[tenant] -= 1
        if not self._reading[tenant]:
            del self._reading[tenant]
        self._hand_out()

    def _hand_out(self) -> None:
        """Give turns, one tenant after the other, for as long as there are any and somebody may have one."""
        for tenant in [each for each in self._waiting if self._reading[each] < self._at_once_of_tenant]:
            if self._reading.total() >= self._at_once:
                return
            waiting = self._waiting.pop(tenant)
            while waiting:
                waiter = waiting.popleft()
                if not waiter.done():
                    self._reading[tenant] += 1
                    waiter.set_result(Turn(partial(self._give_back, tenant), longest_seconds=self._longest_seconds))
                    break
            if waiting:
                self._waiting[tenant] = waiting
