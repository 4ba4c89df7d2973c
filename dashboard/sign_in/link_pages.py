"""The pages of links. What a link has after its `#` is sent in forms alone, so no address that is asked for has it.

Nothing is taken until a button is pressed, since programs that preview links open them too.
"""

import json
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from google.rpc import code_pb2
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.calls.people import who_is
from dashboard.calls.refusals import Refusal
from dashboard.sessions.session import Grant, Kind
from dashboard.sign_in.beginning import begun, refused
from dashboard.sign_in.links import Link, Links
from dashboard.sign_in.wanted import page_wanted
from dashboard.web.strangers import address_of, limited
from dashboard.web.times import exact
from dashboard.web.visit import Site
from paaskit.errors import Unavailable

_BEARER: Final = re.compile(r"Bearer ([A-Za-z0-9._~+/-]+=*)")
_MOST_FIELDS: Final = 4
_LINK_OVER: Final = "This link was used already, or is older than ten minutes. Type `paas open` for another."
_AWAY: Final = "The dashboard can't keep sign-ins right now. Try again in a moment."
LINKS_PATH: Final = "sign-in/links"
LOOK_PATH: Final = "sign-in/link/look"
"""Where a page on somebody's own machine sends a code as well: it takes no cookie, and does nothing."""


@dataclass(frozen=True, kw_only=True)
class LinkPages:
    """`url` is where the pages are, with the slash at its end."""

    links: Links
    url: str

    def routes(self) -> list[Route]:
        """The pages' routes, below the prefix."""
        return [
            Route("/sign-in/link", limited(self.ask), methods=["GET"]),
            Route(f"/{LOOK_PATH}", limited(self.look), methods=["POST"]),
            Route("/sign-in/link", limited(self.take), methods=["POST"]),
            Route(f"/{LINKS_PATH}", limited(self.make), methods=["POST"]),
        ]

    async def make(self, request: Request) -> Response:
        """Give whoever shows a token a link that signs one browser in with it. For programs: JSON, and no cookie.

        The body may name the page to be shown then: `{"page": "apps/web"}`.
        """
        site: Site = request.app.state.site
        page = _page_of(await request.body())
        shown = _BEARER.fullmatch(request.headers.get("authorization", ""))
        if shown is None:
            return JSONResponse({"error": "Show a token as `Authorization: Bearer …`."}, status_code=401)
        try:
            person, _ = await who_is(site.channel, shown[1], address=address_of(request))
            code, ends_at = await self.links.make(Link(bearer=shown[1], subject=person.subject, tenant=person.tenant))
        except Refusal as refusal:
            return JSONResponse({"error": refusal.sentence}, status_code=refusal.http_status)
        except Unavailable:
            return JSONResponse({"error": _AWAY}, status_code=503)
        site.strangers.forgive(address_of(request))
        after = urlencode({"code": code, **({"to": page} if page else {})}, safe="/")
        return JSONResponse({"url": f"{self.url}sign-in/link#{after}", "ends_at": exact(ends_at)})

    async def ask(self, request: Request) -> Response:
        """Ask for the code, which a script of the page has from the address and takes out of it."""
        site: Site = request.app.state.site
        return site.templates.page("sign_in_code.html", person=None)

    async def look(self, request: Request) -> Response:
        """Show as whom a link signs in."""
        site: Site = request.app.state.site
        code, page = await _given(request)
        try:
            link = await self.links.look(code)
        except Unavailable:
            return refused(site, Refusal(code=code_pb2.UNAVAILABLE, sentence=_AWAY))
        if link is None:
            return refused(site, Refusal(code=code_pb2.NOT_FOUND, sentence=_LINK_OVER))
        return site.templates.page("sign_in_link.html", person=None, link=link, code=code, page=page)

    async def take(self, request: Request) -> Response:
        """Sign the browser in."""
        site: Site = request.app.state.site
        code, page = await _given(request)
        try:
            link = await self.links.take(code)
            if link is None:
                return refused(site, Refusal(code=code_pb2.NOT_FOUND, sentence=_LINK_OVER))
            person, ends_at = await who_is(site.channel, link.bearer, address=address_of(request))
            grant = Grant(bearer=link.bearer)
            return await begun(request, person, grant, kind=Kind.LINK, ends_at=ends_at, page=page)
        except Unavailable:
            return refused(site, Refusal(code=code_pb2.UNAVAILABLE, sentence=_AWAY))
        except Refusal as refusal:
            return refused(site, refusal)


async def _given(request: Request) -> tuple[str, str]:
    """The code of a form, and the page that is wanted. Somebody without scripts may have pasted all of the link."""
    async with request.form(max_fields=_MOST_FIELDS) as form:
        code, page = str(form.get("code", "")).strip(), str(form.get("to", ""))
    if "#" in code:
        pasted = dict(parse_qsl(code.partition("#")[2], max_num_fields=_MOST_FIELDS))
        code, page = pasted.get("code", ""), pasted.get("to", "")
    return code, page_wanted(page)


def _page_of(body: bytes) -> str:
    try:
        wanted = json.loads(body)
    except ValueError:
        return ""
    return page_wanted(str(wanted.get("page", ""))) if isinstance(wanted, dict) else ""
