"""What releaser is about: releases, the desired state they bring about, and what may happen to an app next.

Plain values and the rules over them. Must not know gRPC, SQL or a runtime.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from paaskit.audit import Actor
from paaskit.errors import NotFound
from paaskit.redact import Plaintext
from paaskit.requests import RequestKey

SERVICE_ACTOR: Final = "service:releaser"


class State(StrEnum):
    """Where a release is; the last three are ends."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class Kind(StrEnum):
    """What a release was asked for by: a change, a person, a person going back, or a failure."""

    CHANGE = "change"
    MANUAL = "manual"
    ROLLBACK = "rollback"
    REVERT = "revert"


class RestoreScope(StrEnum):
    """How much of an old config version comes back: without or with which names are secrets."""

    CONFIG = "config"
    EVERYTHING = "everything"


@dataclass(frozen=True, kw_only=True, order=True)
class AppKey:
    """One app for ever; its name may become another app's."""

    tenant: str
    app_id: str

    def __str__(self) -> str:
        return f"{self.tenant}/{self.app_id}"


@dataclass(frozen=True, kw_only=True)
class Order:
    """A change's wish for one release. `change_id` is the key it happens once under."""

    key: AppKey
    app: str
    change_id: str
    actor: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Release:
    """One rollout of an app. Versions are 0 before it starts, other releases' numbers 0 where there are none."""

    number: int
    state: State
    kind: Kind
    description: str
    actor: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    config_version: int = 0
    secrets_version: int = 0
    message: str = ""
    instances_ready: int = 0
    instances_total: int = 0
    superseded_by: int = 0
    reverted_to: int = 0
    revert_release: int = 0
    reverted_names: tuple[str, ...] = ()
    source_release: int = 0
    undo_due: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing will happen to it any more, the undoing of a failure included."""
        return self.state not in (State.QUEUED, State.RUNNING) and not self.undo_due


@dataclass(frozen=True, kw_only=True)
class NewRelease:
    """A release somebody asks for by hand, with what is audited of it."""

    key: AppKey
    app: str
    kind: Kind
    change_id: str
    description: str
    actor: Actor
    action: str
    request: RequestKey
    source_release: int = 0


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What an app runs. `instances` is 0 to 100."""

    command: tuple[str, ...] = ()
    image: str = ""
    instances: int = 0
    health_path: str = ""


@dataclass(frozen=True, kw_only=True)
class DesiredState:
    """Everything a release needs of config, at one version."""

    app: str
    spec: Spec
    version: int
    variables: Mapping[str, str] = field(repr=False)
    sealed_names: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class SealedValues:
    """The opened values a release injects, at one version of the app's secrets."""

    version: int
    values: Mapping[str, Plaintext]


@dataclass(frozen=True, kw_only=True)
class NameChange:
    """What a restore does to one name: `added`, `changed` or `removed`."""

    name: str
    action: str


@dataclass(frozen=True, kw_only=True)
class Restore:
    """A wish to make an old version current again, once per `change_id`. `expected_version` 0 asks for nothing."""

    key: AppKey
    version: int
    change_id: str
    actor: str
    expected_version: int = 0
    validate_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Restored:
    """The newest version after a restore, and what it did."""

    version: int
    changes: tuple[NameChange, ...] = ()


class Config(Protocol):
    """What releaser asks of config. Every method raises Unavailable where config can't be reached."""

    async def resolve_app(self, tenant: str, app: str) -> str:
        """Return the id of an app. Raises NotFound."""

    async def desired_state(self, key: AppKey, version: int) -> DesiredState:
        """Return the desired state at `version`; 0 is the newest."""

    async def restore(self, restore: Restore, scope: RestoreScope) -> Restored:
        """Make an old version current. Raises Conflict where `expected_version` is not the newest."""


class Secrets(Protocol):
    """What releaser asks of secrets. Every method raises Unavailable where secrets can't be reached."""

    async def resolve(self, key: AppKey, *, version: int, names: Sequence[str], release: int) -> SealedValues:
        """Return the values of `names` at `version` (0: the newest), and their previous ones where they overlap."""

    async def restore(self, restore: Restore) -> Restored:
        """Make an old version current. Raises Conflict where `expected_version` is not the newest."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an app stands when its next step is chosen. `open_releases` are unfinished or to be undone, oldest first.

    `since_start` is how long ago, in seconds, one of its releases started; None where none has.
    """

    removal: bool
    open_releases: Sequence[Release]
    since_start: float | None


@dataclass(frozen=True, kw_only=True)
class Step:
    """What to do with an app next."""


@dataclass(frozen=True, kw_only=True)
class Nothing(Step):
    """Nothing is open."""


@dataclass(frozen=True, kw_only=True)
class Remove(Step):
    """The app was destroyed: stop it and end its queue."""


@dataclass(frozen=True, kw_only=True)
class Wait(Step):
    """A release started a moment ago; what comes in meanwhile is released together."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Undo(Step):
    """A release failed: settle what becomes of its change. `newer` is a queued release, or 0."""

    release: Release
    newer: int


@dataclass(frozen=True, kw_only=True)
class Run(Step):
    """Bring about a release; `supersedes` end with it. `resumed` where it had been started before."""

    release: Release
    supersedes: tuple[int, ...] = ()
    resumed: bool = False


def choose_step(standing: Standing, *, spacing_seconds: float) -> Step:
    """Return what to do next. One release at a time: what was begun is finished first, then the newest is taken."""
    if standing.removal:
        return Remove()
    queued = [release for release in standing.open_releases if release.state is State.QUEUED]
    for release in standing.open_releases:
        if release.undo_due:
            return Undo(release=release, newer=queued[-1].number if queued else 0)
        if release.state is State.RUNNING:
            return Run(release=release, resumed=True)
    if not queued:
        return Nothing()
    if standing.since_start is not None and standing.since_start < spacing_seconds:
        return Wait(seconds=spacing_seconds - standing.since_start)
    return Run(release=queued[-1], supersedes=tuple(release.number for release in queued[:-1]))


def release_not_found(app: str, number: int) -> NotFound:
    """Return the error for a release that does not exist."""
    return NotFound(
        f"{app} has no release v{number}. `paas releases -a {app}` shows the ones it has.", reason="RELEASE_NOT_FOUND"
    )
