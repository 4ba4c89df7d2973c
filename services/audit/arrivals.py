"""Telling followers in this process that something was appended, and that it is time to end.

Must not carry events: a follower reads them where they are committed.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress


class Arrival:
    """The next append to a tenant's log, which a follower waits for."""

    def __init__(self) -> None:
        self._happened = asyncio.Event()

    def happen(self) -> None:
        """Wake who waits."""
        self._happened.set()

    async def wait(self, seconds: float) -> None:
        """Return when it happened, or after `seconds` without."""
        # Not wait_for: before Python 3.12 it can swallow a cancellation.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._happened.wait()


class Arrivals:
    """Who waits for which tenant's log."""

    def __init__(self) -> None:
        self._expected: dict[str, set[Arrival]] = defaultdict(set)
        self.closed = False

    @contextmanager
    def expect(self, tenant: str) -> Iterator[Arrival]:
        """Give an arrival that happens at the next append to the tenant's log, or when the server stops."""
        arrival = Arrival()
        self._expected[tenant].add(arrival)
        if self.closed:
            arrival.happen()
        try:
            yield arrival
        finally:
            self._expected[tenant].discard(arrival)
            if not self._expected[tenant]:
                del self._expected[tenant]

    def announce(self, tenants: Iterable[str]) -> None:
        """Say that something was appended to the logs of `tenants`."""
        for tenant in tenants:
            for arrival in self._expected.get(tenant, ()):
                arrival.happen()

    def close(self) -> None:
        """Say that the server stops: followers end now."""
        self.closed = True
        self.announce(list(self._expected))
