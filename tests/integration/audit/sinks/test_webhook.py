"""What a webhook gets: the message, and a signature that tools there are verify (Standard Webhooks).

The vector is of their specification's libraries; docs/audit-sinks.md's example is run as it stands there.
"""

import base64
import hmac
import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from paaskit.settings import SettingsError
from services.audit.leaves import leaf_hash
from services.audit.sinks.kinds.signatures import Secrets, load_secrets
from services.audit.sinks.kinds.webhook import WebhookSink
from services.audit.sinks.sink import Undelivered
from tests.architecture.sources import ROOT
from tests.fakes.clock import FakeClock
from tests.fakes.event_receiver import EventReceiver, Reply, Request
from tests.integration.audit.sinks.conftest import LOG_ID, ORIGIN, SECRET, batch, receiver_of

_NAME: Final = "PAAS_SINK_WEBHOOK_SECRET_FILES"
_TEXT: Final = f"whsec_{base64.b64encode(SECRET).decode()}"


async def _sent(*, secrets: Secrets | None = None, replies: list[Reply] | None = None) -> list[Request]:
    clock = FakeClock()
    with EventReceiver(replies=replies or []).serving() as receiver:
        sink = WebhookSink(receiver_of(receiver), secrets or Secrets([SECRET]), clock=clock)
        for _ in range(len(replies or []) + 1):
            try:
                await sink.deliver(batch())
            except Undelivered:
                clock.advance(seconds=9)
        await sink.close()
        return receiver.seen


async def test_the_message_says_what_it_is_and_whose() -> None:
    (request,) = await _sent()
    body = json.loads(request.body)
    assert (body["type"], body["timestamp"]) == ("paas.audit.events", "2026-05-04T13:42:01.250000Z")
    assert (body["data"]["log"], body["data"]["tenant"]) == (ORIGIN, "acme")
    assert [event["sequence"] for event in body["data"]["events"]] == ["1", "2", "3"]
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == f"msg_{LOG_ID}_1_3"


async def test_what_is_sent_again_is_the_same_message_signed_anew() -> None:
    first, again = await _sent(replies=[Reply(500)])
    assert (first.body, first.headers["webhook-id"]) == (again.body, again.headers["webhook-id"])
    assert int(again.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 9
    assert first.headers["webhook-signature"] != again.headers["webhook-signature"]


def test_a_signature_is_as_the_specification_s_libraries_make_it() -> None:
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = Secrets([secret]).headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signature_is_of_the_id_the_time_and_the_body() -> None:
    def signature(message_id: str = "msg_1", timestamp: int = 1, body: bytes = b"{}") -> str:
        return Secrets([SECRET]).headers(message_id, timestamp=timestamp, body=body)["webhook-signature"]

    found = {signature(), signature("msg_2"), signature(timestamp=2), signature(body=b"[]")}
    assert len(found) == 4
    assert signature() == signature()


async def test_while_a_secret_changes_both_sign() -> None:
    (request,) = await _sent(secrets=Secrets([b"n" * 32, SECRET]))
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    made = [base64.b64encode(hmac.digest(secret, signed, "sha256")).decode() for secret in (b"n" * 32, SECRET)]
    assert request.headers["webhook-signature"] == f"v1,{made[0]} v1,{made[1]}"


async def test_the_example_of_the_docs_verifies_what_is_sent() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "audit-sinks.md").read_text(), flags=re.DOTALL)
    example: dict[str, Any] = {}
    exec(compile(block, "docs/audit-sinks.md", "exec"), example)  # noqa: S102 - it is ours
    (request,) = await _sent()
    now = float(request.headers["webhook-timestamp"])
    events = example["events_of"](request.headers, request.body, secret=_TEXT, now=now)
    assert [event["event_id"] for event in events] == ["acme-1", "acme-2", "acme-3"]
    assert [example["leaf_hash"](event) for event in events] == [leaf_hash(event).hex() for event in batch().events]
    for headers, body, later in (
        (request.headers, request.body.replace(b"acme", b"evil"), 0),
        ({**request.headers, "webhook-id": "msg_2"}, request.body, 0),
        ({**request.headers, "webhook-timestamp": str(int(now) + 1)}, request.body, 0),
        ({**request.headers, "webhook-signature": "v1,"}, request.body, 0),
        (request.headers, request.body, 3600),
    ):
        with pytest.raises(ValueError, match=r"not signed|too old"):
            example["events_of"](headers, body, secret=_TEXT, now=now + later)


def test_secrets_are_read_from_files_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "new").write_text(f"{_TEXT}\n")
    (tmp_path / "old").write_text("whsec_" + base64.b64encode(b"o" * 24).decode())
    loaded = load_secrets(f"{tmp_path}/new, {tmp_path}/old", _NAME)
    assert list(loaded.secrets) == [SECRET, b"o" * 24]
    assert "canary" not in repr(loaded)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "canary-webhook-secret-0123456789",
        _TEXT.removeprefix("whsec_"),
        "whsec_canary!",
        "whsec_" + base64.b64encode(b"canary").decode(),
        "whsec_" + base64.b64encode(b"c" * 65).decode(),
        "whsec_ü",
    ],
)
def test_what_is_no_secret_is_refused_and_not_shown(text: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(text)
    with pytest.raises(SettingsError, match=_NAME) as raised:
        load_secrets(str(tmp_path / "secret"), _NAME)
    assert not text or text not in str(raised.value)


@pytest.mark.parametrize("paths", ["{0}/none", "{0}/a,", "{0}/a,{0}/a,{0}/a"])
def test_missing_and_further_secrets_are_refused(paths: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(_TEXT)
    with pytest.raises(SettingsError, match=_NAME):
        load_secrets(paths.format(tmp_path), _NAME)
