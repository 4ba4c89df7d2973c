"""What the audit log has of something, as far as the person who looks may read it."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from google.rpc import code_pb2
from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from dashboard.calls.caller import Caller
from dashboard.calls.refusals import Refusal

_NONE: Final = "There is no event of this number that you may see: it is to come, of another app, or its time is over."
_HIGHEST: Final = 2**63 - 2


async def newest(caller: Caller, *, app: str, name: str, action: str, count: int) -> Sequence[audit_pb2.Event] | None:
    """Return the newest events of an action on a name; None where the person may not read the log. Raises Refusal."""
    request = audit_pb2.ListEventsRequest(app=app, name=name, action=action, page_size=count)
    try:
        answer = await caller.call(audit_pb2_grpc.AuditServiceStub(caller.channel).ListEvents, request)
    except Refusal as refusal:
        if refusal.code == code_pb2.PERMISSION_DENIED:
            return None
        raise
    return answer.events


async def event_at(caller: Caller, sequence: int) -> audit_pb2.Event:
    """Return the event at a place of the log. Raises Refusal, as where there is none that the person sees."""
    if not 0 < sequence <= _HIGHEST:
        raise Refusal(code=code_pb2.NOT_FOUND, sentence=_NONE)
    request = audit_pb2.ListEventsRequest(after_sequence=sequence - 1, before_sequence=sequence + 1, page_size=1)
    async for page in pages(caller, request):
        if page:
            return page[0]
    raise Refusal(code=code_pb2.NOT_FOUND, sentence=_NONE)


async def pages(caller: Caller, request: audit_pb2.ListEventsRequest) -> AsyncIterator[Sequence[audit_pb2.Event]]:
    """Yield what a request asks for, page by page; some have nothing. Raises Refusal."""
    stub = audit_pb2_grpc.AuditServiceStub(caller.channel)
    while True:
        answer = await caller.call(stub.ListEvents, request)
        yield answer.events
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


async def get_log(caller: Caller) -> audit_pb2.GetLogResponse:
    """Return what the log is called, who signs it and its checkpoint. Raises Refusal."""
    return await caller.call(audit_pb2_grpc.AuditServiceStub(caller.channel).GetLog, audit_pb2.GetLogRequest())


async def get_receipt(caller: Caller, event_id: str) -> audit_pb2.GetReceiptResponse:
    """Return the proof of an event. Raises Refusal, as where it was not published yet."""
    request = audit_pb2.GetReceiptRequest(event_id=event_id)
    return await caller.call(audit_pb2_grpc.AuditServiceStub(caller.channel).GetReceipt, request)
