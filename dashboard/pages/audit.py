"""The audit log of the tenant: asked by what stands in the address, so that a question can be sent to somebody."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from google.rpc import code_pb2
from paas.audit.v1 import audit_pb2, audit_pb2_grpc
from starlette.datastructures import QueryParams
from starlette.responses import Response, StreamingResponse

from dashboard.calls.apps import when
from dashboard.calls.refusals import Refusal
from dashboard.web.visit import Visit
from paas_cli.errors import Misuse
from paas_cli.moments import moment

_PAGE: Final = 50
# As large as the contract's number takes, and then some room.
_SEQUENCE: Final = re.compile(r"[0-9]{1,18}")
_NEWEST: Final = audit_pb2.ListEventsRequest(page_size=1)
_OUTCOMES: Final = {
    "ok": audit_pb2.OUTCOME_OK,
    "denied": audit_pb2.OUTCOME_DENIED,
    "failed": audit_pb2.OUTCOME_FAILED,
}
FIELDS: Final = ("app", "name", "action", "actor", "outcome", "since", "until", "people")


def actions() -> list[str]:
    """All actions there are, as the contract has them."""
    names = (name.removeprefix("ACTION_").lower() for name, number in audit_pb2.Action.items() if number)
    return sorted(name.replace("_", ".", 1) for name in names)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of the log, as it stands in the address."""

    given: Mapping[str, str]

    @classmethod
    def of(cls, query: QueryParams) -> "Question":
        """What an address asks; what it has beside that is not asked."""
        return cls(given={field: query.get(field, "").strip() for field in FIELDS if query.get(field, "").strip()})

    def fill(self, request: Any) -> None:
        """Fill in a request that lists or follows. Raises Refusal naming what can't be asked."""
        given = self.given
        request.app, request.name = given.get("app", ""), given.get("name", "")
        request.action, request.actor = given.get("action", ""), _actor(given.get("actor", ""))
        request.people_only = given.get("people") == "1"
        if "outcome" in given:
            if given["outcome"] not in _OUTCOMES:
                raise _refused("An outcome is ok, denied or failed.")
            request.outcome = _OUTCOMES[given["outcome"]]

    def fill_times(self, request: audit_pb2.ListEventsRequest) -> None:
        """Fill in from when until when. Raises Refusal naming what is no time."""
        now = datetime.now(UTC).timestamp()
        for field, asked in (("since", request.since), ("until", request.until)):
            if field in self.given:
                try:
                    asked.FromDatetime(moment(self.given[field], option=field.capitalize(), now=now))
                except Misuse as misuse:
                    raise _refused(str(misuse)) from None


async def index(visit: Visit) -> Response:
    """Show what the address asks for, the newest first."""
    stub = audit_pb2_grpc.AuditServiceStub(visit.caller.channel)
    question = Question.of(visit.request.query_params)
    request = audit_pb2.ListEventsRequest(page_size=_PAGE, page_token=visit.request.query_params.get("page", ""))
    problem, events, next_page, newest = "", list[audit_pb2.Event](), "", list[audit_pb2.Event]()
    try:
        question.fill(request)
        question.fill_times(request)
        answer = await visit.caller.call(stub.ListEvents, request)
        events, next_page = list(answer.events), answer.next_page_token
        # Where nothing is like that yet, what comes is followed from where the log is now.
        newest = events[:1] or list((await visit.caller.call(stub.ListEvents, _NEWEST)).events)
    except Refusal as refusal:
        if refusal.is_signed_out or refusal.code == code_pb2.PERMISSION_DENIED:
            raise
        problem = refusal.sentence
    return visit.page(
        "audit.html",
        status=422 if problem else 200,
        here="audit",
        asked=question.given,
        actions=actions(),
        events=list(map(shown, events)),
        next_page=next_page,
        is_first=not request.page_token,
        problem=problem,
        newest=newest[0].sequence if newest else 0,
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
                yield f"id: {answer.event.sequence}\ndata: {json.dumps(shown(answer.event))}\n\n"
        except Refusal as refusal:
            if refusal.code != code_pb2.UNAVAILABLE:
                # A browser asks again by itself, but for what will be refused again.
                yield f"event: refused\ndata: {json.dumps({'sentence': refusal.sentence})}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


def shown(event: audit_pb2.Event) -> dict[str, Any]:
    """An event as the table shows it, in text alone."""
    actor = event.actor if not event.maker else f"{event.actor} ({event.maker.removeprefix('user:')})"
    return {
        "sequence": event.sequence,
        "event_id": event.event_id,
        "at": when(event.occurred_at).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "action": event.action,
        "actor": actor.removeprefix("user:"),
        "for": event.on_behalf_of.removeprefix("user:"),
        "app": event.app,
        "targets": list(event.targets),
        "outcome": audit_pb2.Outcome.Name(event.outcome).removeprefix("OUTCOME_").lower(),
        "address": event.client_address,
        "version": event.version,
        "repeats": event.repeats,
    }


def _actor(given: str) -> str:
    """What has no kind before it is a person, as on the command line."""
    return f"user:{given}" if given and ":" not in given else given


def _refused(sentence: str) -> Refusal:
    return Refusal(code=code_pb2.INVALID_ARGUMENT, sentence=sentence)
