"""How many pages an address may have of which nobody is signed in, so that these keep nobody from theirs.

Signing in, a cookie that nobody has and a link that gives nothing each ask the database or the provider something.
Whoever is signed in is not counted, and whoever signs in is forgiven what was counted before. Each replica counts what
comes to it. An address of IPv6 is its network of 64 bits, of which one machine may have all.
"""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

AT_ONCE: Final = 300
A_SECOND: Final = 5
_ADDRESS: Final = "x-paas-client-address"
_MOST_ADDRESSES: Final = 16_384
_MOST_KNOWN: Final = 4096
_NETWORK_BITS: Final = 64


@dataclass
class _Counted:
    left: float
    at: float


class Strangers:
    """What addresses had lately. `seconds` is a clock that only goes forward."""

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._addresses: OrderedDict[str, _Counted] = OrderedDict()
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def count(self, address: str) -> int:
        """Count one page; after how many seconds there is one again, 0 for one that may be had now."""
        key, now = _network(address), self._seconds()
        counted = self._addresses.setdefault(key, _Counted(left=AT_ONCE, at=now))
        self._addresses.move_to_end(key)
        if len(self._addresses) > _MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        counted.left = min(AT_ONCE, counted.left + (now - counted.at) * A_SECOND)
        counted.at = now
        if counted.left < 1:
            return math.ceil((1 - counted.left) / A_SECOND)
        counted.left -= 1
        return 0

    def forgive(self, address: str) -> None:
        """Forget what was counted: whoever it is has signed in."""
        self._addresses.pop(_network(address), None)

    def know(self, session: bytes) -> None:
        """Remember a session that was found, so that it is looked up whatever else its address sends."""
        self._known[session] = None
        self._known.move_to_end(session)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    def forget(self, session: bytes) -> None:
        """Remember it no more."""
        self._known.pop(session, None)

    def is_known(self, session: bytes) -> bool:
        """Whether it was found lately."""
        return session in self._known


def limited(page: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Have a page that is for everybody be given to an address so often and no more."""

    async def answer(request: Request) -> Response:
        site = request.app.state.site
        if seconds := site.strangers.count(address_of(request)):
            return too_many(request, seconds)
        return await page(request)

    answer.page = page  # type: ignore[attr-defined]  # its name is counted
    return answer


def too_many(request: Request, seconds: int) -> Response:
    """Say that it is too much, and when to come again."""
    response: Response = request.app.state.site.templates.page(
        "too_many.html", status=429, person=None, seconds=seconds
    )
    response.headers["retry-after"] = str(seconds)
    return response


def address_of(request: Request) -> str:
    """The address that the gateway says a browser is at; nobody else can say it."""
    return request.headers.get(_ADDRESS, "")


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, _NETWORK_BITS), strict=False))
