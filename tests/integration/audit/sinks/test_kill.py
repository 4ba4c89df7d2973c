"""A process of audit that is killed after a batch arrived and before that is noted: the next one sends it again.

Real processes and a real receiver. Kills at the same place without a process are in test_delivery.py.
"""

import base64
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from services.audit.settings import Settings
from tests.fakes.event_receiver import EventReceiver
from tests.fixtures.postgres import Databases
from tests.fixtures.service_process import start_service
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import until
from tests.integration.audit.sinks.conftest import SECRET
from tests.integration.audit.test_server import event_of


def _secret(folder: Path) -> Path:
    path = folder / "secret"
    path.write_text(f"whsec_{base64.b64encode(SECRET).decode()}")
    return path


@pytest.mark.thorough
async def test_what_arrived_and_was_not_noted_arrives_again(
    settings: Settings, databases: Databases, tls: Certificates, tmp_path: Path
) -> None:
    databases.empty("audit")
    with EventReceiver().serving() as receiver:
        receiver.hold.clear()
        settings = replace(
            settings,
            sinks="webhook",
            sink_webhook_url=receiver.url,
            sink_webhook_secret_files=str(_secret(tmp_path)),
        )
        first = start_service("audit", settings)
        try:
            async with tls.connected(settings.listen, service="audit", caller="config") as config:
                request = audit_pb2.AppendEventsRequest(events=[event_of(), event_of()])
                await audit_pb2_grpc.AuditInternalServiceStub(config).AppendEvents(request)
            await until(lambda: receiver.seen)
        finally:
            first.send_signal(signal.SIGKILL)
            first.wait()
        assert databases.look("audit", "SELECT sequence FROM deliveries") == [(0,)]
        receiver.hold.set()
        second = start_service("audit", settings)
        try:
            await until(lambda: databases.look("audit", "SELECT sequence FROM deliveries") == [(2,)])
        finally:
            second.terminate()
            second.wait()
    killed, again = receiver.seen
    assert (killed.body, killed.headers["webhook-id"]) == (again.body, again.headers["webhook-id"])
