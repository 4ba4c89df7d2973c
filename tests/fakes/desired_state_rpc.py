"""The fake config and secrets on real mTLS channels, for a whole releaser to call."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from grpc_status import rpc_status
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit.access import AppRef
from paaskit.changes import action_to, name_changes_to
from paaskit.errors import PaasError
from paaskit.gate import encode_error
from paaskit.release_order import ReleasedChange
from services.releaser.contracts import Draft, DraftOrder, DraftReleased, GroupUse, Outcome, Restore, Revert
from services.releaser.domain import AppKey, DesiredState, SealedValues, Spec
from tests.fakes.desired_services import FakeConfig, FakeSecrets
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
        _ConfigServicer(FakeConfig(variables)),  # type: ignore[abstract]  # only what releaser calls
        _SecretsServicer(FakeSecrets(variables)),  # type: ignore[abstract]  # only what releaser calls
    )
    async with (
        on_channel(tls, "config", config, answering[0]) as config_address,
        on_channel(tls, "secrets", secrets, answering[1]) as secrets_address,
    ):
        yield Addresses(config_address, secrets_address)


class _ConfigServicer(config_pb2_grpc.ConfigInternalServiceServicer):
    def __init__(self, config: FakeConfig) -> None:
        self._config = config

    async def ResolveApp(self, request: config_pb2.ResolveAppRequest, context: Any) -> Any:
        asked = AppRef(tenant=request.tenant, name=request.app)
        return config_pb2.ResolveAppResponse(app_id=await _answer(context, self._config.resolve_app(asked)))

    async def GetDesiredState(self, request: config_pb2.GetDesiredStateRequest, context: Any) -> Any:
        state: DesiredState = await _answer(context, self._config.desired_state(_key(request), request.version))
        return config_pb2.GetDesiredStateResponse(
            app=state.app,
            spec=_spec(state.spec),
            version=request.version,
            vars=[config_pb2.Assignment(name=name, value=value) for name, value in state.variables.items()],
            sealed_names=state.sealed_names,
            groups=[config_pb2.GroupRef(group_id=each.group_id, name=each.name) for each in state.groups],
            is_group=state.is_group,
        )

    async def ListGroupUses(self, request: config_pb2.ListGroupUsesRequest, context: Any) -> Any:
        key = AppKey(tenant=request.tenant, app_id=request.group_id)
        uses: Sequence[GroupUse] = await _answer(context, self._config.group_uses(key))
        found = [
            config_pb2.GroupUser(app_id=use.key.app_id, app=use.app, own_names=sorted(use.own_names)) for use in uses
        ]
        return config_pb2.ListGroupUsesResponse(apps=found)

    async def RestoreVersion(self, request: config_pb2.RestoreVersionRequest, context: Any) -> Any:
        outcome = await _answer(context, self._config.restore(_restore(request, skip_taken=request.skip_taken)))
        return config_pb2.RestoreVersionResponse(
            **_outcome(outcome), spec_changed=outcome.spec_changed, gone_groups=outcome.gone_groups
        )

    async def RevertChanges(self, request: config_pb2.RevertChangesRequest, context: Any) -> Any:
        outcome = await _answer(context, self._config.revert(_revert(request)))
        return config_pb2.RevertChangesResponse(**_outcome(outcome), spec_changed=outcome.spec_changed)

    async def GetDraft(self, request: config_pb2.GetDraftRequest, context: Any) -> Any:
        draft: Draft = await _answer(context, self._config.draft(_key(request)))
        return config_pb2.GetDraftResponse(revision=draft.revision, **_config_changes(draft.changes))

    async def ReleaseDraft(self, request: config_pb2.ReleaseDraftRequest, context: Any) -> Any:
        released: DraftReleased = await _answer(context, self._config.release_draft(_draft_order(request)))
        return config_pb2.ReleaseDraftResponse(
            version=released.version, used_up=released.used_up, **_config_changes(released.changes)
        )


class _SecretsServicer(secrets_pb2_grpc.SecretsInternalServiceServicer):
    def __init__(self, secrets: FakeSecrets) -> None:
        self._secrets = secrets

    async def ResolveForRelease(self, request: secrets_pb2.ResolveForReleaseRequest, context: Any) -> Any:
        asked = self._secrets.resolve(
            _key(request), version=request.version, names=tuple(request.names), release=request.release
        )
        sealed: SealedValues = await _answer(context, asked)
        return secrets_pb2.ResolveForReleaseResponse(
            values=[secrets_pb2.SealedValue(name=name, value=value.reveal()) for name, value in sealed.items()]
        )

    async def RestoreVersion(self, request: secrets_pb2.RestoreVersionRequest, context: Any) -> Any:
        outcome = await _answer(context, self._secrets.restore(_restore(request)))
        return secrets_pb2.RestoreVersionResponse(**_outcome(outcome))

    async def RevertChanges(self, request: secrets_pb2.RevertChangesRequest, context: Any) -> Any:
        outcome = await _answer(context, self._secrets.revert(_revert(request)))
        return secrets_pb2.RevertChangesResponse(**_outcome(outcome))

    async def GetDraft(self, request: secrets_pb2.GetDraftRequest, context: Any) -> Any:
        draft: Draft = await _answer(context, self._secrets.draft(_key(request)))
        staged = [_staged(secrets_pb2.StagedSecret(name=each.name), each) for each in draft.changes]
        return secrets_pb2.GetDraftResponse(revision=draft.revision, secrets=staged)

    async def ReleaseDraft(self, request: secrets_pb2.ReleaseDraftRequest, context: Any) -> Any:
        released: DraftReleased = await _answer(context, self._secrets.release_draft(_draft_order(request)))
        staged = [_staged(secrets_pb2.StagedSecret(name=each.name), each) for each in released.changes]
        return secrets_pb2.ReleaseDraftResponse(
            version=released.version,
            used_up=released.used_up,
            secrets=staged,
            config_version=released.config_version,
        )


async def _answer(context: grpc.aio.ServicerContext[Any, Any], work: Any) -> Any:
    try:
        return await work
    except PaasError as error:
        await context.abort_with_status(rpc_status.to_status(encode_error(error)))


def _spec(spec: Spec) -> config_pb2.AppSpec:
    return config_pb2.AppSpec(
        command=spec.command,
        image=spec.image,
        instances=spec.instances,
        health_path=spec.health_path,
        ready_timeout=Duration(seconds=spec.ready_timeout) if spec.ready_timeout is not None else None,
        all_at_once=spec.all_at_once,
        adopted=config_pb2.Adopted(**asdict(spec.adopted)) if spec.adopted is not None else None,
        schema=spec.schema,
    )


def _key(request: Any) -> AppKey:
    return AppKey(tenant=request.tenant, app_id=request.app_id)


def _restore(request: Any, *, skip_taken: bool = False) -> Restore:
    return Restore(
        key=_key(request),
        version=request.version,
        request_id=request.request_id,
        change_id=request.change_id,
        actor=request.actor,
        description=request.description,
        skip_taken=skip_taken,
        validate_only=request.validate_only,
    )


def _revert(request: Any) -> Revert:
    return Revert(
        key=_key(request),
        before=request.from_version,
        after=request.to_version,
        request_id=request.request_id,
        actor=request.actor,
    )


def _draft_order(request: Any) -> DraftOrder:
    assert request.change_id == request.request_id, "releaser has one id for both"
    return DraftOrder(
        key=_key(request),
        request_id=request.request_id,
        revision=request.revision,
        replace_newer=request.replace_newer,
        actor=request.actor,
        description=request.description,
    )


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {"version": outcome.version, "changes": name_changes_to(outcome.changes), "taken": outcome.taken}


def _config_changes(changes: Iterable[ReleasedChange]) -> dict[str, Any]:
    found = [_staged(config_pb2.StagedVar(name=each.name), each) for each in changes if each.name]
    specs = [_staged(config_pb2.StagedSpec(), each, action=False) for each in changes if not each.name]
    return {"vars": found, "spec": specs[0] if specs else None}


def _staged(message: Any, change: ReleasedChange, *, action: bool = True) -> Any:
    if action:
        message.action = action_to(change.action)
    message.staged_by = change.actor
    message.replaces_newer = change.replaces_newer
    assert change.staged_at is not None
    message.staged_at.FromDatetime(change.staged_at)
    return message
