"""What every kind of sink promises: a batch is safe when it says so, in order and whole, and a failure is told.

On real files and sockets. What each kind does besides is in a file of its own, when what is sent in test_delivery.py.
"""

import hashlib
from typing import Any

import pytest

from services.audit.leaves import leaf_hash
from services.audit.sinks.sink import Undelivered
from tests.integration.audit.sinks.conftest import ORIGIN, Place, batch, events_of
from transparency.canonical import encoded


def _ids(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["event_id"] for entry in entries]


async def test_what_is_delivered_is_there_in_its_order(place: Place) -> None:
    await place.sink.deliver(batch(first=1))
    await place.sink.deliver(batch(first=4, count=1))
    assert _ids(place.entries()) == [f"acme-{sequence}" for sequence in range(1, 5)]
    await place.sink.close()


async def test_an_event_is_the_entry_of_its_log(place: Place) -> None:
    """So that what a receiver has can be held against the log, and tenants are told apart."""
    odd: dict[str, Any] = {"targets": ("Ü\u2028\x7f", '"quoted"\\'), "target_tokens": (("t1", "user:ada"), ("t2", ""))}
    await place.sink.deliver(batch("globex", count=1, **odd))
    (entry,) = place.entries()
    assert (entry["tenant"], entry.pop("log")) == ("globex", ORIGIN)
    (event,) = events_of("globex", [1], **odd)
    assert hashlib.sha256(b"\0" + encoded(entry)).digest() == leaf_hash(event)
    await place.sink.close()


async def test_a_failure_is_told_and_the_batch_arrives_later(place: Place) -> None:
    place.break_it()
    for _ in range(3):
        with pytest.raises(Undelivered):
            await place.sink.deliver(batch())
    place.mend_it()
    assert place.entries() == []
    await place.sink.deliver(batch())
    assert _ids(place.entries()) == ["acme-1", "acme-2", "acme-3"]
    await place.sink.close()
