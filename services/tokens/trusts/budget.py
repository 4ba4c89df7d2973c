"""How much exchanges may do: whoever calls needs no sign-in, so all of them together have little.

A few are at work at a time and a few more wait, of one source fewer than of all. Who was refused often of late is
told to slow down before anything is looked at. A whole office may sit behind one address: what was accepted counts
for nothing.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from paaskit.errors import SlowDown, TooManyRequests
from services.tokens.check.wrong_tokens import source_of

AT_WORK: Final = 8
MOST: Final = 128
MOST_OF_SOURCE: Final = 32
WINDOW_SECONDS: Final = 10.0
MOST_REFUSED: Final = 20
"""How many exchanges of a source are refused within a window before it is told to slow down."""
MOST_SOURCES: Final = 1000
_RETRY_AFTER_SECONDS: Final = 0.5
_OTHERS: Final = "others"


class Budget:
    """What exchanges have in this process."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_WORK)
        self._under_way: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._opened = clock()

    @asynccontextmanager
    async def place(self, client_address: str) -> AsyncIterator[None]:
        """Wait for a turn, and hold it. Raises SlowDown and TooManyRequests, before anything was done."""
        source = self._turned(client_address)
        if self._refused[source] >= MOST_REFUSED:
            raise SlowDown(
                f"{MOST_REFUSED} exchanges from here were refused within {WINDOW_SECONDS:.0f} seconds. Nothing was "
                "done; wait before you try again.",
                retry_after_seconds=max(1.0, self._opened + WINDOW_SECONDS - self._clock()),
            )
        if self._under_way.total() >= MOST or self._under_way[source] >= MOST_OF_SOURCE:
            raise TooManyRequests(
                "Too many tokens are exchanged at once. Nothing was done; try again in a moment.",
                retry_after_seconds=_RETRY_AFTER_SECONDS,
            )
        self._under_way[source] += 1
        try:
            async with self._turns:
                yield
        finally:
            self._under_way[source] -= 1
            if not self._under_way[source]:
                del self._under_way[source]

    def count_refused(self, client_address: str) -> None:
        """An exchange from there was refused."""
        self._refused[self._turned(client_address)] += 1

    def _turned(self, client_address: str) -> str:
        """Begin a new window where this one is over; return what an address is counted as."""
        if self._clock() - self._opened >= WINDOW_SECONDS:
            self._opened, self._refused = self._clock(), Counter()
        source = source_of(client_address)
        return source if source in self._refused or len(self._refused) < MOST_SOURCES else _OTHERS
