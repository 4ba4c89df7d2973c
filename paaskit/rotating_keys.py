"""Keys that verify signatures, by their ids, fetched at need from whoever signs: they change without notice.

Where an id is unknown the keys are fetched again, once at most in ten seconds, or in `at_most_every`, and one fetch at
a time, whatever ids are presented; keys that are known stay while a fetch fails. Before there are any, every request
may fetch, or one in `before_any`. With `fetch_every` they are fetched again also when they are that old, beside the
requests that use them: a key that its owner took back is not trusted for ever.
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

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Mapping[str, KeyT]]],
        *,
        clock: Clock,
        fetch_every: timedelta = timedelta.max,
        at_most_every: timedelta = _FETCH_AT_MOST_EVERY,
        before_any: timedelta = timedelta(0),
    ) -> None:
        self._fetch_keys = fetch
        self._clock = clock
        self._fetch_every = fetch_every
        self._at_most_every = at_most_every
        self._before_any = before_any
        self._keys: Mapping[str, KeyT] = {}
        self._fetched_at: datetime | None = None
        self._fetching: asyncio.Future[None] | None = None

    async def find(self, key_id: str) -> KeyT | None:
        """Return the key of this id, or None where there is none. Raises Unavailable where none was ever fetched."""
        now = self._clock()
        if key_id not in self._keys:
            if (fetching := self._refresh(now)) is not None:
                await asyncio.shield(fetching)
            elif not self._keys:
                raise Unavailable("The keys that signatures are verified with can't be reached. Try again in a moment.")
        elif self._fetched_at is not None and now - self._fetched_at >= self._fetch_every:
            self._refresh(now)
        return self._keys.get(key_id)

    def _refresh(self, now: datetime) -> "asyncio.Future[None] | None":
        """Return the fetch that is in flight, or one that begins now; None where there was one just now."""
        if self._fetching is None:
            least = self._at_most_every if self._keys else self._before_any
            if self._fetched_at is not None and now - self._fetched_at < least:
                return None
            self._fetched_at = now
            self._fetching = asyncio.ensure_future(self._fetch())
            self._fetching.add_done_callback(self._fetch_ended)
        return self._fetching

    async def _fetch(self) -> None:
        try:
            self._keys = await self._fetch_keys()
        except Unavailable:
            if not self._keys:
                raise  # nobody gets in before there is a key, so the next may ask sooner

    def _fetch_ended(self, fetching: "asyncio.Future[None]") -> None:
        self._fetching = None
        if not fetching.cancelled():
            fetching.exception()  # taken, so that asyncio does not print it where nobody waits any more
