"""config and secrets as releaser sees them: their gRPC methods behind the protocols of `domain`."""

from collections.abc import Iterable, Sequence

import grpc
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit.channels import call
from paaskit.redact import Plaintext
from services.releaser.domain import (
    AppKey,
    DesiredState,
    NameChange,
    Restore,
    Restored,
    RestoreScope,
    SealedValues,
    Spec,
)

_SCOPES = {
    RestoreScope.CONFIG: config_pb2.RESTORE_SCOPE_CONFIG,
    RestoreScope.EVERYTHING: config_pb2.RESTORE_SCOPE_EVERYTHING,
}
ACTIONS = {
    config_pb2.ACTION_ADDED: "added",
    config_pb2.ACTION_CHANGED: "changed",
    config_pb2.ACTION_REMOVED: "removed",
}


class ConfigService:
    """config, over `channel`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = config_pb2_grpc.ConfigInternalServiceStub(channel)

    async def resolve_app(self, tenant: str, app: str) -> str:
        """Return the id of an app. Raises NotFound or Unavailable."""
        request = config_pb2.ResolveAppRequest(tenant=tenant, app=app)
        return (await call(self._stub.ResolveApp, request, service="config")).app_id

    async def desired_state(self, key: AppKey, version: int) -> DesiredState:
        """Return the desired state at `version`; 0 is the newest. Raises NotFound or Unavailable."""
        request = config_pb2.GetDesiredStateRequest(tenant=key.tenant, app_id=key.app_id, version=version)
        answer = await call(self._stub.GetDesiredState, request, service="config")
        return DesiredState(
            app=answer.app,
            spec=Spec(
                command=tuple(answer.spec.command),
                image=answer.spec.image,
                instances=answer.spec.instances,
                health_path=answer.spec.health_path,
            ),
            version=answer.version,
            variables={each.name: each.value for each in answer.vars},
            sealed_names=tuple(answer.sealed_names),
        )

    async def restore(self, restore: Restore, scope: RestoreScope) -> Restored:
        """Make an old version current. Raises Conflict, NotFound or Unavailable."""
        request = config_pb2.RestoreVersionRequest(
            tenant=restore.key.tenant,
            app_id=restore.key.app_id,
            version=restore.version,
            change_id=restore.change_id,
            scope=_SCOPES[scope],
            expected_version=restore.expected_version,
            validate_only=restore.validate_only,
            actor=restore.actor,
        )
        answer = await call(self._stub.RestoreVersion, request, service="config")
        return Restored(version=answer.version, changes=_changes(answer.changes))


class SecretsService:
    """secrets, over `channel`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = secrets_pb2_grpc.SecretsInternalServiceStub(channel)

    async def resolve(self, key: AppKey, *, version: int, names: Sequence[str], release: int) -> SealedValues:
        """Return the values of `names` at `version`; 0 is the newest. Raises NotFound or Unavailable."""
        request = secrets_pb2.ResolveForReleaseRequest(
            tenant=key.tenant, app_id=key.app_id, version=version, names=names, release=release
        )
        answer = await call(self._stub.ResolveForRelease, request, service="secrets")
        return SealedValues(version=answer.version, values={each.name: Plaintext(each.value) for each in answer.values})

    async def restore(self, restore: Restore) -> Restored:
        """Make an old version current. Raises Conflict, NotFound or Unavailable."""
        request = secrets_pb2.RestoreVersionRequest(
            tenant=restore.key.tenant,
            app_id=restore.key.app_id,
            version=restore.version,
            change_id=restore.change_id,
            expected_version=restore.expected_version,
            validate_only=restore.validate_only,
            actor=restore.actor,
        )
        answer = await call(self._stub.RestoreVersion, request, service="secrets")
        return Restored(version=answer.version, changes=_changes(answer.changes))


def _changes(changes: Iterable[config_pb2.NameChange]) -> tuple[NameChange, ...]:
    return tuple(NameChange(name=each.name, action=ACTIONS.get(each.action, "changed")) for each in changes)
