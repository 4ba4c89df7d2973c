"""Sending over HTTP: whatever the other side does is a failure in a word of ours, and nothing of it is passed on.

On real sockets, through the webhook; the collector is sent to in the same way. Leaves out the system's own CAs.
"""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from local.certificates import ensure_certificates
from paaskit.settings import SettingsError
from services.audit.sinks.kinds.http import Receiver, checked_url, open_client
from services.audit.sinks.kinds.otlp import OtlpSink
from services.audit.sinks.pauses import Pauses
from services.audit.sinks.sink import Undelivered
from tests.fakes.clock import FakeClock
from tests.fakes.event_receiver import DIES, EventReceiver, Reply
from tests.fixtures.serving import free_address
from tests.integration.audit.sinks.conftest import batch, receiver_of

_CANARY: Final = "canary-answer"
_NAME: Final = "PAAS_SINK_WEBHOOK_URL"


@pytest.fixture
async def other() -> AsyncIterator[EventReceiver]:
    """One that takes everything, and that nobody is to be sent to."""
    with EventReceiver().serving() as receiver:
        yield receiver


async def _trouble(receiver: Receiver) -> Undelivered:
    with pytest.raises(Undelivered) as raised:
        await receiver.post(b"{}", {})
    await receiver.close()
    return raised.value


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (302, "redirected"),
        (308, "redirected"),
        (400, "refused"),
        (401, "not_allowed"),
        (404, "refused"),
        (410, "refused"),
        (413, "too_large"),
        (429, "busy"),
        (500, "failing"),
        (503, "busy"),
    ],
)
async def test_what_is_not_taken_is_told_by_a_word(status: int, reason: str, other: EventReceiver) -> None:
    answer = Reply(status, {"location": other.url, "x-note": _CANARY}, _CANARY.encode())
    with EventReceiver(always=answer).serving() as receiver:
        trouble = await _trouble(receiver_of(receiver))
    assert (trouble.reason, trouble.status) == (reason, status)
    assert _CANARY not in f"{trouble!r} {vars(trouble)}"
    assert other.seen == [], "a redirect was followed"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("Wed, 06 May 2026 13:43:00 GMT", 30.0),
        ("Wed, 06 May 2026 13:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("-1", 0.0),
        ("9" * 400, 0.0),
        ("Wed, 06 May 99999 13:43:00 GMT", 0.0),
    ],
)
async def test_how_long_it_asks_to_be_left_alone(text: str, seconds: float) -> None:
    with EventReceiver(always=Reply(429, {"retry-after": text})).serving() as receiver:
        assert (await _trouble(receiver_of(receiver))).retry_after == seconds


async def test_one_that_does_not_answer_is_given_up() -> None:
    with EventReceiver().serving() as receiver:
        receiver.hold.clear()
        assert (await _trouble(receiver_of(receiver, patience_seconds=0.05))).reason == "timeout"


async def test_one_that_dies_in_the_middle_is_away() -> None:
    with EventReceiver(always=DIES).serving() as receiver:
        assert (await _trouble(receiver_of(receiver))).reason == "away"


async def test_one_that_is_not_there_is_away() -> None:
    client = open_client(None, _NAME)
    receiver = Receiver(client, f"http://{free_address()}/events", clock=FakeClock())
    assert (await _trouble(receiver)).reason == "away"


async def test_its_certificate_has_to_be_of_the_ca_and_its_name(tmp_path: Path) -> None:
    for folder, hosts in (("ours", ["127.0.0.1"]), ("others", ["127.0.0.1"]), ("renamed", ["siem.example.com"])):
        ensure_certificates(tmp_path / folder, ["siem"], now=datetime.now(UTC), hosts=hosts)
    outcomes = []
    for served, trusted in (("ours", "ours"), ("others", "ours"), ("renamed", "renamed"), ("ours", None)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / served / "siem.pem", tmp_path / served / "siem.key")
        client = open_client(tmp_path / trusted / "ca.pem" if trusted else None, _NAME)
        with EventReceiver().serving(context) as receiver:
            try:
                await Receiver(client, receiver.url, clock=FakeClock()).post(b"{}", {})
                outcomes.append("taken")
            except Undelivered as trouble:
                outcomes.append(trouble.reason)
            assert len(receiver.seen) == (outcomes[-1] == "taken")
        await client.aclose()
    assert outcomes == ["taken", "certificate", "certificate", "certificate"]


async def test_a_collector_that_takes_some_has_not_taken_them() -> None:
    """What OTLP calls a partial success: field 1 of the answer, in it field 1, how many were rejected."""
    for answer, taken in ((b"", True), (b"\x0a\x02\x08\x01", False), (b"\x0a\x02\x12\x00", True), (b"<html>", True)):
        with EventReceiver(always=Reply(200, body=answer)).serving() as receiver:
            sink = OtlpSink(receiver_of(receiver), {})
            try:
                await sink.deliver(batch())
                assert taken, answer
            except Undelivered:
                assert not taken, answer
            await sink.close()


async def test_no_credential_and_no_address_is_in_the_log() -> None:
    with EventReceiver(always=Reply(500, body=_CANARY.encode())).serving() as receiver, capture_logs() as lines:
        sink = OtlpSink(receiver_of(receiver), {"authorization": "Bearer canary-key"})
        pauses = Pauses("otlp")
        with pytest.raises(Undelivered) as raised:
            await sink.deliver(batch())
        pauses.failed(raised.value, began=0.0)
        await sink.close()
        assert receiver.seen[0].headers["authorization"] == "Bearer canary-key"
    assert [line["event"] for line in lines] == ["sink_failed"]
    assert "canary" not in str(lines)
    assert receiver.url not in str(lines)


@pytest.mark.parametrize(
    "url",
    [
        "http://siem.example.com/events",
        "http://127.0.0.1.example.com/events",
        "http://10.0.0.1/events",
        "ftp://siem.example.com/events",
        "siem.example.com/events",
        "https://",
        "https://siem.example.com:port/",
        "https://[::1/",
        "https://user@siem.example.com/",
        "https://user:canary@siem.example.com/",
        "https://:canary@siem.example.com/",
        "https://siem.example.com/?token=canary",
        "https://siem.example.com/#canary",
    ],
)
def test_an_address_is_https_or_of_this_machine_and_has_no_credential(url: str) -> None:
    with pytest.raises(SettingsError, match=_NAME) as raised:
        checked_url(url, _NAME)
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["https://siem.example.com/x", "http://127.0.0.1:9/x", "http://[::1]:9/", "http://localhost/"]
)
def test_such_an_address_is_taken(url: str) -> None:
    assert checked_url(url, _NAME) == url


async def test_a_long_answer_is_not_read_to_its_end() -> None:
    with EventReceiver(always=Reply(200, body=b"x" * 1_000_000)).serving() as receiver:
        sender = receiver_of(receiver)
        body = await sender.post(b"{}", {})
        await sender.close()
    assert len(body) < 200_000
