"""An event as sinks show it: its entry, as it is hashed and signed, and the log that it is in. Pure."""

import json
from collections.abc import Sequence
from typing import Final

from services.audit.event import Event
from services.audit.leaves import entry_of
from services.audit.sinks.sink import Batch

MOST_BYTES: Final = 1024 * 1024
"""Of a batch's lines; one event is at most a sixteenth of that."""


def line_of(event: Event, *, origin: str) -> bytes:
    """Return an event as one line of JSON: the bytes of its entry, with `log` put in before the last brace.

    Without that it is what the log's tree has the hash of.
    """
    return entry_of(event)[:-1] + b',"log":' + json.dumps(origin).encode() + b"}"


def batch_of(tenant: str, events: Sequence[Event], *, log_id: str, origin: str) -> Batch:
    """Return a batch of the first of `events`, as many as a batch may have bytes."""
    lines: list[bytes] = []
    size = 0
    for event in events:
        line = line_of(event, origin=origin)
        size += len(line)
        if lines and size > MOST_BYTES:
            break
        lines.append(line)
    return Batch(tenant=tenant, log_id=log_id, origin=origin, events=events[: len(lines)], lines=lines)
