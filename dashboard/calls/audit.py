"""What the audit log has of something, as far as the person who looks may read it."""

from collections.abc import Sequence

from google.rpc import code_pb2
from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from dashboard.calls.caller import Caller
from dashboard.calls.refusals import Refusal


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
