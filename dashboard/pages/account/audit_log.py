"""What the log stands for: its checkpoint, who cosigned it, and what of it was dropped when its time was over."""

from dataclasses import dataclass
from typing import Final

from google.rpc import code_pb2
from paas.audit.v1.audit_pb2 import Event
from starlette.responses import Response

from dashboard.audit.checkpoint import LogState, log_state
from dashboard.calls import audit as calls
from dashboard.calls.caller import Caller
from dashboard.calls.refusals import Refusal
from dashboard.calls.waiting import in_thread
from dashboard.web.visit import Visit
from paas_cli.log.dropped import check_told
from transparency.failures import NotVerified

_NOT_YET: Final = "Nothing of the log was published yet; a checkpoint comes some seconds after the first event."
_LIMITED: Final = "Whether the log says so is not verified: you are limited to some apps, and its entries are of all."


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What came of looking at the log. Without a state the sentence says why; `is_bad` where it can't be believed."""

    state: LogState | None = None
    sentence: str = ""
    is_bad: bool = False


async def looked(caller: Caller) -> Looked:
    """Look at the log. Raises Refusal where the visitor may not; what else keeps one from it is told."""
    try:
        state = log_state(await calls.get_log(caller))
    except Refusal as refusal:
        if refusal.is_signed_out or refusal.code == code_pb2.PERMISSION_DENIED:
            raise
        if refusal.code == code_pb2.NOT_FOUND:
            return Looked(sentence=_NOT_YET)
        return Looked(sentence=f"The checkpoint can't be shown: {refusal.sentence}")
    except NotVerified as error:
        return Looked(sentence=f"The audit log can't be believed: {error}.", is_bad=True)
    return Looked(state=state, sentence="" if state is not None else _NOT_YET)


async def show(visit: Visit) -> Response:
    """Show all there is to know of it."""
    log = await looked(visit.caller)
    told, is_told = await _told(visit.caller, log.state)
    last = await _last(visit, log.state)
    return visit.page("audit_log.html", here="audit", log=log, last=last, dropped_told=told, is_told=is_told)


async def _last(visit: Visit, state: LogState | None) -> Event | None:
    """The last event of a checkpoint, which was signed after it; None where the visitor may not see that one."""
    if state is None or not state.checkpoint.size:
        return None
    try:
        return await calls.event_at(visit.caller, state.checkpoint.size)
    except Refusal as refusal:
        if refusal.code != code_pb2.NOT_FOUND:
            raise
        return None


async def _told(caller: Caller, state: LogState | None) -> tuple[str, bool]:
    """Whether the log itself says what is said to be dropped of it: a sentence, and whether it does."""
    if state is None or state.dropped is None:
        return "", True
    dropped, checkpoint = state.dropped, state.checkpoint
    try:
        await in_thread(caller, lambda waiting: check_told(dropped, checkpoint, waiting.file))
    except NotVerified as error:
        return f"That can't be believed: {error}.", False
    except Refusal as refusal:
        return (_LIMITED if refusal.code == code_pb2.PERMISSION_DENIED else refusal.sentence), False
    return f"Event {dropped.told_in + 1:,} of the log says so, and the hashes of all are kept.", True
