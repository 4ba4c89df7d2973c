"""An event as a row of the table has it, and as its own page does, with all that is known of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from google.protobuf.timestamp_pb2 import Timestamp
from paas.audit.v1 import audit_pb2

from dashboard.calls.apps import when
from dashboard.web.times import dated, exact


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that an event says. `path` is where more is shown, below the prefix; empty for nowhere."""

    word: str
    text: str
    path: str = ""
    is_code: bool = False


def row(event: audit_pb2.Event, now: datetime) -> dict[str, Any]:
    """An event as the table shows it at a time, in text alone."""
    actor = event.actor if not event.maker else f"{event.actor} ({event.maker.removeprefix('user:')})"
    return {
        "sequence": event.sequence,
        "event_id": event.event_id,
        "at": exact(when(event.occurred_at)),
        "dated": dated(when(event.occurred_at), now),
        "action": event.action,
        "actor": actor.removeprefix("user:"),
        "for": event.on_behalf_of.removeprefix("user:"),
        "app": event.app,
        "targets": list(event.targets),
        "outcome": outcome(event),
        "address": event.client_address,
        "version": event.version,
        "repeats": event.repeats,
        "reason": event.reason,
    }


def outcome(event: audit_pb2.Event) -> str:
    """`ok`, `denied` or `failed`."""
    return audit_pb2.Outcome.Name(event.outcome).removeprefix("OUTCOME_").lower()


def facts(event: audit_pb2.Event) -> list[Fact]:
    """All that an event says, in the order in which people ask: when, who, what, how it went, how it is told apart."""
    found = [
        Fact(word="Happened", text=exactly(event.occurred_at)),
        Fact(word="Recorded", text=exactly(event.recorded_at)),
        Fact(word="Action", text=event.action, path=_log(action=event.action), is_code=True),
        Fact(word="Who", text=event.actor, path=_log(actor=event.actor)),
        Fact(word="For", text=event.on_behalf_of, path=_log(actor=event.on_behalf_of)),
        Fact(word="Its token was made by", text=event.maker, path=_log(actor=event.maker)),
        Fact(word="With the token", text=event.token_id, is_code=True),
        Fact(word="From", text=event.client_address, is_code=True),
        Fact(word="App", text=event.app, path=f"apps/{event.app}"),
        Fact(word="App id", text=event.app_id, is_code=True),
        *_targets(event),
        Fact(word="Version", text=str(event.version or "")),
        Fact(word="Outcome", text=outcome(event)),
        Fact(word="Reason given", text=event.reason),
        Fact(word="And the same again", text=_repeats(event)),
        Fact(word="Request", text=event.request_id, is_code=True),
        Fact(word="Reported by", text=event.service),
        Fact(word="Event id", text=event.event_id, is_code=True),
        Fact(word="Sequence", text=str(event.sequence)),
        Fact(word="Tenant", text=event.tenant),
    ]
    return [fact for fact in found if fact.text]


def exactly(stamp: Timestamp) -> str:
    """ISO 8601 in UTC, to the microsecond, which is what the log has; empty for no time."""
    return when(stamp).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if stamp.seconds else ""


def _targets(event: audit_pb2.Event) -> list[Fact]:
    found = []
    for index, name in enumerate(event.targets):
        token = event.target_tokens[index] if index < len(event.target_tokens) else audit_pb2.TargetToken()
        maker = f"made by {token.maker.removeprefix('user:')}" if token.maker else ""
        more = ", ".join(filter(None, (f"token {token.token_id}" if token.token_id else "", maker)))
        # The word stands once, before the first of them.
        text = f"{name} ({more})" if more else name
        found.append(Fact(word="" if index else "To", text=text, path=_log(name=name), is_code=True))
    return found


def _repeats(event: audit_pb2.Event) -> str:
    return f"{event.repeats:,} times within {event.repeats_seconds:,} seconds" if event.repeats else ""


def _log(**asked: str) -> str:
    return f"account/audit?{urlencode(asked)}"
