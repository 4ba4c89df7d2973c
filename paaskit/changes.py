"""Changes of an app's variables, as config and secrets both make, remember and answer them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from paas.config.v1 import config_pb2

from paaskit import requests
from paaskit.access import AppRef


class Action(StrEnum):
    """What a change does to one name."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class ReleaseStatus(StrEnum):
    """What became of the release that a change asked for."""

    NONE = "none"
    QUEUED = "queued"
    PENDING = "pending"
    STAGED = "staged"


@dataclass(frozen=True)
class NameChange:
    """What a change does to one name."""

    name: str
    action: Action


@dataclass(frozen=True, kw_only=True)
class Change:
    """The outcome of one mutation. `release` is None unless its status is QUEUED."""

    version: int
    changes: Sequence[NameChange] = ()
    change_id: str = ""
    status: ReleaseStatus = ReleaseStatus.NONE
    release: int | None = None


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """What every request to change an app says."""

    request_id: str
    app: AppRef
    stage: bool = False
    validate_only: bool = False
    etag: str = ""


Answer = requests.Answer


def unchanged(version: int) -> Answer:
    """Return the answer to a request that changes nothing."""
    return {"version": version}


def changed(
    *, version: int, change_id: str, changes: Sequence[NameChange], description: str, stage: bool = False, **more: int
) -> Answer:
    """Return the answer to a request that makes `version`, or stages something on top of it.

    `more` are versions of other services that its release needs.
    """
    return {
        "version": version,
        "change_id": change_id,
        "changes": [[change.name, change.action.value] for change in changes],
        "description": description,
        "stage": stage,
        **more,
    }


def is_live(answer: Answer) -> bool:
    """Whether a new or remembered answer is to a change that asks for a release."""
    return bool(answer.get("change_id")) and not answer["stage"]


def change_of(answer: Answer, *, release: int | None) -> Change:
    """Return the change as its caller sees it, given the number of its release where that is known by now."""
    status = ReleaseStatus.NONE
    if answer.get("change_id"):
        status = ReleaseStatus.STAGED if answer["stage"] else ReleaseStatus.PENDING
    if release is not None:
        status = ReleaseStatus.QUEUED
    return Change(
        version=answer["version"],
        changes=names_in(answer),
        change_id=answer.get("change_id", ""),
        status=status,
        release=release,
    )


def names_in(answer: Answer) -> tuple[NameChange, ...]:
    """Return what a remembered answer says of each name."""
    return tuple(NameChange(name, Action(action)) for name, action in answer.get("changes", ()))


_ACTIONS = {
    Action.ADDED: config_pb2.ACTION_ADDED,
    Action.CHANGED: config_pb2.ACTION_CHANGED,
    Action.REMOVED: config_pb2.ACTION_REMOVED,
}
_ACTIONS_OF = {number: action for action, number in _ACTIONS.items()}
_STATUSES = {
    ReleaseStatus.NONE: config_pb2.RELEASE_STATUS_NONE,
    ReleaseStatus.QUEUED: config_pb2.RELEASE_STATUS_QUEUED,
    ReleaseStatus.PENDING: config_pb2.RELEASE_STATUS_PENDING,
    ReleaseStatus.STAGED: config_pb2.RELEASE_STATUS_STAGED,
}


def change_to(change: Change) -> config_pb2.Change:
    """Return the proto of a change."""
    return config_pb2.Change(
        change_id=change.change_id,
        version=change.version,
        changes=name_changes_to(change.changes),
        release_status=_STATUSES[change.status],
        release=change.release,
    )


def name_changes_to(changes: Iterable[NameChange]) -> list[config_pb2.NameChange]:
    """Return the protos of what happens to each name."""
    return [config_pb2.NameChange(name=each.name, action=action_to(each.action)) for each in changes]


def name_changes_from(messages: Iterable[config_pb2.NameChange]) -> tuple[NameChange, ...]:
    """Return what protos say happens to each name."""
    return tuple(NameChange(each.name, action_from(each.action)) for each in messages)


def action_to(action: Action) -> config_pb2.Action.ValueType:
    """Return the proto of an action."""
    return _ACTIONS[action]


def action_from(number: config_pb2.Action.ValueType) -> Action:
    """Return the action of a proto; one that is not known yet counts as a change."""
    return _ACTIONS_OF.get(number, Action.CHANGED)
