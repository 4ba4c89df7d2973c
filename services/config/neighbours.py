"""The services config calls, behind the narrow shapes its rules ask for."""

from collections.abc import Sequence

import grpc
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit.channels import call
from services.config.domain import App


class Vault:
    """secrets, for the values of managed variables."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = secrets_pb2_grpc.SecretsInternalServiceStub(channel)

    async def store_managed(self, tenant: str, app: App, name: str, value: str) -> bool:
        """Seal a value; return whether it differs from the one before."""
        request = secrets_pb2.StoreManagedValueRequest(
            tenant=tenant, app_id=app.app_id, app=app.name, name=name, value=value
        )
        return (await call(self._stub.StoreManagedValue, request, service="secrets")).changed

    async def delete_managed(self, tenant: str, app: App, name: str) -> None:
        """Drop a value."""
        request = secrets_pb2.DeleteManagedValueRequest(tenant=tenant, app_id=app.app_id, name=name)
        await call(self._stub.DeleteManagedValue, request, service="secrets")

    async def purge(self, payloads: Sequence[bytes]) -> None:
        """Have every sealed value of destroyed apps deleted; each payload is a `PurgeAppRequest`."""
        for payload in payloads:
            await call(self._stub.PurgeApp, secrets_pb2.PurgeAppRequest.FromString(payload), service="secrets")


class Remover:
    """releaser, for apps that were destroyed."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = releaser_pb2_grpc.ReleaserInternalServiceStub(channel)

    async def remove(self, payloads: Sequence[bytes]) -> None:
        """Have the instances of destroyed apps stopped; each payload is a `RemoveAppRequest`."""
        for payload in payloads:
            await call(self._stub.RemoveApp, releaser_pb2.RemoveAppRequest.FromString(payload), service="releaser")


def purge_message(tenant: str, app_id: str) -> bytes:
    """Return the payload that asks secrets to forget an app."""
    return secrets_pb2.PurgeAppRequest(tenant=tenant, app_id=app_id).SerializeToString()


def remove_message(tenant: str, app_id: str) -> bytes:
    """Return the payload that asks releaser to forget an app."""
    return releaser_pb2.RemoveAppRequest(tenant=tenant, app_id=app_id).SerializeToString()
