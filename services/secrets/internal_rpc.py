"""Between protos and the domain, for what other services call: one short method per RPC."""

from typing import Any

from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit.access import current_caller
from paaskit.audit import actor_of
from paaskit.changes import name_changes_to
from paaskit.redact import Plaintext
from services.secrets.internal import Internal, Restore


class SecretsInternalServicer(secrets_pb2_grpc.SecretsInternalServiceServicer):
    """What other services call."""

    def __init__(self, internal: Internal) -> None:
        self._internal = internal

    async def ResolveForRelease(
        self, request: secrets_pb2.ResolveForReleaseRequest, context: Any
    ) -> secrets_pb2.ResolveForReleaseResponse:
        """Open the values a release injects."""
        version, values = await self._internal.resolve(
            actor_of(current_caller(), tenant=request.tenant),
            app_id=request.app_id,
            version=request.version,
            names=request.names,
            release=request.release,
        )
        return secrets_pb2.ResolveForReleaseResponse(
            version=version,
            values=[secrets_pb2.SealedValue(name=name, value=plaintext.reveal()) for name, plaintext in values],
        )

    async def RestoreVersion(
        self, request: secrets_pb2.RestoreVersionRequest, context: Any
    ) -> secrets_pb2.RestoreVersionResponse:
        """Make an old version current again."""
        version, changes = await self._internal.restore(
            actor_of(current_caller(), tenant=request.tenant, on_behalf_of=request.actor),
            Restore(
                app_id=request.app_id,
                version=request.version,
                change_id=request.change_id,
                expected_version=request.expected_version,
                validate_only=request.validate_only,
            ),
        )
        return secrets_pb2.RestoreVersionResponse(version=version, changes=name_changes_to(changes))

    async def StoreManagedValue(
        self, request: secrets_pb2.StoreManagedValueRequest, context: Any
    ) -> secrets_pb2.StoreManagedValueResponse:
        """Seal the value of a managed variable."""
        changed = await self._internal.store_managed(
            request.tenant,
            app_id=request.app_id,
            app=request.app,
            name=request.name,
            value=Plaintext(request.value),
        )
        return secrets_pb2.StoreManagedValueResponse(changed=changed)

    async def DeleteManagedValue(
        self, request: secrets_pb2.DeleteManagedValueRequest, context: Any
    ) -> secrets_pb2.DeleteManagedValueResponse:
        """Drop the value of a managed variable."""
        await self._internal.delete_managed(request.tenant, app_id=request.app_id, name=request.name)
        return secrets_pb2.DeleteManagedValueResponse()

    async def PurgeApp(self, request: secrets_pb2.PurgeAppRequest, context: Any) -> secrets_pb2.PurgeAppResponse:
        """Delete every sealed value of a destroyed app."""
        await self._internal.purge(request.tenant, request.app_id)
        return secrets_pb2.PurgeAppResponse()
