"""The fake config and secrets on real mTLS channels, for a whole releaser to call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_status import rpc_status
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit.errors import PaasError
from paaskit.interceptors import encode_error
from services.releaser.domain import AppKey, DesiredState, Restore, Restored, RestoreScope, SealedValues
from services.releaser.neighbours import ACTIONS
from tests.fakes.desired_state import FakeVariables
from tests.fakes.neighbours import on_channel
from tests.fixtures.tls import Certificates


@dataclass(frozen=True)
class Addresses:
    """Where both services listen."""

    config: str
    secrets: str


@asynccontextmanager
async def serving_variables(variables: FakeVariables, tls: Certificates) -> AsyncIterator[Addresses]:
    """Serve both, each with its own certificate."""
    config = config_pb2_grpc.add_ConfigInternalServiceServicer_to_server
    secrets = secrets_pb2_grpc.add_SecretsInternalServiceServicer_to_server
    answering = (
        _ConfigServicer(variables),  # type: ignore[abstract]  # only what releaser calls
        _SecretsServicer(variables),  # type: ignore[abstract]  # only what releaser calls
    )
    async with (
        on_channel(tls, "config", config, answering[0]) as config_address,
        on_channel(tls, "secrets", secrets, answering[1]) as secrets_address,
    ):
        yield Addresses(config_address, secrets_address)


class _ConfigServicer(config_pb2_grpc.ConfigInternalServiceServicer):
    def __init__(self, variables: FakeVariables) -> None:
        self._variables = variables

    async def ResolveApp(self, request: config_pb2.ResolveAppRequest, context: Any) -> Any:
        app_id = await _answer(context, self._variables.resolve_app(request.tenant, request.app))
        return config_pb2.ResolveAppResponse(app_id=app_id)

    async def GetDesiredState(self, request: config_pb2.GetDesiredStateRequest, context: Any) -> Any:
        key = AppKey(tenant=request.tenant, app_id=request.app_id)
        state: DesiredState = await _answer(context, self._variables.desired_state(key, request.version))
        return config_pb2.GetDesiredStateResponse(
            app=state.app,
            spec=config_pb2.AppSpec(
                command=state.spec.command,
                image=state.spec.image,
                instances=state.spec.instances,
                health_path=state.spec.health_path,
            ),
            version=state.version,
            vars=[config_pb2.Assignment(name=name, value=value) for name, value in state.variables.items()],
            sealed_names=state.sealed_names,
        )

    async def RestoreVersion(self, request: config_pb2.RestoreVersionRequest, context: Any) -> Any:
        everything = request.scope == config_pb2.RESTORE_SCOPE_EVERYTHING
        scope = RestoreScope.EVERYTHING if everything else RestoreScope.CONFIG
        restored: Restored = await _answer(context, self._variables.restore_config(_restore(request), scope))
        return config_pb2.RestoreVersionResponse(version=restored.version, changes=_to_changes(restored))


class _SecretsServicer(secrets_pb2_grpc.SecretsInternalServiceServicer):
    def __init__(self, variables: FakeVariables) -> None:
        self._variables = variables

    async def ResolveForRelease(self, request: secrets_pb2.ResolveForReleaseRequest, context: Any) -> Any:
        key = AppKey(tenant=request.tenant, app_id=request.app_id)
        asked = self._variables.resolve(
            key, version=request.version, names=tuple(request.names), release=request.release
        )
        sealed: SealedValues = await _answer(context, asked)
        return secrets_pb2.ResolveForReleaseResponse(
            version=sealed.version,
            values=[secrets_pb2.SealedValue(name=name, value=value.reveal()) for name, value in sealed.values.items()],
        )

    async def RestoreVersion(self, request: secrets_pb2.RestoreVersionRequest, context: Any) -> Any:
        restored: Restored = await _answer(context, self._variables.restore_secrets(_restore(request)))
        return secrets_pb2.RestoreVersionResponse(version=restored.version, changes=_to_changes(restored))


async def _answer(context: grpc.aio.ServicerContext[Any, Any], work: Any) -> Any:
    try:
        return await work
    except PaasError as error:
        await context.abort_with_status(rpc_status.to_status(encode_error(error)))


def _restore(request: Any) -> Restore:
    return Restore(
        key=AppKey(tenant=request.tenant, app_id=request.app_id),
        version=request.version,
        change_id=request.change_id,
        actor=request.actor,
        expected_version=request.expected_version,
        validate_only=request.validate_only,
    )


def _to_changes(restored: Restored) -> list[config_pb2.NameChange]:
    by_name = {action: number for number, action in ACTIONS.items()}
    return [config_pb2.NameChange(name=each.name, action=by_name[each.action]) for each in restored.changes]
