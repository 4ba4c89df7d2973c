"""What config is about, as plain values: apps, their names, their drafts, and what a change of them is decided on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from paaskit import write_path
from paaskit.access import AppRef
from paaskit.errors import InvalidInput


class Kind(StrEnum):
    """Who sets a variable and where its value lives."""

    CONFIG = "config"
    SECRET = "secret"  # noqa: S105  # a kind, not a password
    MANAGED = "managed"


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """A container of a Kubernetes Deployment that exists. `container` is empty where it is its only one."""

    namespace: str
    deployment: str
    container: str = ""


@dataclass(frozen=True, kw_only=True)
class GroupRef:
    """A shared group: which it is for ever, and its name, which it keeps."""

    group_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class AppSpec:
    """What an app runs. `command` and `image` are both optional; `health_path` is empty where there is no check.

    `ready_timeout` is in seconds, None for the platform's own. `adopted` is the same for as long as the app exists.
    `schema` is the text that says what its variables are to be, empty where nothing does. `groups` are the shared
    groups it has, in the order they were attached.
    """

    command: tuple[str, ...] = ()
    image: str = ""
    instances: int = 0
    health_path: str = ""
    ready_timeout: int | None = None
    all_at_once: bool = False
    adopted: Adopted | None = None
    schema: str = ""
    groups: tuple[GroupRef, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One name of an app, as it is or was. `value` is plain for config, the display form for managed, else empty.

    `size` counts towards the app's limit, in bytes. `claims` are the ids that secrets knows the name by: the claim a
    secret is held under, or the attachings that a managed variable's value may be stored for. It is valid from the
    version `valid_from` up to and without `valid_to` (None: it is current). Since when and by whom that version is, is
    `changed_at` and `changed_by`, None and empty where it was not kept. Two entries are equal where these are not.
    """

    name: str
    kind: Kind
    value: str = ""
    addon: str = ""
    size: int
    position: int
    claims: tuple[str, ...] = field(default=(), compare=False)
    valid_from: int = field(default=0, compare=False)
    valid_to: int | None = field(default=None, compare=False)
    changed_at: datetime | None = field(default=None, compare=False)
    changed_by: str = field(default="", compare=False)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What an app's limits count, and the position the next new name gets."""

    names: int
    size: int
    next_position: int


@dataclass(frozen=True, kw_only=True)
class App:
    """One app as it stands. `draft_revision` counts what was ever staged or discarded.

    A shared group is one that runs nothing: `is_group`. `has_groups`: a group is attached to it, if only in its draft.
    """

    app_id: str
    name: str
    version: int
    draft_revision: int = 0
    totals: Totals
    created_at: datetime
    adopted: Adopted | None = None
    is_group: bool = False
    has_groups: bool = False

    @property
    def etag(self) -> str:
        """Changes whenever the app, one of its variables or its draft does; no other app ever has it."""
        return etag_of(self.app_id, self.version, self.draft_revision)


def etag_of(app_id: str, version: int, draft_revision: int) -> str:
    """Return what a reader of this state gives back to have a change refused that does not build on it."""
    return f"{app_id}.{version}.{draft_revision}"


@dataclass(frozen=True, kw_only=True)
class SpecRow:
    """A spec and the version it is valid from."""

    spec: AppSpec
    valid_from: int


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A staged change of one name. `value` None: the name is to be unset. `base_from`: the live row then, if any."""

    name: str
    value: str | None
    size: int = 0
    base_from: int | None
    staged_by: str
    staged_at: datetime
    revision: int


@dataclass(frozen=True, kw_only=True)
class SpecDraft:
    """A staged change of what an app runs, and the version its live spec was valid from then."""

    spec: AppSpec
    base_from: int
    staged_by: str
    staged_at: datetime
    revision: int


@dataclass(frozen=True, kw_only=True)
class Attaching:
    """The attaching of a managed variable that is under way: written down before secrets is asked to seal its value.

    `adds`: the name was none before. `shared`: another request of the same id has joined it.
    """

    name: str
    attachment_id: str
    request_id: str
    subject: str
    adds: bool
    shared: bool = False
    touched_at: datetime

    def is_of(self, request_id: str, subject: str) -> bool:
        """Whether a request of this id and credential began it."""
        return (self.request_id, self.subject) == (request_id, subject)


@dataclass(frozen=True, kw_only=True)
class ById:
    """An app by its id, as other services name it."""

    tenant: str
    app_id: str


Where = AppRef | ById
"""Which app a change or a look is about."""


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What has to be read of an app besides itself. None stands for all names.

    `past`: earlier versions that are asked for; all current names come along with them. `group` is one to be attached
    or detached. Without `shared` nothing is read of groups, whether the app has any or not.
    """

    names: Sequence[str] | None = ()
    drafts: Sequence[str] | None = ()
    spec: bool = False
    past: tuple[int, ...] = ()
    attaching: str = ""
    group: AppRef | None = None
    shared: bool = True

    @property
    def is_names_alone(self) -> bool:
        """Whether the current entries of some names are all that is needed."""
        others = self.drafts is None or self.drafts or self.spec or self.past or self.attaching or self.group
        return bool(self.names) and not others


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What the caller may be told of other apps: their ids (None: all apps), and whether names of secrets."""

    app_ids: frozenset[str] | None = None
    secrets: bool = True

    def has(self, app_id: str) -> bool:
        """Whether the caller may see an app or a group."""
        return self.app_ids is None or app_id in self.app_ids


@dataclass(frozen=True, kw_only=True)
class Use:
    """An app that has shared groups now: `names` and `size` count what is its own.

    `own` is what each name is that it has itself, of those that its groups have or that were asked for.
    """

    app_id: str
    app: str
    names: int
    size: int
    groups: tuple[GroupRef, ...]
    own: Mapping[str, Kind] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What is to be known of groups where an app that has some changes, or a group does.

    `uses` are the app itself, or the apps that have the group, by name. `held` are the current entries of each of their
    groups, and of those that were asked for besides; a group that is not among its keys was destroyed.
    """

    uses: Sequence[Use] = ()
    held: Mapping[str, Mapping[str, Entry]] = field(default_factory=dict)
    sight: Sight = field(default_factory=Sight)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """An app and what was asked for of it; locked where a change is decided on it.

    `history` has the current entries and those that were closed since the earliest version asked for. `group` is the
    app or group that was asked for by name. `shared` is None where nothing has to do with groups.
    """

    app: App
    history: tuple[Entry, ...] = ()
    drafts: Mapping[str, Draft] = field(default_factory=dict)
    spec: SpecRow | None = None
    spec_draft: SpecDraft | None = None
    past_specs: Mapping[int, SpecRow] = field(default_factory=dict)
    attaching: Attaching | None = None
    group: App | None = None
    shared: Shared | None = None

    @property
    def current(self) -> Mapping[str, Entry]:
        """The current entries, of those that were asked for."""
        return {entry.name: entry for entry in self.history if entry.valid_to is None}

    def at(self, version: int) -> "Past":
        """Return one of the versions asked for. Raises InvalidInput where the app had none of that number."""
        spec = self.past_specs.get(version)
        if spec is None or not 1 <= version <= self.app.version:
            raise InvalidInput(f"The app had no version {version}. Name one that it had.")
        entries = [
            entry
            for entry in self.history
            if entry.valid_from <= version and (entry.valid_to is None or entry.valid_to > version)
        ]
        return Past(version=version, spec=spec, entries={entry.name: entry for entry in entries})


@dataclass(frozen=True, kw_only=True)
class Past:
    """An app at one version."""

    version: int
    spec: SpecRow
    entries: Mapping[str, Entry]

    @property
    def config(self) -> Mapping[str, Entry]:
        """Its config vars."""
        return {name: entry for name, entry in self.entries.items() if entry.kind is Kind.CONFIG}


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What a change of an app writes of its own: the app's numbers afterwards, and what begins, by whom, and ends.

    `hold` are current entries whose size and claims are set in place: what a secret counts with, and the id its name is
    held under, are nothing that a release depends on.
    """

    version: int
    draft_revision: int
    totals: Totals
    close: Sequence[str] = ()
    open: Sequence[Entry] = ()
    by: str = ""
    hold: Sequence[Entry] = ()
    spec: AppSpec | None = None
    stage: Sequence[Draft] = ()
    unstage: Sequence[str] = ()
    stage_spec: SpecDraft | None = None
    unstage_spec: bool = False
    begin: Attaching | None = None
    end: str = ""
    """The name whose attaching is over."""


Decision = write_path.Decision[Rows]
Decide = Callable[[Snapshot], Decision]
"""Decides, from a snapshot and nothing else, what is written. What it raises is what the request fails with."""
