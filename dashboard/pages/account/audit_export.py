"""What the filters ask for as a file of JSON Lines, the oldest event first, up to the newest when it begins."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

from paas.audit.v1 import audit_pb2, audit_pb2_grpc
from starlette.responses import Response, StreamingResponse

from dashboard.audit.exporting import lines
from dashboard.audit.question import Question
from dashboard.calls import audit as calls
from dashboard.calls.caller import Caller
from dashboard.web.strangers import address_of
from dashboard.web.visit import Visit

_PAGE: Final = 500
_MEDIA_TYPE: Final = "application/jsonl"


async def download(visit: Visit) -> Response:
    """Answer with the file."""
    now = datetime.now(UTC)
    question = Question.of(visit.request.query_params)
    request = audit_pb2.ListEventsRequest(page_size=1)
    question.fill(request)
    question.fill_times(request, now=now.timestamp())
    end = await _newest(visit, request)
    request.page_token, request.page_size, request.oldest_first = "", _PAGE, True
    request.before_sequence = end + 1

    async def ask(page: audit_pb2.ListEventsRequest) -> audit_pb2.ListEventsResponse:
        # With what is good now: a long log outlasts an access token.
        session = await visit.site.sessions.find(visit.secret)
        caller = Caller(visit.site.channel, bearer=session.grant.bearer, address=address_of(visit.request))
        return await caller.call(audit_pb2_grpc.AuditServiceStub(caller.channel).ListEvents, page)

    headers = {"content-disposition": f'attachment; filename="audit-{now:%Y%m%dT%H%M%SZ}.jsonl"'}
    content = lines(ask, request) if end else _nothing()
    return StreamingResponse(content, media_type=_MEDIA_TYPE, headers=headers)


async def _newest(visit: Visit, request: audit_pb2.ListEventsRequest) -> int:
    """The sequence of the newest event that is asked for, 0 where there is none. Raises Refusal."""
    async for page in calls.pages(visit.caller, request):
        if page:
            return page[0].sequence
    return 0


async def _nothing() -> AsyncIterator[str]:
    yield ""
