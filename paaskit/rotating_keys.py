"""Keys that verify signatures, by their ids, fetched at need from whoever signs: they change without notice.

Where an id is unknown the keys are fetched again, once at most in ten seconds and one fetch at a time, whatever ids are
presented; keys that are known stay while a fetch fails.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from paaskit.clock import Clock
from paaskit.errors import Unavailable

KeyT = TypeVar("KeyT")

_FETCH_AT_MOST_EVERY: Final = timedelta(seconds=10)


class RotatingKeys(Generic[KeyT]):
    """The keys of one signer. `fetch` returns them by id, and raises Unavailable where it can't."""

    def __init__(self, fetch: Callable[[], Awaitable[Mapping[str, KeyT]]], *, clock: Clock) -> None:
        self._fetch_keys = fetch
        self._clock = clock
        self._keys: Mapping[str, KeyT] = {}
        self._fetched_at: datetime | None = None
        self._fetching: asyncio.Future[None] | None = None

    async def find(self, key_id: str) -> KeyT | None:
        """Return the key of this id, or None where there is none. Raises Unavailable where none was ever fetched."""
        if key_id not in self._keys:
            await self._refresh(self._clock())
        return self._keys.get(key_id)

    async def _refresh(self, now: datetime) -> None:
        """Fetch keys unless that was done just now. Who comes while a fetch is in flight waits for its outcome."""
        if self._fetching is None:
            if self._fetched_at is not None and now - self._fetched_at < _FETCH_AT_MOST_EVERY:
                return
            self._fetched_at = now
            self._fetching = asyncio.ensure_future(self._fetch())
            self._fetching.add_done_callback(self._fetch_ended)
        await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        try:
            self._keys = await self._fetch_keys()
        except Unavailable:
            if not self._keys:
                self._fetched_at = None  # nobody gets in before there is a key, so the next may ask at once
                raise

    def _fetch_ended(self, fetching: "asyncio.Future[None]") -> None:
        self._fetching = None
        if not fetching.cancelled():
            fetching.exception()  # taken, so that asyncio does not print it where nobody waits any more
