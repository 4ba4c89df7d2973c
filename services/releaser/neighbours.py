"""config and secrets as releaser sees them: their gRPC methods behind the protocols of `contracts`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

import grpc
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit.access import AppRef
from paaskit.changes import Action, action_from, name_changes_from
from paaskit.channels import call
from paaskit.redact import Plaintext
from paaskit.release_order import ReleasedChange
from services.releaser.contracts import Draft, DraftOrder, DraftReleased, GroupUse, Outcome, Restore, Revert
from services.releaser.domain import Adopted, AppKey, DesiredState, GroupRef, SealedValues, Spec


class ConfigService:
    """config, over `channel`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = config_pb2_grpc.ConfigInternalServiceStub(channel)

    async def resolve_app(self, app: AppRef) -> str:
        """Return the id of an app. Raises NotFound or Unavailable."""
        request = config_pb2.ResolveAppRequest(tenant=app.tenant, app=app.name)
        return (await call(self._stub.ResolveApp, request, service="config")).app_id

    async def desired_state(self, key: AppKey, version: int) -> DesiredState:
        """Return the desired state at `version`. Raises NotFound or Unavailable."""
        request = config_pb2.GetDesiredStateRequest(tenant=key.tenant, app_id=key.app_id, version=version)
        answer = await call(self._stub.GetDesiredState, request, service="config")
        return DesiredState(
            app=answer.app,
            spec=_spec(answer.spec),
            variables={each.name: each.value for each in answer.vars},
            sealed_names=tuple(answer.sealed_names),
            groups=tuple(GroupRef(group_id=each.group_id, name=each.name) for each in answer.groups),
            is_group=answer.is_group,
        )

    async def group_uses(self, key: AppKey) -> Sequence[GroupUse]:
        """Return the apps that have a shared group now, by name. Raises NotFound or Unavailable."""
        request = config_pb2.ListGroupUsesRequest(tenant=key.tenant, group_id=key.app_id)
        answer = await call(self._stub.ListGroupUses, request, service="config")
        return [
            GroupUse(
                key=AppKey(tenant=key.tenant, app_id=each.app_id), app=each.app, own_names=frozenset(each.own_names)
            )
            for each in answer.apps
        ]

    async def restore(self, restore: Restore) -> Outcome:
        """Make an old version current. Raises Refused, NotFound or Unavailable."""
        request = config_pb2.RestoreVersionRequest(**_restore(restore), skip_taken=restore.skip_taken)
        answer = await call(self._stub.RestoreVersion, request, service="config")
        return replace(_outcome(answer, spec_changed=answer.spec_changed), gone_groups=tuple(answer.gone_groups))

    async def revert(self, revert: Revert) -> Outcome:
        """Take back what a failed release changed. Raises NotFound or Unavailable."""
        answer = await call(
            self._stub.RevertChanges, config_pb2.RevertChangesRequest(**_revert(revert)), service="config"
        )
        return _outcome(answer, spec_changed=answer.spec_changed)

    async def draft(self, key: AppKey) -> Draft:
        """Return what is staged. Raises NotFound or Unavailable."""
        request = config_pb2.GetDraftRequest(tenant=key.tenant, app_id=key.app_id)
        answer = await call(self._stub.GetDraft, request, service="config")
        return Draft(revision=answer.revision if answer.HasField("revision") else None, changes=_config_changes(answer))

    async def release_draft(self, order: DraftOrder) -> DraftReleased:
        """Make what is staged live. Raises Refused, LimitExceeded, NotFound or Unavailable."""
        request = config_pb2.ReleaseDraftRequest(**_draft_order(order))
        answer = await call(self._stub.ReleaseDraft, request, service="config")
        version = answer.version if answer.HasField("version") else None
        return DraftReleased(version=version, used_up=answer.used_up, changes=_config_changes(answer))


class SecretsService:
    """secrets, over `channel`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = secrets_pb2_grpc.SecretsInternalServiceStub(channel)

    async def resolve(
        self, key: AppKey, *, version: int, names: Sequence[str], release: int, with_ended: bool
    ) -> SealedValues:
        """Return the values of `names` at `version`; 0 is before any secret. Raises NotFound or Unavailable."""
        request = secrets_pb2.ResolveForReleaseRequest(
            tenant=key.tenant, app_id=key.app_id, version=version, names=names, release=release, with_ended=with_ended
        )
        answer = await call(self._stub.ResolveForRelease, request, service="secrets")
        return {each.name: Plaintext(each.value) for each in answer.values}

    async def restore(self, restore: Restore) -> Outcome:
        """Make an old version current. Raises NotFound or Unavailable."""
        request = secrets_pb2.RestoreVersionRequest(**_restore(restore))
        return _outcome(await call(self._stub.RestoreVersion, request, service="secrets"))

    async def revert(self, revert: Revert) -> Outcome:
        """Take back what a failed release changed. Raises NotFound or Unavailable."""
        request = secrets_pb2.RevertChangesRequest(**_revert(revert))
        return _outcome(await call(self._stub.RevertChanges, request, service="secrets"))

    async def draft(self, key: AppKey) -> Draft:
        """Return what is staged, without values. Raises Unavailable."""
        request = secrets_pb2.GetDraftRequest(tenant=key.tenant, app_id=key.app_id)
        answer = await call(self._stub.GetDraft, request, service="secrets")
        revision = answer.revision if answer.HasField("revision") else None
        return Draft(revision=revision, changes=_secret_changes(answer))

    async def release_draft(self, order: DraftOrder) -> DraftReleased:
        """Make what is staged live. Raises Refused, LimitExceeded, NotFound or Unavailable."""
        request = secrets_pb2.ReleaseDraftRequest(**_draft_order(order))
        answer = await call(self._stub.ReleaseDraft, request, service="secrets")
        return DraftReleased(
            version=answer.version if answer.HasField("version") else None,
            used_up=answer.used_up,
            changes=_secret_changes(answer),
            config_version=answer.config_version if answer.HasField("config_version") else None,
        )


def _spec(spec: config_pb2.AppSpec) -> Spec:
    adopted = spec.adopted
    return Spec(
        command=tuple(spec.command),
        image=spec.image,
        instances=spec.instances,
        health_path=spec.health_path,
        ready_timeout=spec.ready_timeout.seconds if spec.HasField("ready_timeout") else None,
        all_at_once=spec.all_at_once,
        adopted=Adopted(namespace=adopted.namespace, deployment=adopted.deployment, container=adopted.container)
        if spec.HasField("adopted")
        else None,
        schema=spec.schema,
    )


def _restore(restore: Restore) -> dict[str, Any]:
    return {
        "tenant": restore.key.tenant,
        "app_id": restore.key.app_id,
        "version": restore.version,
        "request_id": restore.request_id,
        "change_id": restore.change_id,
        "actor": restore.actor,
        "description": restore.description,
        "validate_only": restore.validate_only,
    }


def _revert(revert: Revert) -> dict[str, Any]:
    return {
        "tenant": revert.key.tenant,
        "app_id": revert.key.app_id,
        "from_version": revert.before,
        "to_version": revert.after,
        "request_id": revert.request_id,
        "actor": revert.actor,
    }


def _draft_order(order: DraftOrder) -> dict[str, Any]:
    return {
        "tenant": order.key.tenant,
        "app_id": order.key.app_id,
        "request_id": order.request_id,
        "change_id": order.request_id,
        "revision": order.revision,
        "replace_newer": order.replace_newer,
        "actor": order.actor,
        "description": order.description,
    }


def _outcome(answer: Any, *, spec_changed: bool = False) -> Outcome:
    return Outcome(
        version=answer.version,
        changes=name_changes_from(answer.changes),
        taken=tuple(answer.taken),
        spec_changed=spec_changed,
    )


def _config_changes(answer: Any) -> tuple[ReleasedChange, ...]:
    """Return what a draft of config does, its spec under the empty name."""
    changes = [_staged(each.name, action_from(each.action), each, secret=False) for each in answer.vars]
    if answer.HasField("spec"):
        changes.append(_staged("", Action.CHANGED, answer.spec, secret=False))
    return tuple(changes)


def _secret_changes(answer: Any) -> tuple[ReleasedChange, ...]:
    return tuple(_staged(each.name, action_from(each.action), each, secret=True) for each in answer.secrets)


def _staged(name: str, action: Action, staged: Any, *, secret: bool) -> ReleasedChange:
    return ReleasedChange(
        name=name,
        action=action,
        secret=secret,
        actor=staged.staged_by,
        staged_at=staged.staged_at.ToDatetime(tzinfo=UTC),
        replaces_newer=staged.replaces_newer,
    )
