"""Releases as messages, with the names of secrets only for who may list them: others learn how many more there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

from paaskit.changes import Action, action_to
from paaskit.release_order import ReleasedChange, released_change_to
from services.releaser.domain import Kind, Release, State
from services.releaser.runtimes.protocol import Instance
from services.releaser.store.drifts import Drift

_STATES: Final = {
    State.QUEUED: releaser_pb2.STATE_QUEUED,
    State.RUNNING: releaser_pb2.STATE_RUNNING,
    State.SUCCEEDED: releaser_pb2.STATE_SUCCEEDED,
    State.FAILED: releaser_pb2.STATE_FAILED,
    State.SUPERSEDED: releaser_pb2.STATE_SUPERSEDED,
}


def release_to(release: Release, *, may_list_secrets: bool, may_read_output: bool = False) -> releaser_pb2.Release:
    """Return the message that stands for a release."""
    changes, hidden = visible(release.changes, may_list_secrets=may_list_secrets)
    secrets = release.reverted_secrets
    return releaser_pb2.Release(
        number=release.number,
        state=_STATES[release.state],
        description=release.description if may_list_secrets else _without_names(release),
        actor=release.actor,
        config_version=release.versions.config,
        secrets_version=release.versions.secrets,
        created_at=timestamp_to(release.created_at),
        started_at=timestamp_to(release.started_at),
        finished_at=timestamp_to(release.finished_at),
        message=release.message,
        instances_updated=release.instances_updated,
        instances_ready=release.instances_ready,
        instances_old=release.instances_old,
        instances_total=release.instances_total,
        superseded_by=release.superseded_by,
        reverted_to=release.reverted_to,
        revert_release=release.revert_release,
        reverted_names=[*release.reverted_names, *(secrets if may_list_secrets else ())],
        source_release=release.source_release,
        changes=map(released_change_to, changes),
        output=release.output if may_read_output else "",
        hidden_changes=hidden + (0 if may_list_secrets else len(set(secrets) - _names_of_secrets(release.changes))),
    )


def visible(changes: Sequence[ReleasedChange], *, may_list_secrets: bool) -> tuple[Sequence[ReleasedChange], int]:
    """Return the changes a caller may know of, and how many more there are."""
    if may_list_secrets:
        return changes, 0
    shown = [change for change in changes if not change.secret]
    return shown, len(changes) - len(shown)


def _names_of_secrets(changes: Sequence[ReleasedChange]) -> set[str]:
    """Return the names of the secrets among changes."""
    return {change.name for change in changes if change.secret}


def rollback_to(
    release: Release | None, changes: Sequence[ReleasedChange], *, may_list_secrets: bool
) -> releaser_pb2.RollbackResponse:
    """Return the answer to a rollback, or to the question what it would do."""
    shown, hidden = visible(changes, may_list_secrets=may_list_secrets)
    return releaser_pb2.RollbackResponse(
        release=release_to(release, may_list_secrets=may_list_secrets) if release else None,
        changes=[config_pb2.NameChange(name=name, action=action_to(action)) for name, action in merged(shown).items()],
        hidden_changes=hidden,
        spec_changed=any(not change.name for change in changes),
    )


def merged(changes: Sequence[ReleasedChange]) -> dict[str, Action]:
    """Return what happens to each name: one that goes in config and comes in secrets, or the other way, is changed."""
    actions: dict[str, Action] = {}
    for change in changes:
        if change.name:
            same = actions.get(change.name, change.action) is change.action
            actions[change.name] = change.action if same else Action.CHANGED
    return actions


def _without_names(release: Release) -> str:
    """Return a description that has no name of a secret.

    Where it is not known what a change was of, any name in its description may be one.
    """
    if release.kind is Kind.CHANGE and (not release.changes or any(change.secret for change in release.changes)):
        return "A change"
    if release.kind is Kind.MANUAL and any(change.secret for change in release.changes):
        return "Release the draft"
    return release.description


def instance_to(instance: Instance) -> releaser_pb2.Instance:
    """Return the message that stands for a running instance."""
    return releaser_pb2.Instance(
        index=instance.index,
        release=instance.release,
        port=instance.port,
        state=instance.state,
        started_at=timestamp_to(instance.started_at),
        log=instance.log,
    )


def drift_to(drift: Drift, *, may_list_secrets: bool) -> releaser_pb2.Drift:
    """Return the message that stands for what drifted."""
    return releaser_pb2.Drift(
        manager=drift.manager,
        names=sorted((*drift.names, *drift.secrets) if may_list_secrets else drift.names),
        hidden_names=0 if may_list_secrets else len(drift.secrets),
        seen_at=timestamp_to(drift.at),
    )


def timestamp_to(moment: datetime | None) -> Timestamp | None:
    """Return a moment as a message, or None."""
    if moment is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
