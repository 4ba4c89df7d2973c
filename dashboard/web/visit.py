"""A visit: a request of somebody who is signed in. Every page but those of the sign-in is reached through here."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar
from urllib.parse import quote

import grpc
import structlog
from google.rpc import code_pb2
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from dashboard.calls.caller import Caller
from dashboard.calls.refusals import UNKNOWN, Refusal
from dashboard.sessions.keeper import Sessions
from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Person, Session, SignedOut
from dashboard.web.notices import forget, leave, notice_in
from dashboard.web.places import Place, elsewhere
from dashboard.web.render import Templates
from dashboard.web.strangers import Strangers, address_of, too_many
from paaskit.db import Database
from paaskit.errors import Unavailable

log = structlog.get_logger()

AnswerT = TypeVar("AnswerT")

COOKIE: Final = "__Host-paas"
"""`__Host-`: from this host alone, over https alone, for all of it (RFC 6265bis, 4.1.3.2). Browsers take this machine's
own address for safe as well."""
FORM_TOKEN: Final = "form_token"  # noqa: S105  # the name of a field
BY_ITSELF: Final = "by-itself"
"""What a page adds to its address when it loads itself anew, and takes out again."""
_FORM_TOKEN_HEADER: Final = "x-form-token"  # noqa: S105  # the name of a header
_MOST_FIELDS: Final = 4000
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
    strangers: Strangers = field(default_factory=Strangers)


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

    @cached_property
    def caller(self) -> Caller:
        """The gateway, called as this person; one for all of the page, which counts what is under way."""
        return Caller(self.site.channel, bearer=self.session.grant.bearer, address=address_of(self.request))

    @property
    def place(self) -> Place:
        """Which app's or group's page it is."""
        return Place.of(self.request.path_params)

    def path(self, name: str) -> str:
        """What the address has in a place: `token`."""
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
            template,
            status=status,
            person=self.person,
            form_token=self.secret.form_token(),
            notice=notice,
            **self.site.sessions.time_left(self.session),
            **context,
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
        secret = Secret.parse(request.cookies.get(COOKIE, ""))
        is_known = secret is not None and site.strangers.is_known(secret.row())
        if not is_known and (seconds := site.strangers.count(address_of(request))):
            return too_many(request, seconds)
        if secret is None:
            return _to_sign_in(request, site)
        try:
            session = await _session(request, site, secret)
        except SignedOut:
            site.strangers.forget(secret.row())
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
        if refusal.is_signed_out and visit.site.sessions.ran_out(visit.session):
            # The page took longer than its token lasted. The next visit has it renewed, or learns that it can't be.
            return visit.refused(Refusal(code=code_pb2.UNAVAILABLE, sentence=UNKNOWN))
        if refusal.is_signed_out:
            # What they signed in with has ended, or was revoked.
            await visit.site.sessions.end(visit.secret)
            return _to_sign_in(visit.request, visit.site)
        return _elsewhere(visit, refusal) or visit.refused(refusal)


def _elsewhere(visit: Visit, refusal: Refusal) -> Response | None:
    """Lead to the page of the group that somebody took for an app, or the other way round."""
    url = visit.request.url
    path = elsewhere(url.path.removeprefix(visit.site.prefix), refusal.reason)
    if not path or visit.request.method != "GET" or visit.is_by_script:
        return None
    return visit.to(f"{path}?{url.query}" if url.query else path)


async def _session(request: Request, site: Site, secret: Secret) -> Session:
    session = await site.sessions.find(secret, is_visit=_is_visit(request))
    site.strangers.know(secret.row())
    return session


def _is_visit(request: Request) -> bool:
    """Whether a person asks, and not a page that somebody left open, which looks again by itself.

    What scripts of ours read goes on by itself; what they send was pressed. A page that loads itself anew says so.
    """
    if request.method != "GET":
        return True
    if request.headers.get("accept", "").startswith("text/event-stream") or BY_ITSELF in request.query_params:
        return False
    return request.headers.get("sec-fetch-mode", "navigate") == "navigate"


def _to_sign_in(request: Request, site: Site) -> Response:
    if request.headers.get("sec-fetch-mode", "navigate") != "navigate":
        return Response(status_code=401)
    asked = request.url.remove_query_params(BY_ITSELF)
    page = asked.path.removeprefix(site.prefix) if request.method == "GET" else ""
    wanted = f"{page}?{asked.query}" if page and asked.query else page
    back = f"?to={quote(wanted, safe='')}" if wanted else ""
    response = RedirectResponse(f"{site.prefix}sign-in{back}", status_code=303)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return response
