"""The audit log of the tenant: asked by what stands in the address, so that a question can be sent to somebody."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

from google.rpc import code_pb2
from paas.audit.v1 import audit_pb2, audit_pb2_grpc
from starlette.responses import Response, StreamingResponse

from dashboard.audit.question import Question
from dashboard.audit.shown import row
from dashboard.calls.refusals import Refusal
from dashboard.pages.account import audit_log
from dashboard.web.visit import Visit
from paas_cli.commands.audit.document import actions

_PAGE: Final = 50
# As large as the contract's number takes, and then some room.
_SEQUENCE: Final = re.compile(r"[0-9]{1,18}")
_NEWEST: Final = audit_pb2.ListEventsRequest(page_size=1)


async def index(visit: Visit) -> Response:
    """Show what the address asks for, the newest first."""
    stub = audit_pb2_grpc.AuditServiceStub(visit.caller.channel)
    question, now = Question.of(visit.request.query_params), datetime.now(UTC)
    request = audit_pb2.ListEventsRequest(page_size=_PAGE, page_token=visit.request.query_params.get("page", ""))
    problem, events, next_page, newest = "", list[audit_pb2.Event](), "", list[audit_pb2.Event]()
    known = asyncio.create_task(audit_log.looked(visit.caller))
    try:
        question.fill(request)
        question.fill_times(request, now=now.timestamp())
        answer = await visit.caller.call(stub.ListEvents, request)
        events, next_page = list(answer.events), answer.next_page_token
        # Where nothing is like that yet, what comes is followed from where the log is now.
        newest = events[:1] or list((await visit.caller.call(stub.ListEvents, _NEWEST)).events)
    except Refusal as refusal:
        if refusal.is_signed_out or refusal.code == code_pb2.PERMISSION_DENIED:
            raise
        problem = refusal.sentence
    finally:
        log = await known
    return visit.page(
        "audit.html",
        status=422 if problem else 200,
        here="audit",
        asked=question.given,
        actions=actions(),
        events=[row(event, now) for event in events],
        next_page=next_page,
        is_first=not request.page_token,
        problem=problem,
        newest=newest[0].sequence if newest else 0,
        log=log,
    )


async def follow(visit: Visit) -> Response:
    """Tell a script of events as they come."""
    caller = visit.caller
    question = Question.of(visit.request.query_params)
    after = visit.request.headers.get("last-event-id") or visit.request.query_params.get("after", "0")
    request = audit_pb2.FollowEventsRequest(after_sequence=int(after) if _SEQUENCE.fullmatch(after) else 0)
    question.fill(request)
    stub = audit_pb2_grpc.AuditServiceStub(caller.channel)

    async def events() -> AsyncIterator[str]:
        try:
            async for answer in visit.while_signed_in(caller.stream(stub.FollowEvents, request)):
                yield f"id: {answer.event.sequence}\ndata: {json.dumps(row(answer.event, datetime.now(UTC)))}\n\n"
        except Refusal as refusal:
            if refusal.code != code_pb2.UNAVAILABLE:
                # A browser asks again by itself, but for what will be refused again.
                yield f"event: refused\ndata: {json.dumps({'sentence': refusal.sentence})}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")
