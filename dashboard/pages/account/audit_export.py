"""What the filters ask for as a file of JSON Lines, the oldest event first: lines as `paas audit:export` writes them.

A page of events is in memory, and no more: the next is asked for once the one before was taken. It ends at the event
that is the newest when it begins.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

from google.rpc import code_pb2
from paas.audit.v1 import audit_pb2, audit_pb2_grpc
from starlette.responses import Response, StreamingResponse

from dashboard.audit.question import Question
from dashboard.calls import audit as calls
from dashboard.calls.caller import Caller
from dashboard.calls.refusals import Refusal
from dashboard.sessions.session import SignedOut
from dashboard.web.visit import Visit, address_of
from paas_cli.commands.audit.document import document

_PAGE: Final = 500
# What heals is asked for again after these many seconds: a download that breaks begins anew.
_PAUSES: Final = (0.5, 2.0, 5.0, 10.0)
_HEALS: Final = (code_pb2.UNAVAILABLE, code_pb2.DEADLINE_EXCEEDED, code_pb2.RESOURCE_EXHAUSTED)
_MEDIA_TYPE: Final = "application/jsonl"


class Broken(Exception):
    """An export that can't go on. The connection breaks with it, so that no browser takes a part for the whole."""


async def download(visit: Visit) -> Response:
    """Answer with the file."""
    now = datetime.now(UTC)
    question = Question.of(visit.request.query_params)
    request = audit_pb2.ListEventsRequest(page_size=1)
    question.fill(request)
    question.fill_times(request, now=now.timestamp())
    end = 0
    async for page in calls.pages(visit.caller, request):
        if page:
            end = page[0].sequence
            break
    request.page_token, request.page_size, request.oldest_first = "", _PAGE, True
    request.before_sequence = end + 1
    headers = {"content-disposition": f'attachment; filename="audit-{now:%Y%m%dT%H%M%SZ}.jsonl"'}
    return StreamingResponse(_lines(visit, request, is_empty=not end), media_type=_MEDIA_TYPE, headers=headers)


async def _lines(visit: Visit, request: audit_pb2.ListEventsRequest, *, is_empty: bool) -> AsyncIterator[str]:
    while not is_empty:
        answer = await _page(visit, request)
        # Characters that reorder text or end lines stand as they are: as in the file of the command line.
        yield "".join(f"{json.dumps(document(event), ensure_ascii=False)}\n" for event in answer.events)
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


async def _page(visit: Visit, request: audit_pb2.ListEventsRequest) -> audit_pb2.ListEventsResponse:
    for pause in (*_PAUSES, None):
        try:
            caller = await _caller(visit)
            return await caller.call(audit_pb2_grpc.AuditServiceStub(caller.channel).ListEvents, request)
        except SignedOut:
            break
        except Refusal as refusal:
            if pause is None or refusal.code not in _HEALS:
                break
            await asyncio.sleep(pause)
    raise Broken


async def _caller(visit: Visit) -> Caller:
    """Whoever visits, with what is good now: a long log outlasts an access token. Raises SignedOut and Refusal."""
    session = await visit.site.sessions.find(visit.secret)
    return Caller(visit.site.channel, bearer=session.grant.bearer, address=address_of(visit.request))
