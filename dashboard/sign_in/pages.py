"""The pages of signing in and out. These alone are for everybody."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from google.rpc import code_pb2
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboard.calls.people import record_own_end
from dashboard.calls.refusals import Refusal
from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Kind
from dashboard.sign_in.beginning import begun, refused
from dashboard.sign_in.link_pages import LinkPages
from dashboard.sign_in.links import Links
from dashboard.sign_in.provider import Attempt, Provider
from dashboard.sign_in.wanted import page_wanted
from dashboard.web.origin import is_from_a_page_of
from dashboard.web.strangers import address_of, limited
from dashboard.web.visit import COOKIE, Site, Visit, signed_in
from paaskit.errors import Unavailable

_UNDER_WAY: Final = "__Host-paas-sign-in"
_UNDER_WAY_SECONDS: Final = 600
_NOT_ACCEPTED: Final = "This sign-in did not begin in this browser, or was left for too long. Start again."
_CANCELLED: Final = "You were not signed in: the sign-in service says that this was not allowed, or was cancelled."
_AWAY: Final = "The dashboard can't keep sign-ins right now. Try again in a moment."


@dataclass(frozen=True, kw_only=True)
class SignIns:
    """How people sign in here. Without a provider they come with links."""

    provider: Provider | None
    links: Links
    url: str

    def routes(self) -> list[Route]:
        """The pages' routes, below the prefix."""
        return [
            Route("/sign-in", limited(self.show), methods=["GET"]),
            Route("/sign-in/begin", limited(self.begin), methods=["GET"]),
            Route("/callback", limited(self.come_back), methods=["GET"]),
            *LinkPages(links=self.links, url=self.url).routes(),
            Route("/signed-out", self.signed_out, methods=["GET"]),
            Route("/sign-out", signed_in(self.sign_out), methods=["POST"]),
            Route("/sign-out-everywhere", signed_in(self.sign_out_everywhere), methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Ask whether to sign in, or say how people come in. Nobody is signed in without having pressed something."""
        site: Site = request.app.state.site
        if self.provider is None:
            return site.templates.page("sign_in.html", person=None)
        page = page_wanted(request.query_params.get("to", ""))
        again = "&again=1" if "again" in request.query_params else ""
        return site.templates.page("sign_in_button.html", person=None, page=page, to=quote(page, safe=""), again=again)

    async def begin(self, request: Request) -> Response:
        """Send the browser to the provider, where its person has pressed that on a page of ours."""
        site: Site = request.app.state.site
        wanted, again = request.query_params.get("to", ""), "again" in request.query_params
        if self.provider is None or not is_from_a_page_of(self.url, request.headers):
            return RedirectResponse(f"{site.prefix}sign-in?{request.url.query}", status_code=303)
        return await self._sent(site, self.provider, page=page_wanted(wanted), again=again)

    async def _sent(self, site: Site, provider: Provider, *, page: str, again: bool) -> Response:
        secret = Secret.new()
        try:
            response = RedirectResponse(await provider.begin(Attempt.of(secret), again=again), status_code=303)
        except Refusal as refusal:
            return refused(site, refusal)
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
            return refused(site, Refusal(code=code_pb2.PERMISSION_DENIED, sentence=_NOT_ACCEPTED))
        response = await self._come_back(request, self.provider, attempt, page=page_wanted(page))
        if not any(each.startswith(f"{_UNDER_WAY}=") for each in response.headers.getlist("set-cookie")):
            # This answer was its own, whatever it was: there is no other.
            response.delete_cookie(_UNDER_WAY, path="/", secure=True, httponly=True, samesite="lax")
        return response

    async def _come_back(self, request: Request, provider: Provider, attempt: Attempt, *, page: str) -> Response:
        site: Site = request.app.state.site
        if request.query_params.get("iss", provider.issuer) != provider.issuer:
            # Another provider's answer (RFC 9207).
            return refused(site, Refusal(code=code_pb2.PERMISSION_DENIED, sentence=_NOT_ACCEPTED))
        code = request.query_params.get("code")
        if not code:
            return refused(site, Refusal(code=code_pb2.PERMISSION_DENIED, sentence=_CANCELLED))
        try:
            arrival = await provider.finish(attempt, code=code, address=address_of(request))
            person = arrival.person
            if await site.sessions.was_ended_since(person, arrival.authenticated_at):
                # What somebody gave the provider before they were signed out signs nobody in after.
                return await self._sent(site, provider, page=page, again=True)
            return await begun(
                request, person, arrival.grant, kind=Kind.SSO, authenticated_at=arrival.authenticated_at, page=page
            )
        except Refusal as refusal:
            return refused(site, refusal)
        except Unavailable:
            return refused(site, Refusal(code=code_pb2.UNAVAILABLE, sentence=_AWAY))

    async def sign_out(self, visit: Visit) -> Response:
        """Sign this browser out, and end the session at the provider."""
        await visit.site.sessions.end(visit.secret)
        if self.provider is not None and visit.session.grant.refresh_token:
            await self.provider.sign_out(visit.session.grant)
        return _gone(visit.site)

    async def sign_out_everywhere(self, visit: Visit) -> Response:
        """Sign the person out of all browsers."""
        await visit.site.sessions.end_all(visit.person)
        await record_own_end(visit.caller)
        if self.provider is not None and visit.session.grant.refresh_token:
            await self.provider.sign_out(visit.session.grant)
        return _gone(visit.site)

    async def signed_out(self, request: Request) -> Response:
        """Say that it is done."""
        site: Site = request.app.state.site
        return site.templates.page("signed_out.html", person=None, is_over=True)


def _gone(site: Site) -> Response:
    response = RedirectResponse(f"{site.prefix}signed-out", status_code=303)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    # What browsers keep of a site by themselves goes as well.
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response
