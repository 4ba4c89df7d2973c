"""Plays an add-on's provisioner: attaches a managed variable to an app, over mTLS as `provisioner`."""

import asyncio
import secrets
import uuid
from dataclasses import dataclass, field

import grpc
from paas.config.v1 import config_pb2, config_pb2_grpc

from local.certificates import dns_san
from local.failures import LocalFailure
from local.operator_channel import open_channel
from local.ports import HOST, port_of
from local.stack import Stack


@dataclass(frozen=True)
class Attachment:
    """One managed variable. `display` is what users see in place of the value."""

    tenant: str
    app: str
    addon: str
    name: str
    value: str = field(repr=False)
    display: str


def attach(stack: Stack, attachment: Attachment, *, request_id: str | None = None) -> int:
    """Attaches the variable; the number of the release it caused, 0 for none. Raises LocalFailure if refused."""
    return asyncio.run(_attach(stack, attachment, request_id or str(uuid.uuid4())))


async def _attach(stack: Stack, attachment: Attachment, request_id: str) -> int:
    request = config_pb2.AttachManagedVarRequest(
        request_id=request_id,
        tenant=attachment.tenant,
        app=attachment.app,
        addon=attachment.addon,
        name=attachment.name,
        value=attachment.value,
        display=attachment.display,
    )
    address = f"{HOST}:{port_of('config', base_port=stack.base_port)}"
    tls = stack.layout.tls
    async with open_channel(address, service=dns_san("config"), tls=tls, identity="provisioner") as channel:
        try:
            answer = await config_pb2_grpc.ConfigInternalServiceStub(channel).AttachManagedVar(request, timeout=20)
        except grpc.aio.AioRpcError as error:
            raise LocalFailure(f"{attachment.name} was not attached: {error.details()}") from error
    return answer.change.release


def example_database(app: str, *, tenant: str) -> Attachment:
    """The URL of a database that isn't there, with a fresh password: what an add-on would hand over."""
    password = secrets.token_urlsafe(24)
    return Attachment(
        tenant=tenant,
        app=app,
        addon="postgres",
        name="DATABASE_URL",
        value=f"postgres://{app}:{password}@db.example.internal:5432/{app}",
        display="postgres://...",
    )
