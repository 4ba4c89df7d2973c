"""Events."""

from typing import Any

from paas.audit.v1 import audit_pb2 as p

from tests.fakes.platform.state import Platform


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


def follow_events(platform: Platform, request: Any) -> Any:
    platform.more_events.wait(5)
    return (
        p.FollowEventsResponse(event=event)
        for event in matching(platform, request)
        if event.sequence > request.after_sequence
    )


def serve(platform: Platform) -> None:
    """Route the service's methods here."""
    handlers = {
        "ListEvents": list_events,
        "FollowEvents": follow_events,
    }
    platform.serve(p.DESCRIPTOR.services_by_name["AuditService"], handlers)
