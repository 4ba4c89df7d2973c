"""The way of audit events from a service to audit: into the outbox with the change, then relayed in order."""

from collections.abc import Sequence

import grpc
from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from paaskit import outbox
from paaskit.audit import AuditEvent
from paaskit.channels import call
from paaskit.db import Connection, Database


def message_of(event: AuditEvent) -> outbox.Message:
    """Return what is kept of `event` until audit has it."""
    return outbox.Message(outbox.AUDIT, event.event_id, event.encode())


async def record_in(database: Database, *events: AuditEvent) -> None:
    """Keep events in a transaction of their own, for whichever process of this service has a `Trail` to relay them."""
    await database.execute(outbox.PUT_ALL, outbox.columns([message_of(event) for event in events]))


class Trail:
    """A service's audit events. `add` is for changes, `record` for what has no transaction of its own."""

    def __init__(self, database: Database, audit_channel: grpc.aio.Channel) -> None:
        self._database = database
        self._audit = audit_pb2_grpc.AuditInternalServiceStub(audit_channel)
        self._relay = outbox.Relay(database, destination=outbox.AUDIT, deliver=self._append)

    async def add(self, connection: Connection, event: AuditEvent) -> None:
        """Keep `event` in the caller's transaction. Call `committed` after it."""
        await outbox.put(connection, self.message(event))

    def message(self, event: AuditEvent) -> outbox.Message:
        """Return what is to be kept of `event` in the transaction of what it records. Call `committed` after it."""
        return message_of(event)

    def committed(self) -> None:
        """Say that a transaction with events was committed, so that they go out now."""
        self._relay.wake()

    async def record(self, *events: AuditEvent) -> None:
        """Keep events in a transaction of their own; it is committed when this returns."""
        await record_in(self._database, *events)
        self.committed()

    async def run(self) -> None:
        """Relay events for ever."""
        await self._relay.run()

    async def _append(self, payloads: Sequence[bytes]) -> None:
        request = audit_pb2.AppendEventsRequest(events=outbox.parsed(audit_pb2.Event, payloads))
        await call(self._audit.AppendEvents, request, service="audit")
