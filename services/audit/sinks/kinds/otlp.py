"""Events as log records of OpenTelemetry, to a collector: OTLP over HTTP, binary. Imported only where one is named.

https://opentelemetry.io/docs/specs/otel/logs/data-model/ and https://opentelemetry.io/docs/specs/otlp/#otlphttp. The
latter says not to send again what was refused; an audit log has nothing to drop, so here it is.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber

from services.audit.event import Event, Outcome
from services.audit.leaves import entry_of
from services.audit.sinks.kinds.http import Receiver
from services.audit.sinks.sink import REFUSED, Batch, Undelivered

_AT_ONCE: Final = 4
_PREFIX: Final = "paas.audit."
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_RESOURCE: Final = {"service.name": "audit", "service.namespace": "paas"}
_SEVERITIES: Final = {
    Outcome.OK: SeverityNumber.SEVERITY_NUMBER_INFO,
    Outcome.DENIED: SeverityNumber.SEVERITY_NUMBER_WARN,
    Outcome.FAILED: SeverityNumber.SEVERITY_NUMBER_ERROR,
}
_NUMBERS: Final = frozenset({"repeats", "repeats_seconds", "sequence", "version"})


class OtlpSink:
    """A collector. `headers` say who sends, where it asks; they hold a credential."""

    at_once = _AT_ONCE

    def __init__(self, receiver: Receiver, headers: Mapping[str, str]) -> None:
        self._receiver = receiver
        self._headers = headers

    async def deliver(self, batch: Batch) -> None:
        """Return once all records were taken. Raises Undelivered."""
        body = request_of(batch).SerializeToString()
        answer = await self._receiver.post(body, {**self._headers, "content-type": "application/x-protobuf"})
        try:
            taken = ExportLogsServiceResponse.FromString(answer)
        except DecodeError:
            return  # an answer of 200 says that it was taken, whatever else it says
        if taken.partial_success.rejected_log_records:
            raise Undelivered(REFUSED)

    async def close(self) -> None:
        """Close its connections."""
        await self._receiver.close()


def request_of(batch: Batch) -> ExportLogsServiceRequest:
    """Return a batch as it is exported."""
    resource = ResourceLogs(
        scope_logs=[ScopeLogs(log_records=[_record(event, batch.origin) for event in batch.events])]
    )
    resource.resource.attributes.extend(_pair(name, value) for name, value in _RESOURCE.items())
    resource.scope_logs[0].scope.name = "paas.audit"
    return ExportLogsServiceRequest(resource_logs=[resource])


def _record(event: Event, origin: str) -> LogRecord:
    """The entry as it is in the log is the body; what it says, field by field, is attributes."""
    entry = entry_of(event)
    occurred_at, outcome = event.report.occurred_at, Outcome(event.report.outcome)
    assert occurred_at is not None
    severity = _SEVERITIES[outcome]
    return LogRecord(
        time_unix_nano=_nanoseconds(occurred_at),
        observed_time_unix_nano=_nanoseconds(event.recorded_at),
        event_name=f"{_PREFIX}{event.report.action}",
        severity_number=severity,
        severity_text=SeverityNumber.Name(severity).removeprefix("SEVERITY_NUMBER_"),
        body=AnyValue(string_value=entry.decode()),
        attributes=[
            *(
                _pair(f"{_PREFIX}{name}", int(value) if name in _NUMBERS else value)
                for name, value in json.loads(entry).items()
            ),
            _pair(f"{_PREFIX}log", origin),
        ],
    )


def _pair(name: str, value: Any) -> KeyValue:
    return KeyValue(key=name, value=_value(value))


def _value(value: Any) -> AnyValue:
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[_value(each) for each in value]))
    if isinstance(value, dict):
        return AnyValue(kvlist_value=KeyValueList(values=[_pair(*each) for each in value.items()]))
    return AnyValue(string_value=value)


def _nanoseconds(time: datetime) -> int:
    """Return a time as OTLP has it; 0, which is none, before 1970."""
    return max((time - _EPOCH) // _MICROSECOND, 0) * 1_000
