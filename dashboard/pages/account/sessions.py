"""The browsers that somebody is signed in with. Each can be ended, and is out with its next request.

Whoever ends one has lately proved who they are: somebody at a browser that was left open does not shut the others out.
"""

import base64
from typing import Final

from google.rpc import code_pb2
from starlette.responses import JSONResponse, Response

from dashboard.calls.people import record_own_end
from dashboard.calls.refusals import Refusal
from dashboard.web.visit import Visit

_ALL: Final = "all"
NOT_FRESH: Final = "Nothing was ended: sign in again first, since it is a while that you did."
_NONE: Final = "Nothing was ended: choose a browser of the list."


async def index(visit: Visit) -> Response:
    """List them."""
    sessions = await visit.site.sessions.of(visit.person)
    return visit.page(
        "sessions.html",
        here="sessions",
        entries=[(each, _name(each.session), each.session == visit.secret.row()) for each in sessions],
        is_fresh=visit.site.sessions.is_fresh(visit.session),
        has_provider=bool(visit.session.grant.refresh_token),
    )


async def end(visit: Visit) -> Response:
    """End one, or all but this one."""
    if not visit.site.sessions.is_fresh(visit.session):
        raise Refusal(code=code_pb2.FAILED_PRECONDITION, sentence=NOT_FRESH)
    chosen, here = str(visit.form.get("session", "")), visit.secret.row()
    only = None if chosen == _ALL else _row(chosen)
    if only == here:
        raise Refusal(code=code_pb2.INVALID_ARGUMENT, sentence=_NONE)
    ended = await visit.site.sessions.end_others(visit.person, but=here, only=only)
    await record_own_end(visit.caller)
    browsers = "browser is" if ended == 1 else "browsers are"
    return visit.to("account/sessions", notice=f"{ended} {browsers} signed out.")


async def stay(_: Visit) -> Response:
    """Say that somebody is there: asking was the visit."""
    return JSONResponse({}, headers={"cache-control": "no-store"})


def _name(session: bytes) -> str:
    return base64.urlsafe_b64encode(session).decode()


def _row(name: str) -> bytes:
    try:
        return base64.b64decode(name, altchars=b"-_", validate=True)
    except ValueError:
        raise Refusal(code=code_pb2.INVALID_ARGUMENT, sentence=_NONE) from None
