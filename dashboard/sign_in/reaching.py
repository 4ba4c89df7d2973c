"""Reaching the identity provider elsewhere than at the address that its name has, as `curl --connect-to` does.

Where people come to it through a port of their own machine, that name leads a dashboard in a cluster to itself. Only
where a connection goes is changed: what is asked for, the `Host` and the name that the certificate has to be for stay
the issuer's. So whoever else listens there learns nothing, and what the provider says of its own addresses holds.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import httpx2

Hooks = Mapping[str, list[Callable[[httpx2.Request], Awaitable[None]]]]
_HTTPS: Final = 443


def hooks_reaching(issuer: str, address: str) -> Hooks:
    """What a client is given as its `event_hooks`, for an issuer's URL and the host:port where it is reached.

    Requests to other origins than the issuer's go where they would. Without an address there are no hooks.
    """
    if not address:
        return {}
    named = _origin(httpx2.URL(issuer))

    async def reach(request: httpx2.Request) -> None:
        if _origin(request.url) == named:
            # The header `Host` is there already, with the issuer's name.
            request.extensions["sni_hostname"] = request.url.host
            request.url = request.url.copy_with(netloc=address.encode())

    return {"request": [reach]}


def _origin(url: httpx2.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or _HTTPS
