"""A reminder of a secret's end goes all the way: from secrets, through audit, to a webhook, once for each threshold.

Secrets and audit are whole servers on real databases, and the webhook is a real socket. Which reminder is due when is
in tests/unit/secrets/test_expiry.py.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from paas.secrets.v1 import secrets_pb2

from services.audit.settings import Settings
from tests.fakes.event_receiver import EventReceiver, Reply
from tests.fixtures.postgres import Databases
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import until
from tests.integration.audit.conftest import Served
from tests.integration.secrets.conftest import running

CANARY = "c4nary-of-a-value"


@pytest.fixture
def receiver() -> EventReceiver:
    """A webhook that fails first, so that what it is sent comes again."""
    return EventReceiver(replies=[Reply(500)])


@pytest.fixture
def settings(settings: Settings, receiver: EventReceiver, tmp_path: Path) -> Iterator[Settings]:
    """The settings of an `audit` with that webhook."""
    secret = tmp_path / "webhook.secret"
    secret.write_text("whsec_" + base64.b64encode(b"0" * 32).decode())
    with receiver.serving():
        yield replace(settings, sinks="webhook", sink_webhook_url=receiver.url, sink_webhook_secret_files=str(secret))


def reminders(receiver: EventReceiver) -> list[dict[str, Any]]:
    """The reminders that the webhook took."""
    events = [each for request in receiver.taken for each in json.loads(request.body)["data"]["events"]]
    return [each for each in events if each["action"] in {"secrets.expiring", "secrets.expired"}]


async def test_a_webhook_gets_each_reminder_once(
    served: Served, receiver: EventReceiver, databases: Databases, tls: Certificates, tmp_path: Path
) -> None:
    async with running(databases, tls, tmp_path, audit_address=served.address) as secrets:
        span = secrets_pb2.Expiry(span=Duration(seconds=5 * 86_400))
        change = await secrets.set(STRIPE_KEY=CANARY, expiry=span)
        await until(lambda: len(reminders(receiver)) == 1)
        for number, left in enumerate(("23 hours", "-1 second"), 2):
            secrets.look("UPDATE sealed SET expires_at = now() + %s::interval", left)
            secrets.look("UPDATE reminders SET due = now() - interval '1 second'")
            await until(lambda number=number: len(reminders(receiver)) == number)  # type: ignore[misc]
        await secrets.set(LAST="1")
        await until(lambda: "LAST" in str([request.body for request in receiver.taken]))

    found = reminders(receiver)
    assert [(each["action"], each["app"], each["targets"], each["version"]) for each in found] == [
        ("secrets.expiring", "web", ["STRIPE_KEY"], str(change.version)),
        ("secrets.expiring", "web", ["STRIPE_KEY"], str(change.version)),
        ("secrets.expired", "web", ["STRIPE_KEY"], str(change.version)),
    ]
    assert [each["reason"].partition(": ")[0] for each in found[:2]] == ["within 7 days", "within 1 day"]
    assert {each["actor"] for each in found} == {"service:secrets"}
    assert CANARY not in str([request.body for request in receiver.seen])
