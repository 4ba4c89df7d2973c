"""Batches to deliver, and sinks of each kind with what is at their other end."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from services.audit.event import Event
from services.audit.leaves import leaf_hash
from services.audit.sinks.kinds.file import FileSink
from services.audit.sinks.kinds.http import Receiver, open_client
from services.audit.sinks.kinds.otlp import OtlpSink
from services.audit.sinks.kinds.signatures import Secrets
from services.audit.sinks.kinds.webhook import WebhookSink
from services.audit.sinks.lines import batch_of
from services.audit.sinks.sink import Batch, Sink
from tests.fakes.audit_log import report_of
from tests.fakes.clock import FakeClock
from tests.fakes.event_receiver import OK, EventReceiver, Reply

NOW = datetime(2026, 5, 4, 13, 42, 1, 250_000, tzinfo=UTC)
LOG_ID, ORIGIN = "4b1c" * 8, "audit.example.com/" + "4b1c" * 8
SECRET = b"canary-webhook-secret-0123456789"


def events_of(tenant: str, sequences: Sequence[int], **report: Any) -> list[Event]:
    """Events as they are read back."""
    events = [
        Event(
            report=report_of(tenant=tenant, event_id=f"{tenant}-{sequence}", **report),
            sequence=sequence,
            recorded_at=NOW,
            service="config",
        )
        for sequence in sequences
    ]
    return [replace(event, kept_hash=leaf_hash(event)) for event in events]


def batch(tenant: str = "acme", *, first: int = 1, count: int = 3, **report: Any) -> Batch:
    """A batch with good defaults."""
    return batch_of(tenant, events_of(tenant, range(first, first + count), **report), log_id=LOG_ID, origin=ORIGIN)


@dataclass(frozen=True)
class Place:
    """A sink and its other end: `entries` are those that are safe there, in the order in which they came."""

    sink: Sink
    entries: Callable[[], list[dict[str, Any]]]
    break_it: Callable[[], object]
    mend_it: Callable[[], object]


def _file(folder: Path) -> Iterator[Place]:
    path = folder / "kept" / "audit.jsonl"

    def entries() -> list[dict[str, Any]]:
        return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []

    path.parent.mkdir()
    yield Place(
        FileSink(path),
        entries,
        lambda: path.parent.rename(folder / "away"),
        lambda: (folder / "away").rename(path.parent),
    )


def _webhook(_: Path) -> Iterator[Place]:
    with EventReceiver().serving() as receiver:
        sink = WebhookSink(receiver_of(receiver), Secrets([SECRET]), clock=FakeClock())

        def entries() -> list[dict[str, Any]]:
            return [event for request in receiver.taken for event in json.loads(request.body)["data"]["events"]]

        yield Place(sink, entries, *_switch(receiver))


def _otlp(_: Path) -> Iterator[Place]:
    with EventReceiver().serving() as receiver:
        sink = OtlpSink(receiver_of(receiver), {"x-api-key": "canary-api-key"})

        def entries() -> list[dict[str, Any]]:
            return [
                json.loads(record.body.string_value) | {"log": attributes["paas.audit.log"].string_value}
                for request in receiver.taken
                for resource in ExportLogsServiceRequest.FromString(request.body).resource_logs
                for scope in resource.scope_logs
                for record in scope.log_records
                for attributes in [{pair.key: pair.value for pair in record.attributes}]
            ]

        yield Place(sink, entries, *_switch(receiver))


def _switch(receiver: EventReceiver) -> tuple[Callable[[], None], Callable[[], None]]:
    return lambda: setattr(receiver, "always", Reply(503)), lambda: setattr(receiver, "always", OK)


def receiver_of(receiver: EventReceiver, *, patience_seconds: float = 60.0) -> Receiver:
    """The sender's side of it."""
    client = open_client(None, "PAAS_SINK_WEBHOOK_CA_FILE")
    return Receiver(client, receiver.url, clock=FakeClock(), patience_seconds=patience_seconds)


_KINDS = {"file": _file, "webhook": _webhook, "otlp": _otlp}


@pytest.fixture(params=_KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A sink of each kind."""
    yield from _KINDS[request.param](tmp_path)
