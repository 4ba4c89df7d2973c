"""Which sinks there are: what is half set up, unknown or said twice keeps audit from starting, and says what it is.

What the secrets' files have to hold is in tests/integration/audit/sinks, with what is sent.
"""

import base64
from collections.abc import Mapping
from pathlib import Path

import pytest

from paaskit.clock import utc_now
from paaskit.settings import SettingsError, load_settings
from services.audit.sinks.configured import Named, sinks_from
from services.audit.sinks.settings import SinkSettings


@pytest.fixture
def whole(tmp_path: Path) -> dict[str, str]:
    """An environment with a sink of each kind."""
    (tmp_path / "secret").write_text("whsec_" + base64.b64encode(b"s" * 32).decode())
    (tmp_path / "headers").write_text("x-api-key: canary-key\nAuthorization: Bearer canary\n")
    return {
        "PAAS_SINKS": "file, webhook:siem,otlp",
        "PAAS_SINK_FILE": str(tmp_path / "audit.jsonl"),
        "PAAS_SINK_WEBHOOK_URL": "https://siem.example.com/events",
        "PAAS_SINK_WEBHOOK_SECRET_FILES": str(tmp_path / "secret"),
        "PAAS_SINK_OTLP_URL": "https://collector.example.com:4318/v1/logs",
        "PAAS_SINK_OTLP_HEADERS_FILE": str(tmp_path / "headers"),
    }


async def _made(environment: Mapping[str, str]) -> list[Named]:
    sinks = list(sinks_from(load_settings(SinkSettings, environment), clock=utc_now))
    for each in sinks:
        await each.sink.close()
    return sinks


async def test_all_kinds_can_be_set_up(whole: dict[str, str]) -> None:
    assert [(each.name, each.kind) for each in await _made(whole)] == [
        ("file", "file"),
        ("webhook:siem", "webhook"),
        ("otlp", "otlp"),
    ]


async def test_without_the_setting_there_are_none() -> None:
    assert await _made({}) == []


@pytest.mark.parametrize("text", ["", " ", ",", "file"])
async def test_a_list_that_is_set_to_nothing_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="PAAS_SINKS"):
        await _made({"PAAS_SINKS": text})


@pytest.mark.parametrize(
    "changes",
    [
        {"PAAS_SINKS": "file,,webhook,otlp"},
        {"PAAS_SINKS": "file,webhook,otlp,"},
        {"PAAS_SINKS": "file,webhook,otlp,syslog"},
        {"PAAS_SINKS": "file,webhook,otlp,File"},
        {"PAAS_SINKS": "file,webhook:,otlp"},
        {"PAAS_SINKS": "file,webhook:a b,otlp"},
        {"PAAS_SINKS": "file,webhook:a,webhook:b,otlp"},
        {"PAAS_SINKS_BEGIN": "start"},
        {"PAAS_SINK_FILE": ""},
        {"PAAS_SINK_FILE": "audit.jsonl"},
        {"PAAS_SINK_WEBHOOK_URL": ""},
        {"PAAS_SINK_WEBHOOK_URL": "http://siem.example.com"},
        {"PAAS_SINK_WEBHOOK_SECRET_FILES": ""},
        {"PAAS_SINK_WEBHOOK_SECRET_FILES": "/nowhere/secret"},
        {"PAAS_SINK_WEBHOOK_CA_FILE": "/nowhere/ca.pem"},
        {"PAAS_SINK_OTLP_URL": ""},
        {"PAAS_SINK_OTLP_URL": "https://canary@collector.example.com/"},
        {"PAAS_SINK_OTLP_CA_FILE": "/nowhere/ca.pem"},
        {"PAAS_SINK_OTLP_HEADERS_FILE": "/nowhere/headers"},
    ],
)
async def test_what_is_wrong_is_named(whole: dict[str, str], changes: dict[str, str]) -> None:
    (name,) = changes
    with pytest.raises(SettingsError, match=name) as raised:
        await _made(whole | changes)
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("left_out", ["file", "webhook:siem", "otlp"])
async def test_settings_of_a_sink_that_is_not_named_are_no_accident(whole: dict[str, str], left_out: str) -> None:
    rest = [each for each in ("file", "webhook:siem", "otlp") if each != left_out]
    with pytest.raises(SettingsError, match="PAAS_SINKS does not name"):
        await _made(whole | {"PAAS_SINKS": ",".join(rest)})


@pytest.mark.parametrize("name", ["PAAS_SINK_WEBHOOK_CA_FILE", "PAAS_SINK_OTLP_CA_FILE"])
async def test_a_ca_s_file_has_to_hold_one(whole: dict[str, str], name: str, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    with pytest.raises(SettingsError, match=name):
        await _made(whole | {name: str(tmp_path / "ca.pem")})


@pytest.mark.parametrize(
    "text", ["", "x-api-key", "x api: canary", "x-api-key: canary\ncanary", "x-api-key:\n", "ü: canary"]
)
async def test_what_are_no_headers_is_refused_and_not_shown(whole: dict[str, str], text: str, tmp_path: Path) -> None:
    (tmp_path / "headers").write_text(text)
    with pytest.raises(SettingsError, match="PAAS_SINK_OTLP_HEADERS_FILE") as raised:
        await _made(whole)
    assert "canary" not in str(raised.value)
