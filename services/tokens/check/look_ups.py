"""Asking the database for tokens: one that was there lately by itself, those that nobody here knows together.

Whoever makes up tokens makes the database look for as many as arrive. Together they are one statement at a time on one
connection, however many there are, so that the others stay free for tokens in use (docs/decisions/0031).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from paaskit.batching import Batcher
from services.tokens.token import Token

SEEN_SECONDS: Final = 600.0
MOST_SEEN: Final = 20_000
_LARGEST: Final = 200
# A statement that hangs holds up no more than this.
_SLOW_SECONDS: Final = 0.5
_ALL: Final = ""


class FindsTokens(Protocol):
    """The store, as far as it is needed here."""

    async def find_by_digest(self, digest: bytes) -> Token | None:
        """Return the token of a digest. Raises Unavailable."""

    async def find_by_digests(self, digests: Sequence[bytes]) -> Mapping[bytes, Token]:
        """Return the tokens that there are of some digests, by digest. Raises Unavailable."""


class LookUps:
    """Finds tokens by their digests. What it remembers is which way to look, and never what was found."""

    def __init__(self, store: FindsTokens, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        # In the order in which they were last found.
        self._seen: dict[bytes, float] = {}
        self._unseen: Batcher[bytes, Token | None] = Batcher(
            self._find_all, name="look_ups", largest=_LARGEST, slow_seconds=_SLOW_SECONDS, at_once=2
        )

    def has_seen(self, digest: bytes) -> bool:
        """Whether there was a token of this digest within the last ten minutes, living or not."""
        found_at = self._seen.get(digest)
        return found_at is not None and self._clock() - found_at < SEEN_SECONDS

    async def find(self, digest: bytes) -> Token | None:
        """Return the token of a digest as the database has it. Raises Unavailable."""
        if self.has_seen(digest):
            token = await self._store.find_by_digest(digest)
        else:
            token = await self._unseen.submit(_ALL, digest)
        if token is not None:
            self._seen.pop(digest, None)
            self._seen[digest] = self._clock()
            if len(self._seen) > MOST_SEEN:
                del self._seen[next(iter(self._seen))]
        return token

    async def _find_all(self, _: str, digests: Sequence[bytes]) -> list[Token | None]:
        found = await self._store.find_by_digests(digests)
        return [found.get(digest) for digest in digests]
