"""Between protos and the domain, for what other services call: one short method per RPC."""

from typing import Any

from paas.config.v1 import config_pb2, config_pb2_grpc

from paaskit.access import current_caller
from paaskit.audit import Actor, actor_of
from paaskit.changes import Mutation, change_to, name_changes_to
from services.config.apps import Apps
from services.config.internal import Internal, Restore
from services.config.plan import Kind
from services.config.rpc import spec_to
from services.config.store import Store


class ConfigInternalServicer(config_pb2_grpc.ConfigInternalServiceServicer):
    """What other services call."""

    def __init__(self, internal: Internal, apps: Apps, store: Store) -> None:
        self._internal = internal
        self._apps = apps
        self._store = store

    async def ResolveApp(self, request: config_pb2.ResolveAppRequest, context: Any) -> config_pb2.ResolveAppResponse:
        """Turn an app's name into its id."""
        app = await self._apps.get(request.tenant, request.app)
        return config_pb2.ResolveAppResponse(app_id=app.app_id)

    async def ClaimNames(self, request: config_pb2.ClaimNamesRequest, context: Any) -> config_pb2.ClaimNamesResponse:
        """Claim names for secrets."""
        claims = [(claim.name, claim.size) for claim in request.claims]
        app_id = await self._internal.claim(request.tenant, request.app, claims, validate_only=request.validate_only)
        return config_pb2.ClaimNamesResponse(app_id=app_id)

    async def ReleaseNames(
        self, request: config_pb2.ReleaseNamesRequest, context: Any
    ) -> config_pb2.ReleaseNamesResponse:
        """Give names up."""
        await self._internal.release(request.tenant, request.app_id, request.names)
        return config_pb2.ReleaseNamesResponse()

    async def GetDesiredState(
        self, request: config_pb2.GetDesiredStateRequest, context: Any
    ) -> config_pb2.GetDesiredStateResponse:
        """Return what a release needs."""
        app, spec, entries, version = await self._store.state_at(request.tenant, request.app_id, request.version)
        return config_pb2.GetDesiredStateResponse(
            app=app.name,
            spec=spec_to(spec),
            version=version,
            vars=[
                config_pb2.Assignment(name=entry.name, value=entry.value)
                for entry in entries.values()
                if entry.kind is Kind.CONFIG
            ],
            sealed_names=[entry.name for entry in entries.values() if entry.kind is not Kind.CONFIG],
        )

    async def RestoreVersion(
        self, request: config_pb2.RestoreVersionRequest, context: Any
    ) -> config_pb2.RestoreVersionResponse:
        """Make an old version current again."""
        version, changes = await self._internal.restore(
            actor_of(current_caller(), tenant=request.tenant, on_behalf_of=request.actor),
            Restore(
                app_id=request.app_id,
                version=request.version,
                change_id=request.change_id,
                everything=request.scope == config_pb2.RESTORE_SCOPE_EVERYTHING,
                expected_version=request.expected_version,
                validate_only=request.validate_only,
            ),
        )
        return config_pb2.RestoreVersionResponse(version=version, changes=name_changes_to(changes))

    async def AttachManagedVar(
        self, request: config_pb2.AttachManagedVarRequest, context: Any
    ) -> config_pb2.AttachManagedVarResponse:
        """Attach a variable that an add-on manages."""
        change = await self._internal.attach(
            self._provisioner(request.tenant),
            Mutation(request_id=request.request_id, app=request.app),
            addon=request.addon,
            name=request.name,
            value=request.value,
            display=request.display,
        )
        return config_pb2.AttachManagedVarResponse(change=change_to(change))

    async def DetachManagedVar(
        self, request: config_pb2.DetachManagedVarRequest, context: Any
    ) -> config_pb2.DetachManagedVarResponse:
        """Detach a variable that an add-on manages."""
        change = await self._internal.detach(
            self._provisioner(request.tenant),
            Mutation(request_id=request.request_id, app=request.app),
            addon=request.addon,
            name=request.name,
        )
        return config_pb2.DetachManagedVarResponse(change=change_to(change))

    def _provisioner(self, tenant: str) -> Actor:
        return actor_of(current_caller(), tenant=tenant)
