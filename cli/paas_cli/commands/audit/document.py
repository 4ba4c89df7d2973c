"""An event as JSON, which is the same in a file that is exported, from the command line and from a page."""

from typing import TYPE_CHECKING

from paas_cli.terminal import times

if TYPE_CHECKING:
    from paas.audit.v1.audit_pb2 import Event

OUTCOMES = {1: "ok", 2: "denied", 3: "failed"}


def actions() -> list[str]:
    """The actions there are, as the contract names them: `secrets.get` for ACTION_SECRETS_GET."""
    from paas.audit.v1 import audit_pb2

    names = (name.removeprefix("ACTION_").lower() for name, number in audit_pb2.Action.items() if number)
    return sorted(name.replace("_", ".", 1) for name in names)


def document(event: "Event") -> dict[str, object]:
    """The event as JSON shows it."""
    return {
        "id": event.event_id,
        "sequence": event.sequence,
        "occurred_at": times.or_null(event.occurred_at),
        "recorded_at": times.or_null(event.recorded_at),
        "action": event.action,
        "actor": event.actor,
        "on_behalf_of": event.on_behalf_of or None,
        "token_id": event.token_id or None,
        "maker": event.maker or None,
        "app": event.app or None,
        "targets": list(event.targets),
        "target_tokens": [{"id": token.token_id, "maker": token.maker or None} for token in event.target_tokens],
        "version": event.version or None,
        "outcome": OUTCOMES.get(event.outcome, "unknown"),
        "reason": event.reason or None,
        "repeats": event.repeats,
        "repeats_seconds": event.repeats_seconds or None,
        "request_id": event.request_id or None,
        "client_address": event.client_address or None,
        "service": event.service or None,
    }
