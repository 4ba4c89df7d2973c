"""What releaser is about: apps, their releases, and the versions of config and secrets that a release is.

Plain values. Must not know gRPC, SQL or a runtime.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from paaskit.errors import NotFound
from paaskit.redact import Plaintext
from paaskit.release_order import ReleasedChange

SERVICE_ACTOR: Final = "service:releaser"


class State(StrEnum):
    """Where a release is; the last three are ends."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class Kind(StrEnum):
    """What a release was asked for by: a change, a person, a person going back, a failure, or a shared group's release,
    which is one of each app that has the group.
    """

    CHANGE = "change"
    MANUAL = "manual"
    ROLLBACK = "rollback"
    REVERT = "revert"
    GROUP = "group"


@dataclass(frozen=True, kw_only=True, order=True)
class AppKey:
    """One app for ever; its name may become another app's."""

    tenant: str
    app_id: str

    def __str__(self) -> str:
        return f"{self.tenant}/{self.app_id}"


@dataclass(frozen=True, kw_only=True)
class Versions:
    """A version of an app's config and one of its secrets; None where nothing of it was ever part of a release."""

    config: int | None = None
    secrets: int | None = None

    def raised_to(self, other: "Versions") -> "Versions":
        """Return the greater of each."""
        return Versions(config=_greater(self.config, other.config), secrets=_greater(self.secrets, other.secrets))

    def cover(self, other: "Versions") -> bool:
        """Whether everything that `other` has is in these as well."""
        return self.raised_to(other) == self


def _greater(one: int | None, other: int | None) -> int | None:
    return max((version for version in (one, other) if version is not None), default=None)


@dataclass(frozen=True, kw_only=True)
class GroupRef:
    """A shared group: which it is for ever, and its name."""

    group_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A shared group at the versions that one release of an app is given; nothing of it where it has none."""

    group: GroupRef
    versions: Versions = field(default_factory=Versions)


class FanOutState(StrEnum):
    """How far a shared group's release is with the apps that have the group."""

    OPEN = "open"
    DONE = "done"


@dataclass(frozen=True, kw_only=True)
class Member:
    """An app's release as a part of a shared group's. Neither `release` nor `state` while it was not its turn."""

    app_id: str
    app: str
    release: int | None = None
    state: State | None = None


@dataclass(frozen=True, kw_only=True)
class Release:
    """One rollout of an app, at versions that were settled when it was ordered.

    They are not known only where it was ordered before orders named them, or for an app that has no release yet.
    Numbers of other releases are None where there are none. What was taken back is told apart by what it was: names of
    secrets are not everybody's to see.

    `groups` are what it was given of shared groups, in their order. A shared group's own release has `members` where
    somebody reads it, a `fan_out` once these are settled, and is `stopped_by` the app whose release failed.
    """

    number: int
    state: State
    kind: Kind
    description: str
    actor: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    versions: Versions = field(default_factory=Versions)
    changes: tuple[ReleasedChange, ...] = ()
    message: str = ""
    instances_updated: int = 0
    instances_ready: int = 0
    instances_old: int = 0
    instances_total: int = 0
    superseded_by: int | None = None
    reverted_to: int | None = None
    revert_release: int | None = None
    reverted_names: tuple[str, ...] = ()
    reverted_secrets: tuple[str, ...] = ()
    source_release: int | None = None
    undo_due: bool = False
    output: str = field(default="", repr=False)
    groups: tuple[Pin, ...] = ()
    members: tuple[Member, ...] = ()
    fan_out: FanOutState | None = None
    stopped_by: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing will happen to it any more, the undoing of a failure included."""
        return self.state not in (State.QUEUED, State.RUNNING) and not self.undo_due


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """A container of a Kubernetes Deployment that exists. `container` is empty where it is its only one."""

    namespace: str
    deployment: str
    container: str = ""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What an app runs. `instances` is 0 to 100, and 0 for one that adopts a Deployment, which has its own number.

    `ready_timeout` is in seconds, None for the platform's own. Without `all_at_once`, one new instance comes first, and
    the others once it is ready. `schema` is what its variables are to be, empty where nothing says so.
    """

    command: tuple[str, ...] = ()
    image: str = ""
    instances: int = 0
    health_path: str = ""
    ready_timeout: int | None = None
    all_at_once: bool = False
    adopted: Adopted | None = None
    schema: str = ""


@dataclass(frozen=True, kw_only=True)
class DesiredState:
    """Everything a release needs of config, at one version.

    `groups` are the shared groups that the app has, in the order they were attached. A shared group, which runs
    nothing, `is_group`.
    """

    app: str
    spec: Spec
    variables: Mapping[str, str] = field(repr=False)
    sealed_names: Sequence[str]
    groups: tuple[GroupRef, ...] = ()
    is_group: bool = False


SealedValues = Mapping[str, Plaintext]
"""The opened values a release injects, at one version of the app's secrets."""


def release_not_found(app: str, number: int) -> NotFound:
    """Return the error for a release that does not exist."""
    return NotFound(
        f"{app} has no release v{number}. `paas releases -a {app}` shows the ones it has.", reason="RELEASE_NOT_FOUND"
    )
