"""Events, and the log of them that others verify."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from google.api.httpbody_pb2 import HttpBody
from paas.audit.v1 import audit_pb2 as p

from tests.fakes.gateway import Fault
from tests.fakes.platform.state import Platform
from tests.fixtures.written_log import WrittenLog
from transparency import canonical
from transparency.canonical import Json
from transparency.merkle.proofs import inclusion_proof
from transparency.receipts import Receipt, parsed


def matching(platform: Platform, request: Any) -> list[p.Event]:
    return [
        event
        for event in platform.events
        if request.app in ("", event.app)
        and request.action in ("", event.action)
        and request.actor in ("", event.actor, event.on_behalf_of, event.maker)
        and request.name in ("", *event.targets)
        and request.outcome in (0, event.outcome)
        and not (request.people_only and event.actor.startswith("service:") and not event.on_behalf_of)
    ]


def list_events(platform: Platform, request: Any) -> Any:
    """At most two a page, however many are asked for, and now and then none."""
    found = [
        event
        for event in matching(platform, request)[:: 1 if request.oldest_first else -1]
        if event.sequence > request.after_sequence
        and (platform.dropped is None or event.sequence >= platform.dropped.first_kept)
        and event.sequence < (request.before_sequence or event.sequence + 1)
        and (not request.HasField("since") or event.recorded_at.seconds >= request.since.seconds)
        and (not request.HasField("until") or event.recorded_at.seconds < request.until.seconds)
    ]
    if found and not request.page_token and platform.first_page_is_empty:
        return p.ListEventsResponse(next_page_token="0")
    if platform.after_pages:
        platform.after_pages.pop(0)()
    start = int(request.page_token or 0)
    end = start + min(request.page_size or 50, 2)
    return p.ListEventsResponse(events=found[start:end], next_page_token=str(end) if end < len(found) else "")


def summarize_events(platform: Platform, request: Any) -> Any:
    """Two sums a part, so that whoever asks has to go on, and to add up what it gets."""
    found: list[p.EventSum] = []
    for event in platform.events:
        if (
            event.action not in request.actions
            or request.app not in ("", event.app)
            or request.actor not in ("", event.actor, event.on_behalf_of, event.maker)
            or request.token_id not in ("", event.token_id)
            or request.outcome not in (0, event.outcome)
            or (request.HasField("since") and event.recorded_at.seconds < request.since.seconds)
            or (request.HasField("until") and event.recorded_at.seconds >= request.until.seconds)
        ):
            continue
        same: dict[str, Any] = {
            "action": event.action, "outcome": event.outcome, "count": 1, "first_at": event.occurred_at,
            "last_at": event.occurred_at, "version": event.version,
            "client_addresses": [event.client_address] if event.client_address else [],
            "address_count": 1 if event.client_address else 0,
        }  # fmt: skip
        made = [token.token_id for token in event.target_tokens]
        found += [
            p.EventSum(
                app=event.app,
                app_id=event.app_id,
                name=name,
                target_token_id=made[at] if at < len(made) else "",
                **same,
            )
            for at, name in enumerate(event.targets or [""])
        ]
        found.append(
            p.EventSum(
                actor=event.actor,
                on_behalf_of=event.on_behalf_of,
                maker=event.maker,
                token_id=event.token_id,
                **same,
            )
        )
    start = int(request.page_token or 0)
    more = start + 2 < len(found)
    return p.SummarizeEventsResponse(sums=found[start : start + 2], next_page_token=str(start + 2) if more else "")


def follow_events(platform: Platform, request: Any) -> Any:
    platform.more_events.wait(5)
    return (
        p.FollowEventsResponse(event=event)
        for event in matching(platform, request)
        if event.sequence > request.after_sequence
        and (platform.dropped is None or event.sequence >= platform.dropped.first_kept)
    )


def entry_of(event: p.Event) -> bytes:
    """An event as the log has it; what a test asks about."""
    content: dict[str, Json] = {
        "action": event.action,
        "actor": event.actor,
        "app": event.app,
        "event_id": event.event_id,
        "occurred_at": "2026-05-08T13:42:00.000000Z",
        "outcome": "ok",
        "sequence": str(event.sequence),
        "targets": list(event.targets),
        "tenant": "acme",
        "version": str(event.version) if event.action == "audit.retain" else "",
    }
    return canonical.encoded({name: value for name, value in content.items() if value})


def publish(platform: Platform) -> WrittenLog:
    """The log with everything that has happened so far."""
    if new := platform.events[platform.log.size :]:
        platform.log.grow([entry_of(event) for event in new])
    return platform.log


def get_log(platform: Platform, _: Any) -> Any:
    log = publish(platform)
    if not log.size:
        raise Fault(5, "The audit log has no event yet.")
    answer = p.GetLogResponse(
        origin=log.key.name, keys=[key.text for key in log.keys], checkpoint=log.files["checkpoint"], first_kept=1
    )
    if platform.dropped is not None:
        answer.MergeFrom(platform.dropped)
    return answer


def retain(platform: Platform, up_to: int) -> None:
    """Tell in the log that events up to a sequence are dropped, and drop them."""
    platform.record("audit.retain", "", "400d")
    told = platform.events[-1]
    told.version = up_to
    publish(platform)
    platform.dropped = p.GetLogResponse(first_kept=up_to + 1, told_in=told.sequence)
    platform.dropped.dropped_before.FromJsonString("2026-05-01T00:00:00Z")
    platform.dropped.dropped_at.FromJsonString("2027-06-05T00:00:00Z")
    for index in range(up_to // 256):
        del platform.log.files[f"tile/entries/{index:03d}"]


def read_log_file(platform: Platform, request: Any) -> Iterator[p.ReadLogFileResponse]:
    if platform.is_limited_to_apps and request.path.startswith("tile/entries/"):
        raise Fault(7, "The log's entries are of all apps, and this token is limited to some.")
    if request.path not in platform.log.files:
        raise Fault(5, "The audit log has no file at this path.")
    content = platform.log.files[request.path]
    pieces = (content[:1000], content[1000:])
    return iter([p.ReadLogFileResponse(body=HttpBody(data=piece)) for piece in pieces])


def get_receipt(platform: Platform, request: Any) -> Any:
    log = publish(platform)
    found = next((event for event in platform.events if event.event_id == request.event_id), None)
    if found is None:
        raise Fault(5, "There is no such event, or you may not see it.")
    index = found.sequence - 1
    proof = inclusion_proof(index, log.size, log.trusted_reader().hashes)
    receipt = Receipt(index, tuple(proof), log.files["checkpoint"])
    return p.GetReceiptResponse(entry=entry_of(found), receipt=receipt.encoded())


def proof_of(platform: Platform, event_id: str) -> bytes:
    """What `--proof` writes of an event."""
    answer = get_receipt(platform, p.GetReceiptRequest(event_id=event_id))
    return replace(parsed(answer.receipt), extra=answer.entry).encoded()


def serve(platform: Platform) -> None:
    """Route the service's methods here."""
    handlers = {
        "ListEvents": list_events,
        "FollowEvents": follow_events,
        "SummarizeEvents": summarize_events,
        "GetLog": get_log,
        "ReadLogFile": read_log_file,
        "GetReceipt": get_receipt,
    }
    platform.serve(p.DESCRIPTOR.services_by_name["AuditService"], handlers)
