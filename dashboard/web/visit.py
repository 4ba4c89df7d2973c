"""A visit: a request of somebody who is signed in. Every page but those of the sign-in is reached through here."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote

import grpc
import structlog
from google.rpc import code_pb2
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from dashboard.calls.caller import Caller
from dashboard.calls.refusals import Refusal
from dashboard.sessions.keeper import Sessions
from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Person, Session, SignedOut
from dashboard.web.notices import forget, leave, notice_in
from dashboard.web.render import Templates
from paaskit.db import Database
from paaskit.errors import Unavailable

log = structlog.get_logger()

AnswerT = TypeVar("AnswerT")

COOKIE: Final = "__Host-paas"
"""`__Host-`: from this host alone, over https alone, for all of it (RFC 6265bis, 4.1.3.2). Browsers take this machine's
own address for safe as well."""
FORM_TOKEN: Final = "form_token"  # noqa: S105  # the name of a field
_FORM_TOKEN_HEADER: Final = "x-form-token"  # noqa: S105  # the name of a header
_MOST_FIELDS: Final = 4000
_ADDRESS: Final = "x-paas-client-address"
_HIGHEST: Final = 2**63 - 1
_NO_NUMBER: Final = "Nothing has a number as high as that."
_STALE: Final = "This page is from before you signed in. Load it again, and do it there."
_AWAY: Final = "Your sign-in can't be looked up right now. Try again in a moment."


@dataclass(frozen=True, kw_only=True)
class Site:
    """What all pages share."""

    sessions: Sessions
    database: Database
    channel: grpc.aio.Channel
    templates: Templates
    prefix: str


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Somebody's request."""

    site: Site
    request: Request
    secret: Secret
    session: Session
    form: FormData

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.session.person

    @property
    def caller(self) -> Caller:
        """The gateway, called as this person."""
        return Caller(self.site.channel, bearer=self.session.grant.bearer, address=address_of(self.request))

    def path(self, name: str) -> str:
        """What the address has in a place: `app`."""
        return str(self.request.path_params[name])

    def number(self, name: str) -> int:
        """The number that the address has in a place. Raises Refusal where nothing can have it."""
        number = int(self.request.path_params[name])
        if number > _HIGHEST:
            raise Refusal(code=code_pb2.NOT_FOUND, sentence=_NO_NUMBER)
        return number

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """Return a page, with what every page has."""
        notice = notice_in(self.request)
        response = self.site.templates.page(
            template, status=status, person=self.person, form_token=self.secret.form_token(), notice=notice, **context
        )
        if notice:
            forget(response)
        return response

    def to(self, path: str, *, notice: str = "") -> Response:
        """Send the browser to another page of ours, with GET. There it is told `notice`, once."""
        response = RedirectResponse(self.site.prefix + path, status_code=303)
        if notice:
            leave(response, notice)
        return response

    async def while_signed_in(self, answers: AsyncGenerator[AnswerT, None]) -> AsyncGenerator[AnswerT, None]:
        """What a stream is told, for as long as this browser is signed in. Raises Refusal where that can't be seen.

        It is looked at before each: what goes on for minutes does not outlive a sign-out, here or elsewhere.
        """
        async with contextlib.aclosing(answers):
            async for answer in answers:
                try:
                    is_signed_in = await self.site.sessions.goes_on(self.secret)
                except Unavailable:
                    raise Refusal(code=code_pb2.UNAVAILABLE, sentence=_AWAY) from None
                if not is_signed_in:
                    return
                yield answer

    @property
    def is_by_script(self) -> bool:
        """Whether a script of ours asks, which puts what it is answered into the page that stands."""
        headers = self.request.headers
        return headers.get("accept") == "application/json" or _FORM_TOKEN_HEADER in headers

    def refused(self, refusal: Refusal) -> Response:
        """Say what was refused: on a page of its own, or to the script that asked."""
        if self.is_by_script:
            return JSONResponse({"error": refusal.sentence}, status_code=refusal.http_status)
        return self.page("refused.html", status=refusal.http_status, refusal=refusal)


Page = Callable[[Visit], Awaitable[Response]]


def signed_in(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """Have a page be for those who are signed in; whoever is not is asked to, and then comes back."""

    async def answer(request: Request) -> Response:
        site: Site = request.app.state.site
        try:
            secret, session = await _session(request, site)
        except SignedOut:
            return _to_sign_in(request, site)
        except (Unavailable, Refusal):
            refusal = Refusal(code=code_pb2.UNAVAILABLE, sentence=_AWAY)
            return site.templates.page("refused.html", status=503, refusal=refusal, person=None)
        async with request.form(max_fields=_MOST_FIELDS) as form:
            visit = Visit(site=site, request=request, secret=secret, session=session, form=form)
            return await _answered(page, visit)

    answer.page = page  # type: ignore[attr-defined]  # for the test that every page is one of these
    return answer


async def _answered(page: Page, visit: Visit) -> Response:
    if visit.request.method not in ("GET", "HEAD"):
        given = visit.form.get(FORM_TOKEN) or visit.request.headers.get(_FORM_TOKEN_HEADER, "")
        if not isinstance(given, str) or not visit.secret.is_form_token(given):
            return visit.refused(Refusal(code=code_pb2.PERMISSION_DENIED, sentence=_STALE))
    try:
        return await page(visit)
    except Refusal as refusal:
        if refusal.is_signed_out:
            # What they signed in with has ended, or was revoked.
            await visit.site.sessions.end(visit.secret)
            return _to_sign_in(visit.request, visit.site)
        return visit.refused(refusal)


def address_of(request: Request) -> str:
    """The address that the gateway says a browser is at; nobody else can say it."""
    return request.headers.get(_ADDRESS, "")


async def _session(request: Request, site: Site) -> tuple[Secret, Session]:
    secret = Secret.parse(request.cookies.get(COOKIE, ""))
    if secret is None:
        raise SignedOut
    # A page that shows what goes on connects again by itself, for as long as somebody leaves it open.
    is_stream = request.headers.get("accept", "").startswith("text/event-stream")
    return secret, await site.sessions.find(secret, is_visit=not is_stream)


def _to_sign_in(request: Request, site: Site) -> Response:
    if request.headers.get("sec-fetch-mode", "navigate") != "navigate":
        return Response(status_code=401)
    path = request.url.path if request.method == "GET" else site.prefix
    back = f"?to={quote(path.removeprefix(site.prefix))}" if path != site.prefix else ""
    response = RedirectResponse(f"{site.prefix}sign-in{back}", status_code=303)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return response
