"""Releases as messages, with the names of secrets only for who may list them: others learn how many more there are.

And so it is with apps, where somebody reads a shared group's release who may see some of the apps that have the group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

from paaskit.changes import Action, action_to
from paaskit.release_order import ReleasedChange, released_change_to
from services.releaser.by_hand.rollback import WentBack
from services.releaser.domain import Kind, Member, Release, State
from services.releaser.runtimes.protocol import Instance
from services.releaser.store.drifts import Drift

_STATES: Final = {
    State.QUEUED: releaser_pb2.STATE_QUEUED,
    State.RUNNING: releaser_pb2.STATE_RUNNING,
    State.SUCCEEDED: releaser_pb2.STATE_SUCCEEDED,
    State.FAILED: releaser_pb2.STATE_FAILED,
    State.SUPERSEDED: releaser_pb2.STATE_SUPERSEDED,
}


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What somebody may see of a release: names of secrets, what instances wrote, and which apps by id (None: all)."""

    may_list_secrets: bool
    may_read_output: bool = False
    app_ids: frozenset[str] | None = None

    def has(self, app_id: str) -> bool:
        """Whether the app is one that may be seen."""
        return self.app_ids is None or app_id in self.app_ids


def release_to(release: Release, sight: Sight) -> releaser_pb2.Release:
    """Return the message that stands for a release."""
    may_list_secrets = sight.may_list_secrets
    changes, hidden = visible(release.changes, may_list_secrets=may_list_secrets)
    secrets = release.reverted_secrets
    members = [member for member in release.members if sight.has(member.app_id)]
    return releaser_pb2.Release(
        number=release.number,
        state=_STATES[release.state],
        description=_description(release, sight),
        actor=release.actor,
        config_version=release.versions.config,
        secrets_version=release.versions.secrets,
        created_at=timestamp_to(release.created_at),
        started_at=timestamp_to(release.started_at),
        finished_at=timestamp_to(release.finished_at),
        message=_message(release, sight),
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
        output=release.output if sight.may_read_output else "",
        hidden_changes=hidden + (0 if may_list_secrets else len(set(secrets) - _names_of_secrets(release.changes))),
        members=[_member_to(member, ended=release.ended) for member in members],
        hidden_members=len(release.members) - len(members),
        groups=[
            releaser_pb2.GroupVersion(
                group=pin.group.name, config_version=pin.versions.config, secrets_version=pin.versions.secrets
            )
            for pin in release.groups
        ],
    )


def _member_to(member: Member, *, ended: bool) -> releaser_pb2.GroupMember:
    """Return the message for an app's release; one whose turn did not come is queued for as long as it may."""
    waits = releaser_pb2.STATE_UNSPECIFIED if ended else releaser_pb2.STATE_QUEUED
    state = waits if member.state is None else _STATES[member.state]
    return releaser_pb2.GroupMember(app=member.app, release=member.release, state=state)


def visible(changes: Sequence[ReleasedChange], *, may_list_secrets: bool) -> tuple[Sequence[ReleasedChange], int]:
    """Return the changes a caller may know of, and how many more there are."""
    if may_list_secrets:
        return changes, 0
    shown = [change for change in changes if not change.secret]
    return shown, len(changes) - len(shown)


def _names_of_secrets(changes: Sequence[ReleasedChange]) -> set[str]:
    """Return the names of the secrets among changes."""
    return {change.name for change in changes if change.secret}


def rollback_to(back: WentBack, sight: Sight) -> releaser_pb2.RollbackResponse:
    """Return the answer to a rollback, or to the question what it would do."""
    shown, hidden = visible(back.changes, may_list_secrets=sight.may_list_secrets)
    return releaser_pb2.RollbackResponse(
        release=release_to(back.release, sight) if back.release else None,
        changes=[config_pb2.NameChange(name=name, action=action_to(action)) for name, action in merged(shown).items()],
        hidden_changes=hidden,
        spec_changed=any(not change.name for change in back.changes),
        gone_groups=back.gone_groups,
    )


def merged(changes: Sequence[ReleasedChange]) -> dict[str, Action]:
    """Return what happens to each name: one that goes in config and comes in secrets, or the other way, is changed."""
    actions: dict[str, Action] = {}
    for change in changes:
        if change.name:
            same = actions.get(change.name, change.action) is change.action
            actions[change.name] = change.action if same else Action.CHANGED
    return actions


def _message(release: Release, sight: Sight) -> str:
    """Return a release's message. Why a group's failed names the app, which not everybody may see."""
    if release.stopped_by is None or sight.has(release.stopped_by):
        return release.message
    return "A release of an app that you may not see failed."


def _description(release: Release, sight: Sight) -> str:
    """Return a description that has no name that may not be seen: of a secret, or of a variable of another's group.

    Where it is not known what a change was of, any name in its description may be one.
    """
    if release.kind is Kind.GROUP:
        # What it is of its group comes first: `shared v3: Set A`.
        of_group = release.description.partition(":")[0]
        ids = [pin.group.group_id for pin in release.groups if of_group.rpartition(" v")[0] == pin.group.name]
        sees = sight.app_ids is None or any(map(sight.has, ids))
        return release.description if sight.may_list_secrets and sees else of_group
    return release.description if sight.may_list_secrets else _without_names(release)


def _without_names(release: Release) -> str:
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
