"""Counting what pages did: by the page's own name for itself and how it ended. An address could hold anything."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paaskit import metrics

_NOWHERE = "none"
"""What was answered before it came to a page: other hosts, other sites, addresses where nothing is."""


class Measured:
    """Counts requests, and takes the time until each is answered; a stream goes on after that."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, measured."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def send_measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                page = page_name(scope)
                metrics.PAGES.labels(page, str(message["status"])).inc()
                metrics.PAGE_SECONDS.labels(page).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, send_measured)


def page_name(scope: Scope) -> str:
    """Which page a request came to, as its function is called: one of a few words of ours."""
    endpoint = scope.get("endpoint")
    page = getattr(endpoint, "page", endpoint)
    name = getattr(page, "__qualname__", "")
    # The mount of all pages, where none of them was meant, has no name.
    return f"{page.__module__.rpartition('.')[2]}.{name.rpartition('.')[2]}" if name else _NOWHERE
