"""What a change asks releaser for, and what it says of itself there: names and who changed them, never a value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from paas.releaser.v1 import releaser_pb2

from paaskit.changes import Action, NameChange, action_from, action_to


@dataclass(frozen=True, kw_only=True)
class ReleasedChange:
    """What a release does to one name (empty: the app's spec), and who changed or staged it."""

    name: str
    action: Action
    secret: bool
    actor: str
    staged_at: datetime | None = None
    replaces_newer: bool = False


@dataclass(frozen=True, kw_only=True)
class ReleaseOrder:
    """One change that asks for a release. `description` has names and no values.

    The versions say what the release must have at least; what it does not name stays as in the release before. So what
    is released is settled when it is ordered, and nothing that comes later is carried along.
    """

    tenant: str
    app_id: str
    app: str
    change_id: str
    actor: str
    description: str
    config_version: int | None = None
    secrets_version: int | None = None
    changes: Sequence[ReleasedChange] = ()

    def encode(self) -> bytes:
        """Return the order as the bytes of a `releaser_pb2.ReleaseOrder`."""
        return releaser_pb2.ReleaseOrder(
            tenant=self.tenant,
            app_id=self.app_id,
            app=self.app,
            change_id=self.change_id,
            actor=self.actor,
            description=self.description,
            config_version=self.config_version,
            secrets_version=self.secrets_version,
            changes=[released_change_to(change) for change in self.changes],
        ).SerializeToString()


def changes_by(actor: str, changes: Sequence[NameChange], *, secret: bool) -> tuple[ReleasedChange, ...]:
    """Return what a live change of one actor does to each name."""
    return tuple(
        ReleasedChange(name=change.name, action=change.action, secret=secret, actor=actor) for change in changes
    )


def released_change_to(change: ReleasedChange) -> releaser_pb2.ReleasedChange:
    """Return the proto of a released change."""
    message = releaser_pb2.ReleasedChange(
        name=change.name,
        action=action_to(change.action),
        secret=change.secret,
        actor=change.actor,
        replaces_newer=change.replaces_newer,
    )
    if change.staged_at is not None:
        message.staged_at.FromDatetime(change.staged_at)
    return message


def released_change_from(message: releaser_pb2.ReleasedChange) -> ReleasedChange:
    """Return what a proto says of a released change."""
    return ReleasedChange(
        name=message.name,
        action=action_from(message.action),
        secret=message.secret,
        actor=message.actor,
        staged_at=message.staged_at.ToDatetime(tzinfo=UTC) if message.HasField("staged_at") else None,
        replaces_newer=message.replaces_newer,
    )
