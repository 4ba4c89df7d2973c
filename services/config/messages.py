"""Between protos and the domain's dataclasses, for both servicers. Holds no rule."""

from collections.abc import Sequence
from datetime import datetime

from google.protobuf.duration_pb2 import Duration
from paas.config.v1 import config_pb2, groups_pb2

from paaskit.changes import action_to
from services.config.domain import Adopted, AppSpec, ById, Entry, Kind
from services.config.rules.drafts import Staged
from services.config.rules.groups import Given
from services.config.rules.restore import Restore
from services.config.rules.staged import Gone, ReleaseOfDraft, StagedSpec, staged_spec
from services.config.store.groups import ShownGroup
from services.config.store.lists import Shown

_KINDS = {Kind.CONFIG: config_pb2.VAR_KIND_CONFIG, Kind.MANAGED: config_pb2.VAR_KIND_MANAGED}


def spec_from(spec: config_pb2.AppSpec) -> AppSpec:
    """Return the domain's form of a spec."""
    limit, adopted = spec.ready_timeout, spec.adopted
    return AppSpec(
        command=tuple(spec.command),
        image=spec.image,
        instances=spec.instances,
        health_path=spec.health_path,
        ready_timeout=limit.seconds + bool(limit.nanos) if spec.HasField("ready_timeout") else None,
        all_at_once=spec.all_at_once,
        adopted=Adopted(namespace=adopted.namespace, deployment=adopted.deployment, container=adopted.container)
        if spec.HasField("adopted")
        else None,
        schema=spec.schema,
    )


def spec_to(spec: AppSpec) -> config_pb2.AppSpec:
    """Return the proto of a spec."""
    adopted = spec.adopted
    return config_pb2.AppSpec(
        command=spec.command,
        image=spec.image,
        instances=spec.instances,
        health_path=spec.health_path,
        ready_timeout=Duration(seconds=spec.ready_timeout) if spec.ready_timeout is not None else None,
        all_at_once=spec.all_at_once,
        adopted=config_pb2.Adopted(
            namespace=adopted.namespace, deployment=adopted.deployment, container=adopted.container
        )
        if adopted is not None
        else None,
        schema=spec.schema,
        groups=[group.name for group in spec.groups],
    )


def app_to(shown: Shown) -> config_pb2.App:
    """Return the proto of an app."""
    app = shown.app
    message = config_pb2.App(
        app_id=app.app_id, name=app.name, spec=spec_to(shown.spec.spec), version=app.version, etag=app.etag
    )
    message.created_at.FromDatetime(app.created_at)
    return message


def group_to(shown: ShownGroup) -> groups_pb2.Group:
    """Return the proto of a group."""
    group = shown.group
    message = groups_pb2.Group(
        group_id=group.app_id, name=group.name, version=group.version, names=group.totals.names, apps=shown.uses
    )
    message.created_at.FromDatetime(group.created_at)
    return message


def given_to(found: Sequence[Given]) -> list[config_pb2.GroupVars]:
    """Return the protos of what an app has of its groups."""
    return [
        config_pb2.GroupVars(
            group=each.group,
            vars=[var_to(entry) for entry in each.entries],
            own_names=each.own_names,
            hidden=each.hidden,
        )
        for each in found
    ]


def var_to(entry: Entry) -> config_pb2.Var:
    """Return the proto of a config or managed variable."""
    message = config_pb2.Var(
        name=entry.name,
        value=entry.value,
        kind=_KINDS[entry.kind],
        addon=entry.addon,
        version=entry.valid_from,
        updated_by=entry.changed_by,
    )
    if entry.changed_at is not None:
        message.updated_at.FromDatetime(entry.changed_at)
    return message


def staged_to(found: Sequence[Staged]) -> list[config_pb2.StagedVar]:
    """Return the protos of staged changes."""
    return [
        _staged_var(
            config_pb2.StagedVar(
                name=each.draft.name,
                action=action_to(each.action),
                value=each.draft.value or "",
                staged_by=each.draft.staged_by,
                replaces_newer=each.replaces_newer,
            ),
            each.draft.staged_at,
        )
        for each in found
    ]


def gone_to(found: Sequence[Gone]) -> list[config_pb2.StagedVar]:
    """Return the protos of staged changes that are live now; what they set is to be read where it is live."""
    return [
        _staged_var(
            config_pb2.StagedVar(
                name=each.name,
                action=action_to(each.action),
                staged_by=each.staged_by,
                replaces_newer=each.replaces_newer,
            ),
            each.staged_at,
        )
        for each in found
    ]


def staged_spec_of(shown: Shown) -> config_pb2.StagedSpec | None:
    """Return the proto of what is staged of an app's spec, if anything is."""
    return staged_spec_to(staged_spec(shown.spec_draft, shown.spec))


def staged_spec_to(spec: StagedSpec | None) -> config_pb2.StagedSpec | None:
    """Return the proto of a staged spec."""
    if spec is None:
        return None
    message = config_pb2.StagedSpec(
        spec=spec_to(spec.draft.spec), staged_by=spec.draft.staged_by, replaces_newer=spec.replaces_newer
    )
    message.staged_at.FromDatetime(spec.draft.staged_at)
    return message


def gone_spec_to(gone: Gone | None) -> config_pb2.StagedSpec | None:
    """Return the proto of a staged spec that is live now."""
    if gone is None:
        return None
    message = config_pb2.StagedSpec(staged_by=gone.staged_by, replaces_newer=gone.replaces_newer)
    message.staged_at.FromDatetime(gone.staged_at)
    return message


def restore_from(request: config_pb2.RestoreVersionRequest) -> Restore:
    """Return the order to restore a version."""
    return Restore(
        where=ById(tenant=request.tenant, app_id=request.app_id),
        version=request.version,
        request_id=request.request_id,
        change_id=request.change_id,
        actor=request.actor,
        description=request.description,
        skip_taken=request.skip_taken,
        validate_only=request.validate_only,
    )


def release_from(request: config_pb2.ReleaseDraftRequest) -> ReleaseOfDraft:
    """Return the order to make a draft live."""
    return ReleaseOfDraft(
        where=ById(tenant=request.tenant, app_id=request.app_id),
        request_id=request.request_id,
        change_id=request.change_id,
        revision=request.revision,
        replace_newer=request.replace_newer,
        actor=request.actor,
        description=request.description,
    )


def _staged_var(message: config_pb2.StagedVar, staged_at: datetime) -> config_pb2.StagedVar:
    message.staged_at.FromDatetime(staged_at)
    return message
