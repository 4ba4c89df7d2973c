"""What could have been read by a token, a person, or anybody in a time, and what is left to do. It changes nothing.

The rules, and what is asked of whom, are those of `paas incident`; the calls are the visitor's own.
"""

from datetime import UTC, datetime
from urllib.parse import urlencode

from google.rpc import code_pb2
from starlette.responses import Response

from dashboard.calls.refusals import Refusal
from dashboard.calls.waiting import in_thread
from dashboard.incident import asked as asking
from dashboard.incident.shown import MOST, shown
from dashboard.web.visit import Visit
from paas_cli.errors import Failure
from paas_cli.incident.asking import facts


async def show(visit: Visit) -> Response:
    """Show what the address asks about; without anything, ask."""
    query = visit.request.query_params
    if not any(query.get(field, "").strip() for field in asking.FIELDS):
        return _page(visit, {})
    given = asking.given(query)
    try:
        question = asking.question(given, now=datetime.now(UTC).timestamp())
        found = await in_thread(visit.caller, lambda waiting: facts(waiting, question))
    except Failure as failure:  # nothing is known of such a token or person
        return _page(visit, given, problem=failure.sentence, status=404)
    except Refusal as refusal:
        if refusal.code != code_pb2.INVALID_ARGUMENT:
            raise
        return _page(visit, given, problem=refusal.sentence, status=refusal.http_status)
    return visit.page("incident.html", here="audit", asked=given, problem="", incident=shown(found), most=MOST)


async def ask(visit: Visit) -> Response:
    """Take what was filled in to an address that can be sent to somebody. It comes as a form, since it may be a secret
    that was pasted into the wrong field: that comes into no address.
    """
    try:
        given = asking.given(visit.form)
        asking.question(given, now=datetime.now(UTC).timestamp())
    except Refusal as refusal:
        return _page(visit, {}, problem=refusal.sentence, status=refusal.http_status)
    return visit.to(f"account/incident?{urlencode(given)}")


def _page(visit: Visit, given: dict[str, str], *, problem: str = "", status: int = 200) -> Response:
    return visit.page(
        "incident.html", status=status, here="audit", asked=given, problem=problem, incident=None, most=MOST
    )
