"""Between protos and the rules: one short method per RPC."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from google.api import httpbody_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from paaskit.access import current_caller, current_user
from paaskit.errors import FieldViolation, InvalidInput
from paaskit.paging import Pages, page_size
from services.audit.domain import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, AuditLog
from services.audit.event import Event, Report
from services.audit.publishing.readers import PublishedLogs
from services.audit.selection import Selection
from services.audit.sight import Reader, check_may_read_file, visible
from services.audit.summaries.asked import Place, Question, Sum
from services.audit.summaries.summaries import Summaries

# Bytes of a file in one message; the gateway keeps no more than some of them.
_PIECE: Final = 64 * 1024
_FILE_TYPE: Final = "application/octet-stream"
_LIST, _LIST_OLDEST_FIRST = "ListEvents", "ListEvents, oldest first"
_SUMMARIZE: Final = "SummarizeEvents"
# The seconds a Timestamp may have (google/protobuf/timestamp.proto): years 1 to 9999.
_YEAR_1 = -62_135_596_800
_YEAR_9999 = 253_402_300_799


class AuditServicer(audit_pb2_grpc.AuditServiceServicer):
    """What users call."""

    def __init__(self, audit_log: AuditLog, summaries: Summaries, published: PublishedLogs, pages: Pages) -> None:
        self._log = audit_log
        self._summaries = summaries
        self._published = published
        self._pages = pages

    async def ListEvents(self, request: audit_pb2.ListEventsRequest, context: Any) -> audit_pb2.ListEventsResponse:
        """List events, newest first unless asked otherwise."""
        user = current_user()
        selection = replace(
            _selection(request, user.app_ids), since=_moment(request, "since"), until=_moment(request, "until")
        )
        method = _LIST_OLDEST_FIRST if request.oldest_first else _LIST
        (place,) = self._pages.open(method, user.tenant, request.page_token, int) or (None,)
        found = await self._log.page(
            user.tenant,
            selection,
            limit=page_size(request.page_size, default=DEFAULT_PAGE_SIZE, most=MAX_PAGE_SIZE),
            after=max(request.after_sequence, place or 0) if request.oldest_first else request.after_sequence,
            before=request.before_sequence or None if request.oldest_first or place is None else place,
            oldest_first=request.oldest_first,
        )
        return audit_pb2.ListEventsResponse(
            events=[_to_proto(event) for event in found.events],
            next_page_token="" if found.end is None else self._pages.seal(method, user.tenant, found.end),
        )

    async def FollowEvents(
        self, request: audit_pb2.FollowEventsRequest, context: Any
    ) -> AsyncIterator[audit_pb2.FollowEventsResponse]:
        """Send events as they come."""
        user = current_user()
        selection = _selection(request, user.app_ids)
        async for event in self._log.follow(user.tenant, selection, after=request.after_sequence):
            yield audit_pb2.FollowEventsResponse(event=_to_proto(event))

    async def SummarizeEvents(
        self, request: audit_pb2.SummarizeEventsRequest, context: Any
    ) -> audit_pb2.SummarizeEventsResponse:
        """Sum up the next part of what is asked for."""
        user = current_user()
        place = self._pages.open(_SUMMARIZE, user.tenant, request.page_token, int, int, int)
        sums, more = await self._summaries.page(
            user.tenant,
            _question(request, limited_to=user.app_ids),
            None if place is None else Place(after=place[0], end=place[1], reach=place[2]),
        )
        return audit_pb2.SummarizeEventsResponse(
            sums=[_sum_to_proto(each) for each in sums],
            next_page_token=""
            if more is None
            else self._pages.seal(_SUMMARIZE, user.tenant, more.after, more.end, more.reach),
        )

    async def GetLog(self, request: audit_pb2.GetLogRequest, context: Any) -> audit_pb2.GetLogResponse:
        """Say what the log is called and how far it was published."""
        log = await self._published.describe(current_user().tenant)
        answer = audit_pb2.GetLogResponse(origin=log.origin, keys=log.keys, checkpoint=log.checkpoint, first_kept=1)
        if log.dropped is not None:
            answer.first_kept, answer.told_in = log.dropped.up_to + 1, log.dropped.told_in
            answer.dropped_before.FromDatetime(log.dropped.before)
            answer.dropped_at.FromDatetime(log.dropped.at)
        return answer

    async def ReadLogFile(
        self, request: audit_pb2.ReadLogFileRequest, context: Any
    ) -> AsyncIterator[audit_pb2.ReadLogFileResponse]:
        """Send a file of the log."""
        user = current_user()
        check_may_read_file(request.path, app_ids=user.app_ids)
        content = await self._published.read(user.tenant, request.path)
        for at in range(0, len(content), _PIECE):
            piece = httpbody_pb2.HttpBody(content_type=_FILE_TYPE, data=content[at : at + _PIECE])
            yield audit_pb2.ReadLogFileResponse(body=piece)

    async def GetReceipt(self, request: audit_pb2.GetReceiptRequest, context: Any) -> audit_pb2.GetReceiptResponse:
        """Prove that an event is in the log."""
        user = current_user()
        reader = Reader(permissions=user.permissions, app_ids=user.app_ids, credential=user.origin.credential)
        event = visible(await self._published.find(user.tenant, request.event_id), reader)
        entry, receipt = await self._published.receipt(event)
        return audit_pb2.GetReceiptResponse(entry=entry, receipt=receipt)


class AuditInternalServicer(audit_pb2_grpc.AuditInternalServiceServicer):
    """What services call."""

    def __init__(self, audit_log: AuditLog) -> None:
        self._log = audit_log

    async def AppendEvents(
        self, request: audit_pb2.AppendEventsRequest, context: Any
    ) -> audit_pb2.AppendEventsResponse:
        """Append events in order."""
        await self._log.append([report_from(event) for event in request.events], service=current_caller().service)
        return audit_pb2.AppendEventsResponse()


def known_actions() -> frozenset[str]:
    """Return the actions that the contract names: `secrets.get` for ACTION_SECRETS_GET."""
    names = (name.removeprefix("ACTION_").lower() for name, number in audit_pb2.Action.items() if number)
    return frozenset(name.replace("_", ".", 1) for name in names)


def _selection(
    request: audit_pb2.ListEventsRequest | audit_pb2.FollowEventsRequest, app_ids: frozenset[str] | None
) -> Selection:
    return Selection(
        app=request.app,
        action=request.action,
        actor=request.actor,
        name=request.name,
        outcome=request.outcome,
        people_only=request.people_only,
        app_ids=app_ids,
    )


def _question(request: audit_pb2.SummarizeEventsRequest, *, limited_to: frozenset[str] | None) -> Question:
    selection = Selection(
        app=request.app,
        actor=request.actor,
        outcome=request.outcome,
        since=_moment(request, "since"),
        until=_moment(request, "until"),
        app_ids=limited_to,
    )
    return Question(selection=selection, actions=list(request.actions), token_id=request.token_id)


def _moment(request: audit_pb2.ListEventsRequest | audit_pb2.SummarizeEventsRequest, field: str) -> datetime | None:
    """Return a time that bounds a list, None where it is not given. Raises InvalidInput for one that is none."""
    if not request.HasField(field):  # type: ignore[arg-type]  # the names of fields are literals there
        return None
    if (moment := _time(getattr(request, field))) is None:
        raise InvalidInput(
            f"{field} is a time of the years 1 to 9999.", fields=[FieldViolation(field, "is no time of these years")]
        )
    return moment


def report_from(event: audit_pb2.Event) -> Report:
    """Return what a service reports; what only this service may say is left out of it."""
    return Report(
        event_id=event.event_id,
        tenant=event.tenant,
        occurred_at=_time(event.occurred_at) if event.HasField("occurred_at") else None,
        action=event.action,
        actor=event.actor,
        outcome=event.outcome,
        on_behalf_of=event.on_behalf_of,
        app=event.app,
        app_id=event.app_id,
        targets=tuple(event.targets),
        version=event.version,
        request_id=event.request_id,
        client_address=event.client_address,
        token_id=event.token_id,
        maker=event.maker,
        target_tokens=tuple((each.token_id, each.maker) for each in event.target_tokens),
        repeats=event.repeats,
        repeats_seconds=event.repeats_seconds,
        reason=event.reason,
    )


def _time(timestamp: Timestamp) -> datetime | None:
    """Return the time to the microsecond, which is what PostgreSQL keeps; None where it is no time at all."""
    if not _YEAR_1 <= timestamp.seconds <= _YEAR_9999 or not 0 <= timestamp.nanos < 1_000_000_000:
        return None
    return timestamp.ToDatetime(tzinfo=UTC)


def _sum_to_proto(each: Sum) -> audit_pb2.EventSum:
    return audit_pb2.EventSum(
        action=each.action,
        outcome=audit_pb2.Outcome.ValueType(each.outcome),
        app=each.app,
        app_id=each.app_id,
        name=each.name,
        target_token_id=each.target_token_id,
        actor=each.actor,
        on_behalf_of=each.on_behalf_of,
        maker=each.maker,
        token_id=each.token_id,
        count=each.events,
        first_at=_timestamp(each.first_at),
        last_at=_timestamp(each.last_at),
        version=each.version,
        client_addresses=each.addresses,
        address_count=each.address_count,
    )


def _timestamp(microseconds: int) -> Timestamp:
    seconds, rest = divmod(microseconds, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def _to_proto(event: Event) -> audit_pb2.Event:
    report = event.report
    message = audit_pb2.Event(
        event_id=report.event_id,
        tenant=report.tenant,
        sequence=event.sequence,
        action=report.action,
        actor=report.actor,
        on_behalf_of=report.on_behalf_of,
        app=report.app,
        app_id=report.app_id,
        targets=report.targets,
        version=report.version,
        outcome=audit_pb2.Outcome.ValueType(report.outcome),
        request_id=report.request_id,
        client_address=report.client_address,
        service=event.service,
        token_id=report.token_id,
        maker=report.maker,
        target_tokens=[
            audit_pb2.TargetToken(token_id=token_id, maker=maker) for token_id, maker in report.target_tokens
        ],
        repeats=report.repeats,
        repeats_seconds=report.repeats_seconds,
        reason=report.reason,
    )
    if report.occurred_at is not None:
        message.occurred_at.FromDatetime(report.occurred_at)
    message.recorded_at.FromDatetime(event.recorded_at)
    return message
