"""What every answer tells a browser: what a page may load, who may frame it, and that nothing of it is kept.

Nothing comes from elsewhere, no script or style stands in a page, and no page can be put in another's frame. Pages are
not stored, neither on a disk nor for the back button: what somebody was shown is gone with the page. Only the files
that every page shares, whose names change with their content, are kept.
"""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_ALWAYS: Final = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not `no-referrer`: a form of ours would then come from nowhere (Fetch, "append a request Origin header").
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_NOT_KEPT: Final = "no-store"


class Headers:
    """Adds them. `hsts` has what is https stay https, also where somebody types the address without it (RFC 6797)."""

    def __init__(self, app: ASGIApp, *, hsts: str = "") -> None:
        self._app = app
        self._always = {**_ALWAYS, **({"strict-transport-security": hsts} if hsts else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with them."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._always)
                headers.setdefault("cache-control", _NOT_KEPT)
            await send(message)

        await self._app(scope, receive, send_with_headers)
