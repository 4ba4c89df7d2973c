"""Events as log records: OpenTelemetry's data model, field by field. Leaves out collectors, whose OTLP it is."""

from typing import Any

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber

from services.audit.event import Outcome
from services.audit.leaves import entry_of
from services.audit.sinks.kinds.otlp import request_of
from tests.integration.audit.sinks.conftest import ORIGIN, batch


def _record(**report: Any) -> LogRecord:
    (resource,) = request_of(batch(count=1, **report)).resource_logs
    assert {pair.key: pair.value.string_value for pair in resource.resource.attributes} == {
        "service.name": "audit",
        "service.namespace": "paas",
    }
    (record,) = resource.scope_logs[0].log_records
    return record


def test_a_record_has_the_entry_as_its_body_and_its_fields_as_attributes() -> None:
    record = _record(action="secrets.get", targets=("A", "B"), target_tokens=(("t1", "user:ada"), ("t2", "")))
    attributes = {pair.key.removeprefix("paas.audit."): pair.value for pair in record.attributes}
    assert record.event_name == "paas.audit.secrets.get"
    assert (
        record.body.string_value
        == entry_of(
            batch(
                count=1, action="secrets.get", targets=("A", "B"), target_tokens=(("t1", "user:ada"), ("t2", ""))
            ).events[0]
        ).decode()
    )
    assert (attributes["event_id"].string_value, attributes["tenant"].string_value) == ("acme-1", "acme")
    assert (attributes["sequence"].int_value, attributes["version"].int_value) == (1, 7)
    assert [each.string_value for each in attributes["targets"].array_value.values] == ["A", "B"]
    first, _ = attributes["target_tokens"].array_value.values
    assert {pair.key: pair.value.string_value for pair in first.kvlist_value.values} == {
        "maker": "user:ada",
        "token_id": "t1",
    }
    assert attributes["log"].string_value == ORIGIN


def test_when_it_happened_and_when_it_was_recorded() -> None:
    record = _record()
    assert (record.time_unix_nano, record.observed_time_unix_nano) == (1777902120_000000000, 1777902121_250000000)


def test_what_was_denied_stands_out() -> None:
    found = [_record(outcome=outcome) for outcome in Outcome]
    assert [record.severity_text for record in found] == ["INFO", "WARN", "ERROR"]
    assert found[1].severity_number == SeverityNumber.SEVERITY_NUMBER_WARN
