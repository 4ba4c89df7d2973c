"""Which requests are taken for the person's own: none that another site had their browser send.

Three things, each of which is enough against most: the cookie is not sent along by other sites' forms (SameSite), what
changes something has to come from a page of ours (here), and its form has a token that only our pages know (`visit`).
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_SAFE: Final = frozenset({"GET", "HEAD"})
_CROSS_SITE: Final = "This came from another site, so it was not done. Open the page itself, and do it there."
_OTHER_HOST: Final = "The dashboard has another address."


class OwnOrigin:
    """Refuses what comes from elsewhere. `origin` is that of the pages, `url` where they are.

    `exempt` are paths that take no cookie: what they do is for whoever shows a token. For those `from_anywhere` a form
    may come from elsewhere, as from a file on the person's own machine: they show something, take no cookie and do
    nothing.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        origin: str,
        url: str,
        exempt: frozenset[str],
        from_anywhere: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._origin = origin
        self._url = url
        self._exempt = exempt
        self._from_anywhere = from_anywhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "http" and scope["path"] not in self._exempt:
            headers = Headers(scope=scope)
            # Another name that leads here, as of a site that was rebound to this machine, is not ours.
            if headers.get("host", "") != self._origin.partition("://")[2]:
                if scope["method"] in _SAFE:
                    await RedirectResponse(self._url)(scope, receive, send)
                else:
                    await PlainTextResponse(_OTHER_HOST, 421)(scope, receive, send)
                return
            changes = scope["method"] not in _SAFE and scope["path"] not in self._from_anywhere
            if changes and not _is_own(headers, self._origin):
                await PlainTextResponse(_CROSS_SITE, 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def is_from_a_page_of(url: str, headers: Headers) -> bool:
    """Whether a browser says that it was a page below `url` where somebody pressed a link.

    One that says nothing of it in Sec-Fetch-Site names the page itself: our pages have it do so (Referrer-Policy).
    """
    site = headers.get("sec-fetch-site")
    return site == "same-origin" if site is not None else headers.get("referer", "").startswith(url)


def _is_own(headers: Headers, origin: str) -> bool:
    """Whether a browser says that a page of ours sent this.

    Every browser of today says it in Sec-Fetch-Site (Fetch Metadata); one that does not says Origin (RFC 6454).
    """
    site = headers.get("sec-fetch-site")
    return site == "same-origin" if site is not None else headers.get("origin") == origin
