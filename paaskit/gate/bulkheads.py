"""How much one token and one tenant may have under way in this process, so that the rest is left to the others.

Counted from the headers on, before a message is read. Requests of services are not counted: they never wait behind
users' requests. What is over a share is refused at once, having had no effect; what is within it but more than a tenant
may have at work of one method waits for its turn, in order, behind its own tenant's calls of that method and nobody
else's. By method, because changes that wait for a slow service must not hold up their tenant's reads.
"""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from paaskit import metrics
from paaskit.errors import TooManyRequests
from paaskit.identity import Identity

_RETRY_AFTER_SECONDS: Final = 0.5
_Key = tuple[str, str]
TOKEN: Final = "token"  # noqa: S105  # whose share it is; no token
TENANT: Final = "tenant"
SERVICE: Final = "service"
_REQUESTS: Final = "requests"
_STREAMS: Final = "streams"
_SAID: Final = {TOKEN: "This token", TENANT: "Your tenant", SERVICE: "This service"}


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How many requests and streams at once, in one process."""

    requests: int = 1000
    requests_of_tenant: int = 256
    requests_of_token: int = 128
    at_work_of_method: int = 16
    large_of_tenant: int = 2
    streams: int = 2000
    streams_of_tenant: int = 128
    streams_of_token: int = 32


@dataclass
class _Tally:
    """How many of one kind are under way: of all, of each tenant and of each token. Zero is not kept."""

    most: int
    most_of_tenant: int
    most_of_token: int
    count: int = 0
    of: Counter[_Key] = field(default_factory=Counter)

    def add(self, tenant: _Key, token: _Key) -> str | None:
        """Count one more, or say whose share is used up."""
        if self.of[token] >= self.most_of_token:
            return TOKEN
        if self.of[tenant] >= self.most_of_tenant:
            return TENANT
        if self.count >= self.most:
            return SERVICE
        self.count += 1
        self.of[tenant] += 1
        self.of[token] += 1
        return None

    def take(self, *keys: _Key) -> None:
        """Count one less."""
        self.count -= 1
        for key in keys:
            self.of[key] -= 1
            if not self.of[key]:
                del self.of[key]


class Bulkheads:
    """What is under way in this process, for whom."""

    def __init__(self, shares: Shares) -> None:
        self._requests = _Tally(shares.requests, shares.requests_of_tenant, shares.requests_of_token)
        self._streams = _Tally(shares.streams, shares.streams_of_tenant, shares.streams_of_token)
        self._turns = _Turns(shares.at_work_of_method)
        self._large = _Turns(shares.large_of_tenant)
        for kind in (_REQUESTS, _STREAMS):
            for share in _SAID:
                metrics.SHARE_REFUSALS.labels(kind, share)  # shown as 0 until there is one

    def request(self, identity: Identity) -> "Place":
        """Take the place of one request. Raises TooManyRequests."""
        return Place(self._requests, identity, "requests", turns=self._turns, large=self._large)

    def stream(self, identity: Identity) -> "Place":
        """Take the place of one stream, which may stay open for long and waits for no turn. Raises TooManyRequests."""
        return Place(self._streams, identity, "open streams")


class Place:
    """The place of one request or stream, until `leave`."""

    def __init__(
        self,
        tally: _Tally,
        identity: Identity,
        what: str,
        *,
        turns: "_Turns | None" = None,
        large: "_Turns | None" = None,
    ) -> None:
        # One text for a tenant's key and another kind for a token's, so that no id can be taken for the other.
        self._tenant, self._token = (identity.tenant, ""), (identity.tenant, identity.origin.credential)
        self._tally = tally
        self._turns = turns
        self._large = large
        self._held: list[tuple[_Turns, _Key]] = []
        if (whose := tally.add(self._tenant, self._token)) is not None:
            metrics.SHARE_REFUSALS.labels(_REQUESTS if turns is not None else _STREAMS, whose).inc()
            raise TooManyRequests(
                f"{_SAID[whose]} has too many {what} at once. Nothing was done; try again in a moment.",
                retry_after_seconds=_RETRY_AFTER_SECONDS,
            )

    async def turn(self, method: str, *, is_large: bool) -> None:
        """Return when the tenant's calls of this method before this one leave room for it.

        Of its large messages only few are read at a time, since nothing else goes on while one is.
        """
        if is_large and self._large is not None:
            await self._take(self._large, self._tenant)
        if self._turns is not None:
            await self._take(self._turns, (self._tenant[0], method))

    async def _take(self, turns: "_Turns", key: _Key) -> None:
        await turns.take(key)
        self._held.append((turns, key))

    def leave(self) -> None:
        """Give the place back. Call once."""
        for turns, key in self._held:
            turns.give(key)
        self._tally.take(self._tenant, self._token)


class _Turns:
    """Which calls of a method are at work for a tenant, and which wait, in order."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._at_work: Counter[_Key] = Counter()
        self._waiting: dict[_Key, deque[asyncio.Future[None]]] = {}

    async def take(self, key: _Key) -> None:
        """Return with a turn."""
        if self._at_work[key] < self._most:
            self._at_work[key] += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was given at the moment in which its request ended
                self.give(key)
            raise

    def give(self, key: _Key) -> None:
        """Hand a turn on to whoever waits longest, or have one less at work."""
        waiting = self._waiting.get(key)
        while waiting:
            turn = waiting.popleft()
            if not waiting:
                del self._waiting[key]
            if not turn.done():
                turn.set_result(None)
                return
        self._at_work[key] -= 1
        if not self._at_work[key]:
            del self._at_work[key]
