"""What each way of signing in ends with: a session that begins, or a page that says why none does."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboard.calls.refusals import Refusal
from dashboard.sessions.browsers import browser_of
from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Grant, Kind, Person
from dashboard.web.strangers import address_of
from dashboard.web.visit import COOKIE, Site


async def begun(
    request: Request,
    person: Person,
    grant: Grant,
    *,
    kind: Kind,
    authenticated_at: datetime | None = None,
    ends_at: datetime | None = None,
    page: str = "",
) -> Response:
    """Begin a session with a cookie that the browser never had. Whatever it had before ends."""
    site: Site = request.app.state.site
    if (before := Secret.parse(request.cookies.get(COOKIE, ""))) is not None:
        await site.sessions.end(before)
    secret, _ = await site.sessions.begin(
        person,
        grant,
        kind=kind,
        browser=browser_of(request.headers.get("user-agent", "")),
        authenticated_at=authenticated_at,
        ends_at=ends_at,
    )
    site.strangers.forgive(address_of(request))
    response = RedirectResponse(site.prefix + page, status_code=303)
    # Without a lifetime: it ends with the browser, or before that with the session.
    response.set_cookie(COOKIE, secret.text(), secure=True, httponly=True, samesite="lax", path="/")
    return response


def refused(site: Site, refusal: Refusal) -> Response:
    """Say why nobody is signed in."""
    return site.templates.page("refused.html", status=refusal.http_status, refusal=refusal, person=None)
