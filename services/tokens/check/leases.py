"""Tokens from memory, for a second after they were looked up, so that the database is not asked again for each request.

A revocation takes effect with its answer, as if there were no memory: it is committed first and answered once every
lease that began before has ended (`outlast`), in whichever process. Nothing is told to anybody for that, so nothing can
get lost; it only has to be waited for. See docs/decisions/0022.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from paaskit import metrics
from services.tokens.token import Token

LEASE_SECONDS: Final = 1.0
# Clocks of two machines differ in speed by far less (adjtimex(2) allows 0.05 %).
_OUTLAST_SECONDS: Final = 1.1 * LEASE_SECONDS

# Most requests never come as far: each thread of the gateway remembers for as long who it let in from which address
# (gateway/sign_ins.lua), and counts nothing. So a hit is what one asks that another asked within the second.
_HIT: Final = metrics.SIGN_IN_LEASES.labels("hit")
_LOOKED_UP: Final = metrics.SIGN_IN_LEASES.labels("looked_up")

FindByDigest = Callable[[bytes], Awaitable[Token | None]]
"""Returns the token of a digest as the database has it. Raises Unavailable."""


def seconds() -> float:
    """Return a time that goes on while a process is stopped and while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True)
class Held:
    """A token, and for how many seconds it may be taken for what it is without asking again."""

    token: Token
    seconds: float


@dataclass(frozen=True)
class _Lease:
    """What was looked up at `began`, which counts from before the database was asked."""

    began: float
    token: Token


@dataclass(frozen=True)
class _LookUp:
    """A look-up under way."""

    began: float
    outcome: "asyncio.Task[Token | None]"


class LeasedTokens:
    """Finds tokens by their digests. Remembers those that there are; whether there is one is asked again each time."""

    def __init__(self, find_by_digest: FindByDigest, *, clock: Callable[[], float] = seconds) -> None:
        self._find_by_digest = find_by_digest
        self._clock = clock
        self._leases: dict[bytes, _Lease] = {}
        self._under_way: dict[bytes, _LookUp] = {}
        self._swept_at = clock()

    async def find(self, digest: bytes) -> Held | None:
        """Return the token of a digest as it was within the last second, and what is left of it. Raises Unavailable.

        Whether it has ended is for the caller to see: it may have, by the time or when it was looked up.
        """
        now = self._clock()
        lease = self._leases.get(digest)
        if lease is not None and now - lease.began < LEASE_SECONDS:
            _HIT.inc()
            return Held(lease.token, lease.began + LEASE_SECONDS - now)
        look_up = self._under_way.get(digest)
        # One that began longer ago may not know of a revocation that was answered since.
        if look_up is None or now - look_up.began >= LEASE_SECONDS:
            _LOOKED_UP.inc()
            look_up = _LookUp(now, asyncio.ensure_future(self._look_up(digest, began=now)))
            self._under_way[digest] = look_up
        else:
            _HIT.inc()
        token = await asyncio.shield(look_up.outcome)
        return None if token is None else Held(token, max(0.0, look_up.began + LEASE_SECONDS - self._clock()))

    async def _look_up(self, digest: bytes, *, began: float) -> Token | None:
        try:
            token = await self._find_by_digest(digest)
        finally:
            under_way = self._under_way.get(digest)
            if under_way is not None and under_way.began == began:
                del self._under_way[digest]
        self._sweep()
        if token is not None:
            newer = self._leases.get(digest)
            if newer is None or newer.began < began:
                self._leases[digest] = _Lease(began, token)
        return token

    def _sweep(self) -> None:
        """Forget what is over, once a second: no more is kept than was used within two."""
        now = self._clock()
        if now - self._swept_at >= LEASE_SECONDS:
            self._swept_at = now
            self._leases = {key: each for key, each in self._leases.items() if now - each.began < LEASE_SECONDS}


async def outlast() -> None:
    """Return once every lease has ended that began before: from then on nobody knows what was before."""
    await asyncio.sleep(_OUTLAST_SECONDS)
