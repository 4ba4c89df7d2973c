"""The pages of signing in and out. These alone are for everybody."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from google.rpc import code_pb2
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard.calls.people import who_is
from dashboard.calls.refusals import Refusal
from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Grant, Person
from dashboard.sign_in.links import Link, Links
from dashboard.sign_in.provider import Attempt, Provider
from dashboard.web.times import exact
from dashboard.web.visit import COOKIE, Site, Visit, address_of, signed_in
from paaskit.errors import Unavailable

_UNDER_WAY: Final = "__Host-paas-sign-in"
_UNDER_WAY_SECONDS: Final = 600
# Where somebody wanted to go: a page of ours below the prefix, nothing that leads elsewhere.
_PAGE: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9_./-]{0,300}|")
_BEARER: Final = re.compile(r"Bearer ([A-Za-z0-9._~+/-]+=*)")
_NOT_ACCEPTED: Final = "This sign-in did not begin in this browser, or was left for too long. Start again."
_CANCELLED: Final = "You were not signed in: the sign-in service says that this was not allowed, or was cancelled."
_LINK_OVER: Final = "This link was used already, or is older than ten minutes. Type `paas open` for another."
_AWAY: Final = "The dashboard can't keep sign-ins right now. Try again in a moment."
LINKS_PATH: Final = "sign-in/links"


@dataclass(frozen=True, kw_only=True)
class SignIns:
    """How people sign in here. Without a provider they come with links."""

    provider: Provider | None
    links: Links
    url: str

    def routes(self) -> list[Route]:
        """The pages' routes, below the prefix."""
        return [
            Route("/sign-in", self.show, methods=["GET"]),
            Route("/callback", self.come_back, methods=["GET"]),
            Route("/sign-in/link", self.show_link, methods=["GET"]),
            Route("/sign-in/link", self.take_link, methods=["POST"]),
            Route(f"/{LINKS_PATH}", self.make_link, methods=["POST"]),
            Route("/signed-out", self.signed_out, methods=["GET"]),
            Route("/sign-out", signed_in(self.sign_out), methods=["POST"]),
            Route("/sign-out-everywhere", signed_in(self.sign_out_everywhere), methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Send the browser to the provider; where there is none, say how people come in."""
        site: Site = request.app.state.site
        if self.provider is None:
            return site.templates.page("sign_in.html", person=None)
        secret, wanted = Secret.new(), request.query_params.get("to", "")
        try:
            response = RedirectResponse(await self.provider.begin(Attempt.of(secret)), status_code=303)
        except Refusal as refusal:
            return _refused(site, refusal)
        page = _page(wanted)
        response.set_cookie(
            _UNDER_WAY,
            f"{secret.text()}.{page}",
            max_age=_UNDER_WAY_SECONDS,
            secure=True,
            httponly=True,
            samesite="lax",
        )
        return response

    async def come_back(self, request: Request) -> Response:
        """Sign in whoever comes back from the provider with its answer to this browser's own sign-in."""
        site: Site = request.app.state.site
        text, _, page = request.cookies.get(_UNDER_WAY, "").partition(".")
        secret = Secret.parse(text)
        attempt = Attempt.of(secret) if secret is not None else None
        if self.provider is None or attempt is None or request.query_params.get("state") != attempt.state:
            return _refused(site, Refusal(code=code_pb2.PERMISSION_DENIED, sentence=_NOT_ACCEPTED))
        response = await self._come_back(request, self.provider, attempt, page=_page(page))
        # This answer was its own, whatever it was: there is no other.
        response.delete_cookie(_UNDER_WAY, path="/", secure=True, httponly=True, samesite="lax")
        return response

    async def _come_back(self, request: Request, provider: Provider, attempt: Attempt, *, page: str) -> Response:
        site: Site = request.app.state.site
        if request.query_params.get("iss", provider.issuer) != provider.issuer:
            # Another provider's answer (RFC 9207).
            return _refused(site, Refusal(code=code_pb2.PERMISSION_DENIED, sentence=_NOT_ACCEPTED))
        code = request.query_params.get("code")
        if not code:
            return _refused(site, Refusal(code=code_pb2.PERMISSION_DENIED, sentence=_CANCELLED))
        try:
            person, grant = await provider.finish(attempt, code=code, address=address_of(request))
            return await _begun(request, person, grant, ends_at=None, page=page)
        except Refusal as refusal:
            return _refused(site, refusal)
        except Unavailable:
            return _refused(site, Refusal(code=code_pb2.UNAVAILABLE, sentence=_AWAY))

    async def make_link(self, request: Request) -> Response:
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
        url = f"{self.url}sign-in/link?code={code}" + (f"&to={page}" if page else "")
        return JSONResponse({"url": url, "ends_at": exact(ends_at)})

    async def show_link(self, request: Request) -> Response:
        """Show as whom a link signs in. Nothing is taken until the button is pressed: programs open links as well."""
        site: Site = request.app.state.site
        code = request.query_params.get("code", "")
        try:
            link = await self.links.look(code)
        except Unavailable:
            return _refused(site, Refusal(code=code_pb2.UNAVAILABLE, sentence=_AWAY))
        if link is None:
            return _refused(site, Refusal(code=code_pb2.NOT_FOUND, sentence=_LINK_OVER))
        return site.templates.page(
            "sign_in_link.html", person=None, link=link, code=code, page=_page(request.query_params.get("to", ""))
        )

    async def take_link(self, request: Request) -> Response:
        """Sign the browser in."""
        site: Site = request.app.state.site
        async with request.form(max_fields=4) as form:
            code, page = form.get("code"), _page(str(form.get("to", "")))
        try:
            link = await self.links.take(code if isinstance(code, str) else "")
            if link is None:
                return _refused(site, Refusal(code=code_pb2.NOT_FOUND, sentence=_LINK_OVER))
            person, ends_at = await who_is(site.channel, link.bearer, address=address_of(request))
        except Unavailable:
            return _refused(site, Refusal(code=code_pb2.UNAVAILABLE, sentence=_AWAY))
        except Refusal as refusal:
            return _refused(site, refusal)
        return await _begun(request, person, Grant(bearer=link.bearer), ends_at=ends_at, page=page)

    async def sign_out(self, visit: Visit) -> Response:
        """Sign this browser out, and end the session at the provider."""
        await visit.site.sessions.end(visit.secret)
        if self.provider is not None and visit.session.grant.refresh_token:
            await self.provider.sign_out(visit.session.grant)
        return _gone(visit.site)

    async def sign_out_everywhere(self, visit: Visit) -> Response:
        """Sign the person out of all browsers."""
        await visit.site.sessions.end_all(visit.person)
        if self.provider is not None and visit.session.grant.refresh_token:
            await self.provider.sign_out(visit.session.grant)
        return _gone(visit.site)

    async def signed_out(self, request: Request) -> Response:
        """Say that it is done."""
        site: Site = request.app.state.site
        return site.templates.page("signed_out.html", person=None, has_provider=self.provider is not None)


async def _begun(
    request: Request, person: Person, grant: Grant, *, ends_at: datetime | None, page: str = ""
) -> Response:
    """Begin a session with a cookie that the browser never had. Whatever it had before ends."""
    site: Site = request.app.state.site
    if (before := Secret.parse(request.cookies.get(COOKIE, ""))) is not None:
        await site.sessions.end(before)
    secret, _ = await site.sessions.begin(person, grant, ends_at=ends_at)
    response = RedirectResponse(site.prefix + page, status_code=303)
    # Without a lifetime: it ends with the browser, or before that with the session.
    response.set_cookie(COOKIE, secret.text(), secure=True, httponly=True, samesite="lax", path="/")
    return response


def _page(wanted: str) -> str:
    """The page somebody wanted, where it is one of ours; otherwise the first."""
    return wanted if _PAGE.fullmatch(wanted) else ""


def _page_of(body: bytes) -> str:
    try:
        wanted = json.loads(body)
    except ValueError:
        return ""
    return _page(str(wanted.get("page", ""))) if isinstance(wanted, dict) else ""


def _gone(site: Site) -> Response:
    response = RedirectResponse(f"{site.prefix}signed-out", status_code=303)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    # What browsers keep of a site by themselves goes as well.
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


def _refused(site: Site, refusal: Refusal) -> Response:
    return site.templates.page("refused.html", status=refusal.http_status, refusal=refusal, person=None)
