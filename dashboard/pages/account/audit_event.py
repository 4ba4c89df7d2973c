"""One event: all that is known of it, and the proof that it is in the log."""

import asyncio
from datetime import UTC, datetime
from typing import Final

from google.rpc import code_pb2
from starlette.responses import Response

from dashboard.audit.proofs import MEDIA_TYPE, file_name, proof_file
from dashboard.audit.shown import facts, row
from dashboard.calls import audit as calls
from dashboard.calls.refusals import Refusal
from dashboard.pages.account.audit_log import looked
from dashboard.web.visit import Visit
from transparency.failures import NotVerified

_NOT_YET: Final = "This event is in no checkpoint yet, so there is no proof of it. Try again in some seconds."


async def show(visit: Visit) -> Response:
    """Show it."""
    sequence = visit.number("sequence")
    event, log = await asyncio.gather(calls.event_at(visit.caller, sequence), looked(visit.caller))
    shown = row(event, datetime.now(UTC))
    return visit.page("audit_event.html", here="audit", event=shown, facts=facts(event), token=event.token_id, log=log)


async def proof(visit: Visit) -> Response:
    """Answer with the file that proves it."""
    sequence = visit.number("sequence")
    event, log = await asyncio.gather(calls.event_at(visit.caller, sequence), looked(visit.caller))
    if log.state is None:
        raise Refusal(code=code_pb2.UNAVAILABLE, sentence=log.sentence)
    if not log.state.has(sequence):
        raise Refusal(code=code_pb2.FAILED_PRECONDITION, sentence=_NOT_YET)
    try:
        content = proof_file(await calls.get_receipt(visit.caller, event.event_id), event.event_id, log.state.policy)
    except NotVerified as error:
        sentence = f"The proof proves nothing, so it is not given: {error}."
        raise Refusal(code=code_pb2.DATA_LOSS, sentence=sentence) from None
    headers = {"content-disposition": f'attachment; filename="{file_name(sequence)}"'}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)
