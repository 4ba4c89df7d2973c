"""Keeping when values are given out: by a release, for a program, by a reveal. Nobody waits for it.

The audit log has each time, and is what counts. This is the day alone, for the list of what nobody was given for long:
what is lost where a process is killed is the second before that.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final, Protocol

from paaskit.clock import Clock
from paaskit.errors import Unavailable
from services.secrets.rules.stored import Entry, Kind

ONCE_IN: Final = timedelta(days=1)
"""A value that was given out is written as such once in this time."""
_EVERY_SECONDS: Final = 1.0
# What is past this waits for the next time that it is given out.
_MOST_WAITING: Final = 20_000
_BATCH: Final = 500

Delivered = tuple[str, str, int]
"""A value that was given out: its app's id, its name and its version."""


class DeliveryStore(Protocol):
    """What this needs of the database."""

    async def begin(self) -> None:
        """Keep that it is written down from now on, unless it was already. Raises Unavailable."""

    async def keep(self, tenant: str, delivered: Sequence[Delivered]) -> None:
        """Keep that values were given out now, of those that stand. Raises Unavailable."""


class Deliveries:
    """Gathers what was given out, and writes it."""

    def __init__(self, store: DeliveryStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: dict[str, dict[Delivered, None]] = defaultdict(dict)
        self._count = 0

    def given(self, tenant: str, app_id: str, entries: Iterable[Entry]) -> None:
        """Say that values were given out."""
        long_ago = self._clock() - ONCE_IN
        for entry in entries:
            if entry.kind is not Kind.SECRET or (entry.delivered_at is not None and entry.delivered_at > long_ago):
                continue
            key = (app_id, entry.name, entry.version)
            if self._count < _MOST_WAITING and key not in self._waiting[tenant]:
                self._waiting[tenant][key] = None
                self._count += 1

    async def run(self) -> None:
        """Write for ever. What fails is kept for the next time."""
        has_begun = False
        while True:
            with suppress(Unavailable):  # the database is away: then nothing is given out either
                if not has_begun:
                    await self._store.begin()
                    has_begun = True
                await self.write()
            await asyncio.sleep(_EVERY_SECONDS)

    async def write(self) -> None:
        """Write what has gathered. Raises Unavailable; nothing is lost by that."""
        while self._waiting:
            tenant = next(iter(self._waiting))
            batch = list(self._waiting[tenant])[:_BATCH]
            if batch:
                await self._store.keep(tenant, batch)
            for key in batch:
                del self._waiting[tenant][key]
            self._count -= len(batch)
            if not self._waiting[tenant]:
                del self._waiting[tenant]
