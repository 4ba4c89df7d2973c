"""Changes of an app's variables, as config and secrets both make, remember, release and answer them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from paas.config.v1 import config_pb2

from paaskit.audit import Actor
from paaskit.releases import ReleaseOrder
from paaskit.variables import listing


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
    """The outcome of one mutation. `release` is 0 unless its status is QUEUED."""

    version: int
    changes: Sequence[NameChange] = ()
    change_id: str = ""
    status: ReleaseStatus = ReleaseStatus.NONE
    release: int = 0


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """What every request to change an app says."""

    request_id: str
    app: str
    stage: bool = False
    validate_only: bool = False
    etag: str = ""


class ReleaseQueue(Protocol):
    """What is needed of releaser."""

    async def request(self, order: ReleaseOrder) -> int | None:
        """Return the number of the release a committed order got, or None while releaser can't be reached."""


Answer = Mapping[str, Any]
"""A change as it is remembered under its request id: plain JSON, names and no values."""


def unchanged(version: int) -> Answer:
    """Return the answer to a request that changes nothing."""
    return {"version": version}


def changed(
    *, version: int, change_id: str, changes: Sequence[NameChange], verb: str, description: str = "", stage: bool
) -> Answer:
    """Return the answer to a request that makes `version`. The description is `verb` and the names unless given."""
    return {
        "version": version,
        "change_id": change_id,
        "changes": [[change.name, change.action.value] for change in changes],
        "description": description or listing(verb, [change.name for change in changes]),
        "stage": stage,
    }


def order_of(answer: Answer, actor: Actor, *, app_id: str, app: str) -> ReleaseOrder | None:
    """Return the release order that a new or remembered answer stands for, or None where it asks for none."""
    if not answer.get("change_id") or answer["stage"]:
        return None
    return ReleaseOrder(
        tenant=actor.tenant,
        app_id=app_id,
        app=app,
        change_id=answer["change_id"],
        actor=actor.name,
        description=answer["description"],
    )


async def released(answer: Answer, order: ReleaseOrder | None, releases: ReleaseQueue) -> Change:
    """Ask for the release of a committed change, and return the change as its caller sees it.

    Asking again for a remembered change is right: releaser has one release per change id and answers with it.
    """
    change_id = answer.get("change_id", "")
    status, number = ReleaseStatus.STAGED if change_id else ReleaseStatus.NONE, None
    if order is not None:
        number = await releases.request(order)
        status = ReleaseStatus.PENDING if number is None else ReleaseStatus.QUEUED
    return Change(
        version=answer["version"],
        changes=names_in(answer),
        change_id=change_id,
        status=status,
        release=number or 0,
    )


def names_in(answer: Answer) -> tuple[NameChange, ...]:
    """Return what a remembered answer says of each name."""
    return tuple(NameChange(name, Action(action)) for name, action in answer.get("changes", ()))


_ACTIONS = {
    Action.ADDED: config_pb2.ACTION_ADDED,
    Action.CHANGED: config_pb2.ACTION_CHANGED,
    Action.REMOVED: config_pb2.ACTION_REMOVED,
}
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


def name_changes_to(changes: Sequence[NameChange]) -> list[config_pb2.NameChange]:
    """Return the protos of what happens to each name."""
    return [config_pb2.NameChange(name=each.name, action=_ACTIONS[each.action]) for each in changes]
