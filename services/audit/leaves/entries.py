"""The entry of an event in its tenant's log, which others read and verify: JSON with one spelling (RFC 8785).

What is written here is hashed and signed, so it is final: a name may come in, for what no event before could have, and
nothing else may change. docs/transparency.md describes it for who writes a reader.
"""

from datetime import UTC, datetime
from typing import Final

from services.audit.event import Event, Outcome, Report
from transparency import canonical
from transparency.canonical import Json
from transparency.encoding import LARGEST
from transparency.tiles.bundles import LONGEST_ENTRY

_LEFT_OUT: Final = ("targets", "target_tokens")
# A control character is six in JSON; around each text there are quotes, a comma and, for a token's, two names.
_MOST_ESCAPED: Final = 6
_PUNCTUATION: Final = 8


def entry_of(event: Event) -> bytes:
    """Return an event as its log has it, at most 65,535 bytes for what `domain.check_reports` accepts now.

    What is empty or 0 is left out. Numbers are strings, since some have 64 bits (RFC 8785, appendix D). Times have six
    digits of a second. One that was accepted before there was a log may be longer: it says how many of its names are
    left out.
    """
    content = _content(event)
    entry = canonical.encoded(content)
    if len(entry) <= LONGEST_ENTRY:
        return entry
    shorter = {name: value for name, value in content.items() if name not in _LEFT_OUT}
    return canonical.encoded({**shorter, "targets_left_out": str(len(event.report.targets))})


def fits(report: Report) -> bool:
    """Whether the entry of a report has all of it, wherever in the log it comes to be."""
    texts = (*report.targets, *(text for pair in report.target_tokens for text in pair))
    if _MOST_ESCAPED * sum(len(text.encode()) + _PUNCTUATION for text in texts) < LONGEST_ENTRY // 2:
        return True
    latest = datetime(9999, 12, 31, tzinfo=UTC)
    return (
        len(canonical.encoded(_content(Event(report=report, sequence=LARGEST, recorded_at=latest, service="releaser"))))
        <= LONGEST_ENTRY
    )


def _content(event: Event) -> dict[str, Json]:
    return {name: value for name, value in _all_of(event).items() if value}


def _all_of(event: Event) -> dict[str, Json]:
    report = event.report
    assert report.occurred_at is not None
    return {
        "action": report.action,
        "actor": report.actor,
        "app": report.app,
        "app_id": report.app_id,
        "client_address": report.client_address,
        "event_id": report.event_id,
        "maker": report.maker,
        "occurred_at": _time(report.occurred_at),
        "on_behalf_of": report.on_behalf_of,
        "outcome": Outcome(report.outcome).name.lower(),
        "reason": report.reason,
        "recorded_at": _time(event.recorded_at),
        "repeats": _number(report.repeats),
        "repeats_seconds": _number(report.repeats_seconds),
        "request_id": report.request_id,
        "sequence": _number(event.sequence),
        "service": event.service,
        "target_tokens": [_token(token_id, maker) for token_id, maker in report.target_tokens],
        "targets": list(report.targets),
        "tenant": report.tenant,
        "token_id": report.token_id,
        "version": _number(report.version),
    }


def _token(token_id: str, maker: str) -> Json:
    return {"maker": maker, "token_id": token_id} if maker else {"token_id": token_id}


def _number(value: int) -> str:
    return str(value) if value else ""


def _time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
