"""Everybody's browsers, for administrators of the tenant, who end all of one person's.

Who may is asked of the gateway each time: what somebody was allowed when they signed in may be over. Whoever ends
sessions of others has lately proved who they are, as for one's own (`sessions.py`).
"""

from itertools import groupby
from typing import Final

from google.rpc import code_pb2
from starlette.responses import Response

from dashboard.calls.people import end_sessions, who_calls
from dashboard.calls.refusals import Refusal
from dashboard.pages.account.sessions import NOT_FRESH
from dashboard.sessions.store import MOST_LISTED
from dashboard.web.visit import Visit

_MAY_NOT: Final = "The sessions of others are for administrators to see: it needs tokens.manage and audit.read."
_OWN: Final = "These are your own sessions: end them on the page Sessions."


async def index(visit: Visit) -> Response:
    """List them by person."""
    person, _ = await who_calls(visit.caller)
    if not person.is_administrator:
        raise Refusal(code=code_pb2.PERMISSION_DENIED, sentence=_MAY_NOT)
    found = await visit.site.sessions.of_tenant(person.tenant)
    return visit.page(
        "people.html",
        here="sessions",
        people=[(subject.removeprefix("user:"), list(each)) for subject, each in groupby(found, lambda of: of.subject)],
        has_more=len(found) == MOST_LISTED,
        is_fresh=visit.site.sessions.is_fresh(visit.session),
        has_provider=bool(visit.session.grant.refresh_token),
    )


async def end(visit: Visit) -> Response:
    """End all of one person's: sign-ins that the platform keeps, and browsers here."""
    if not visit.site.sessions.is_fresh(visit.session):
        raise Refusal(code=code_pb2.FAILED_PRECONDITION, sentence=NOT_FRESH)
    user = str(visit.form.get("user", "")).strip()
    subject = f"user:{user}"
    if not user or subject == visit.person.subject:
        raise Refusal(code=code_pb2.INVALID_ARGUMENT, sentence=_OWN)
    sign_ins = await end_sessions(visit.caller, user=user)
    browsers = await visit.site.sessions.end_of(visit.person.tenant, subject)
    ended = f"{_counted(browsers, 'browser')} and {_counted(sign_ins, 'sign-in')} at a terminal"
    return visit.to("account/people", notice=f"{user} is signed out: {ended}.")


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
