"""Wrong tokens: counted by where they come from, and slowed where they come in numbers.

A whole office may sit behind one address. So nobody is refused for what others there do: a token that was accepted
lately is not held up at all, and one that was not waits half a second for its answer.
"""

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

import structlog

from paaskit import metrics

WINDOW_SECONDS: Final = 10.0
BURST: Final = 20
"""How many unknown tokens of a source are answered at once within a window."""
BURST_OF_ALL: Final = 500
"""How many of all sources are, before every source is slowed."""
HOLD_SECONDS: Final = 0.5
MOST_HELD: Final = 300
"""How many requests wait at a time; more are answered at once, so that waiting fills no server."""
MOST_SOURCES: Final = 1000
"""How many sources are told apart within a window; the rest is counted together."""
_MOST_LINES: Final = 20
_OTHERS: Final = "others"

Reason = Literal["malformed", "unknown", "ended"]

log = structlog.get_logger()


@lru_cache(maxsize=MOST_SOURCES)
def source_of(client_address: str) -> str:
    """Return what an address is counted as: IPv4 also where it is mapped into IPv6 (CVE-2025-6004), else its /64.

    Within its /64 everybody chooses addresses freely (RFC 4291, 2.5.4).
    """
    try:
        address = ipaddress.ip_address(client_address)
    except ValueError:
        return _OTHERS
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address.packed, 64), strict=False))


@dataclass
class _Counts:
    wrong: int = 0
    unknown: int = 0


@dataclass
class _Window:
    """What came since it opened."""

    opened: float
    sources: dict[str, _Counts] = field(default_factory=dict)
    unknown: int = 0

    def counts_of(self, source: str) -> _Counts:
        known = source if source in self.sources or len(self.sources) < MOST_SOURCES else _OTHERS
        return self.sources.setdefault(known, _Counts())

    def floods(self, source: str) -> bool:
        counts = self.sources.get(source)
        return self.unknown >= BURST_OF_ALL or (counts is not None and counts.unknown >= BURST)


class WrongTokens:
    """Counts wrong tokens by source and window; tells of each source once a window. Its memory is bounded."""

    def __init__(
        self,
        *,
        has_seen: Callable[[bytes], bool],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._has_seen = has_seen
        self._clock = clock
        self._sleep = sleep
        self._window = _Window(clock())
        self._before = _Window(clock())
        self._held = 0

    def count(self, reason: Reason, *, client_address: str) -> None:
        """A token was not accepted."""
        metrics.WRONG_TOKENS.labels(reason).inc()
        self._turn()
        counts = self._window.counts_of(source_of(client_address))
        counts.wrong += 1
        if reason == "unknown":
            counts.unknown += 1
            self._window.unknown += 1

    async def hold(self, digest: bytes, *, client_address: str) -> None:
        """Return when a token may be looked for: at once, unless it is a stranger from where many wrong ones come."""
        self._turn()
        source = source_of(client_address)
        floods = self._window.floods(source) or self._before.floods(source)
        if not floods or self._held >= MOST_HELD or self._has_seen(digest):
            return
        self._held += 1
        try:
            await self._sleep(HOLD_SECONDS)
        finally:
            self._held -= 1

    async def run(self) -> None:
        """Tell of windows that are over, for ever."""
        while True:
            await self._sleep(WINDOW_SECONDS)
            self._turn()

    def _turn(self) -> None:
        """Begin a new window where this one is over, and tell what came in it."""
        now = self._clock()
        if now - self._window.opened < WINDOW_SECONDS:
            return
        over, self._window = self._window, _Window(now)
        # What came longer ago than a window says nothing about now.
        self._before = over if now - over.opened < 2 * WINDOW_SECONDS else _Window(now)
        most = sorted(over.sources.items(), key=lambda pair: pair[1].wrong, reverse=True)
        for source, counts in most[:_MOST_LINES]:
            log.warning("wrong_tokens", source=source, count=counts.wrong, unknown=counts.unknown)
        if len(most) > _MOST_LINES:
            sources = len(most) - _MOST_LINES
            wrong = sum(counts.wrong for _, counts in most[_MOST_LINES:])
            unknown = sum(counts.unknown for _, counts in most[_MOST_LINES:])
            log.warning("wrong_tokens", source=_OTHERS, sources=sources, count=wrong, unknown=unknown)
