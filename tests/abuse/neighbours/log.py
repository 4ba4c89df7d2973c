"""The log of a tenant: what services report to it, over a connection of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from local.certificates import dns_san
from local.operator_channel import open_channel
from local.ports import HOST, port_of
from local.stack import Stack
from paaskit.clock import random_id

BATCH = 500
"""How many events audit takes at a time."""


@asynccontextmanager
async def reporting(stack: Stack) -> AsyncIterator[Any]:
    """`AppendEvents` as config calls it."""
    address = f"{HOST}:{port_of('audit', base_port=stack.base_port)}"
    async with open_channel(address, service=dns_san("audit"), tls=stack.layout.tls, identity="config") as channel:
        yield audit_pb2_grpc.AuditInternalServiceStub(channel).AppendEvents


def events(tenant: str, app: str, *, count: int) -> audit_pb2.AppendEventsRequest:
    """So many new ones."""
    return audit_pb2.AppendEventsRequest(events=[_event(tenant, app) for _ in range(count)])


def _event(tenant: str, app: str) -> audit_pb2.Event:
    event = audit_pb2.Event(
        event_id=random_id(),
        tenant=tenant,
        action="config.set",
        actor="user:ada@example.com",
        app=app,
        targets=["LOG_LEVEL"],
        outcome=audit_pb2.OUTCOME_OK,
    )
    event.occurred_at.GetCurrentTime()
    return event


async def fill(stack: Stack, tenant: str, app: str, *, count: int) -> None:
    """Give a tenant a long log."""
    async with reporting(stack) as append:
        for _ in range(count // BATCH):
            await append(events(tenant, app, count=BATCH))
