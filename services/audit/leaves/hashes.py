"""The hash of an event that its row has, in the format that the row names. Each format is final.

That of the newest is the one the log's tree is made of. Those of before are still looked at: a row that does not match
its hash was changed, and the log is not signed over it.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

from services.audit.event import NEWEST_FORMAT, Event
from services.audit.leaves.entries import entry_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FORMATS: Final = {1: b"paas.audit.event.v1", 2: b"paas.audit.event.v2", 3: b"paas.audit.event.v3"}
_LEAF: Final = b"\x00"


def leaf_hash(event: Event, *, entry: bytes | None = None) -> bytes:
    """Return the hash of an event as a leaf of a Merkle tree: SHA-256(0x00 || bytes), RFC 6962, section 2.1.

    The bytes are the log's entry, which is made here unless it is given, or for what was appended before there was a
    log, `canonical_bytes`.
    """
    if event.leaf_format == NEWEST_FORMAT:
        content = entry_of(event) if entry is None else entry
    else:
        content = canonical_bytes(event)
    return hashlib.sha256(_LEAF + content).digest()


def canonical_bytes(event: Event) -> bytes:
    """Return what was hashed of an event in one of the formats 1 to 3.

    A sequence of fields, each a length of 4 bytes (big-endian, unsigned) and that many bytes. In order: the format
    `paas.audit.event.v3`, tenant, sequence, event_id, occurred_at, recorded_at, service, action, actor, on_behalf_of,
    app, app_id, version, outcome, request_id, client_address, the number of targets, each target, token_id, maker,
    repeats, repeats_seconds, the number of target tokens, the id and the maker of each. Texts are UTF-8. Numbers are
    8 bytes, big-endian, signed. Times are microseconds since 1970-01-01T00:00:00Z, as numbers.

    Events of before are in format `paas.audit.event.v2`, which ends with the targets, or `paas.audit.event.v1`, which
    is that without app_id.
    """
    report = event.report
    assert report.occurred_at is not None
    fields: list[bytes] = [
        _FORMATS[event.leaf_format],
        report.tenant.encode(),
        _number(event.sequence),
        report.event_id.encode(),
        _number((report.occurred_at - _EPOCH) // _MICROSECOND),
        _number((event.recorded_at - _EPOCH) // _MICROSECOND),
        event.service.encode(),
        report.action.encode(),
        report.actor.encode(),
        report.on_behalf_of.encode(),
        report.app.encode(),
        *([report.app_id.encode()] if event.leaf_format > 1 else []),
        _number(report.version),
        _number(report.outcome),
        report.request_id.encode(),
        report.client_address.encode(),
        _number(len(report.targets)),
        *(target.encode() for target in report.targets),
    ]
    if event.leaf_format > 2:
        fields += [report.token_id.encode(), report.maker.encode()]
        fields += [_number(report.repeats), _number(report.repeats_seconds), _number(len(report.target_tokens))]
        fields += [text.encode() for pair in report.target_tokens for text in pair]
    return b"".join(part for each in fields for part in (len(each).to_bytes(4, "big"), each))


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)
