"""Events."""

from typing import Any

from paas.audit.v1 import audit_pb2 as p

from tests.fakes.platform.state import Platform


def matching(platform: Platform, request: Any) -> list[p.Event]:
    return [
        event
        for event in platform.events
        if request.app in ("", event.app) and getattr(request, "action", "") in ("", event.action)
    ]


def list_events(platform: Platform, request: Any) -> Any:
    newest_first = matching(platform, request)[::-1]
    start = int(request.page_token or 0)
    end = start + min(request.page_size or 50, 2)
    token = str(end) if end < len(newest_first) else ""
    return p.ListEventsResponse(events=newest_first[start:end], next_page_token=token)


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
