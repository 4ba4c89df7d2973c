"""What config and secrets hold of apps, in memory: versions, drafts, what was asked before, orders that were kept.

A small honest model. An app has a ledger in each of the two: a list of versions, each with every name's entry, and a
draft beside it. In config's the app's spec is an entry under the empty name, and a name that is a secret has SEALED.
Tests change it as users would; `desired_services` answers releaser from it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Final

from paaskit.changes import Action, NameChange
from paaskit.errors import PaasError
from paaskit.release_order import ReleasedChange
from services.releaser.domain import AppKey, GroupRef, Spec, Versions

SPEC: Final = ""
SEALED: Final = object()
"""A name's entry in config where its value is in secrets."""
GROUP: Final = object()
"""The spec's entry of a shared group, which runs nothing."""
STAGED_AT: Final = datetime(2026, 5, 4, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class SharingSpec(Spec):
    """The spec of an app that has shared groups, which are a part of it."""

    groups: tuple[GroupRef, ...] = ()


@dataclass(frozen=True)
class Secret:
    """A secret's value, and the one before while they overlap."""

    value: str
    previous: str | None = None


@dataclass(frozen=True)
class Staged:
    """A staged entry (None: to be removed), who staged it, upon which live entry, and as which revision."""

    entry: Any
    by: str
    base: int | None
    revision: int


@dataclass(frozen=True)
class Kept:
    """An order in the outbox of config or secrets, which is sent only where releaser does not ask for its release."""

    change_id: str
    versions: Versions
    description: str


@dataclass
class Ledger:
    """One service's versions of an app's names. The oldest is `first`."""

    first: int
    versions: list[dict[str, Any]]
    draft: dict[str, Staged] = field(default_factory=dict)
    revision: int = 0
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def newest(self) -> int:
        """The live version."""
        return self.first + len(self.versions) - 1

    @property
    def live(self) -> dict[str, Any]:
        """The live entries."""
        return self.versions[-1]

    def at(self, version: int) -> dict[str, Any]:
        """The entries of a version."""
        assert self.first <= version <= self.newest, "a version that never was"
        return self.versions[version - self.first]

    def since(self, name: str) -> int | None:
        """The version in which a name got its live entry; None where it has none."""
        if name not in self.live:
            return None
        version = self.newest
        while version > self.first and self.at(version - 1).get(name) == self.live[name]:
            version -= 1
        return version

    def put(self, entries: Mapping[str, Any]) -> tuple[NameChange, ...]:
        """Make a version with these entries (None: without), if it differs. Returns what that does."""
        made = {name: entry for name, entry in {**self.live, **entries}.items() if entry is not None}
        changes = changes_between(self.live, made)
        if changes:
            self.versions.append(made)
        return changes

    def stage(self, entries: Mapping[str, Any], *, by: str) -> None:
        """Put entries (None: to be removed) into the draft."""
        for name, entry in entries.items():
            self.revision += 1
            self.draft[name] = Staged(entry, by, self.since(name), self.revision)

    def staged(self, *, secret: bool, upto: int | None = None) -> tuple[ReleasedChange, ...]:
        """What releasing the draft would do."""
        found = []
        for name, staged in self.draft.items():
            if upto is None or staged.revision <= upto:
                action = Action.REMOVED if staged.entry is None else Action.CHANGED
                if staged.entry is not None and name not in self.live:
                    action = Action.ADDED
                found.append(
                    ReleasedChange(
                        name=name,
                        action=action,
                        secret=secret,
                        actor=staged.by,
                        staged_at=STAGED_AT,
                        replaces_newer=self.since(name) != staged.base,
                    )
                )
        return tuple(found)

    def take_draft(self, upto: int) -> None:
        """Make the draft live, as far as it was staged up to a revision."""
        taken = {name: staged for name, staged in self.draft.items() if staged.revision <= upto}
        self.draft = {name: staged for name, staged in self.draft.items() if name not in taken}
        self.put({name: staged.entry for name, staged in taken.items()})


def changes_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[NameChange, ...]:
    """What it takes from one to the other, name by name."""
    found = [NameChange(name, Action.ADDED) for name in new if name not in old]
    found += [NameChange(name, Action.CHANGED) for name in new if name in old and new[name] != old[name]]
    return (*found, *(NameChange(name, Action.REMOVED) for name in old if name not in new))


@dataclass
class FakeApp:
    """An app in config and in secrets."""

    key: AppKey
    name: str
    config: Ledger
    secrets: Ledger = field(default_factory=lambda: Ledger(0, [{}]))
    kept: list[Kept] = field(default_factory=list)
    over: set[str] = field(default_factory=set)
    """Names whose overlap is over."""

    @property
    def ref(self) -> GroupRef:
        """A group, as those that have it name it."""
        return GroupRef(group_id=self.key.app_id, name=self.name)

    @property
    def groups(self) -> tuple[GroupRef, ...]:
        """The shared groups that are attached now."""
        return groups_in(self.config.live)

    def attach(self, *groups: "FakeApp") -> int:
        """Have these shared groups and no others, in this order; return config's version."""
        spec = self.config.live[SPEC]
        given = {each.name: getattr(spec, each.name) for each in fields(Spec)}
        return self.change(spec=SharingSpec(**given, groups=tuple(group.ref for group in groups)))

    @property
    def versions(self) -> Versions:
        """The live versions."""
        return Versions(config=self.config.newest, secrets=self.secrets.newest or None)

    @property
    def variables(self) -> dict[str, str]:
        """The live config vars."""
        return {name: entry for name, entry in self.config.live.items() if name and entry is not SEALED}

    @property
    def values(self) -> dict[str, str]:
        """The live secrets' values."""
        return {name: secret.value for name, secret in self.secrets.live.items()}

    def change(self, *, spec: Spec | None = None, **variables: str) -> int:
        """Set config vars or the spec; return config's version."""
        self.config.put({**variables, **({SPEC: spec} if spec else {})})
        return self.config.newest

    def unset(self, *names: str) -> int:
        """Unset config vars; return config's version."""
        self.config.put(dict.fromkeys(names))
        return self.config.newest

    def seal(self, **values: str) -> int:
        """Set secrets; return secrets' version."""
        self.config.put(dict.fromkeys(values, SEALED))
        self.secrets.put({name: Secret(value) for name, value in values.items()})
        return self.secrets.newest

    def rotate(self, name: str, value: str) -> int:
        """Give a secret another value beside which the old one is injected for a while; return secrets' version."""
        self.secrets.put({name: Secret(value, previous=self.secrets.live[name].value)})
        return self.secrets.newest

    def unseal(self, *names: str) -> int:
        """Unset secrets, whose names are free then; return secrets' version."""
        self.secrets.put(dict.fromkeys(names))
        self.free(*names)
        return self.secrets.newest

    def free(self, *names: str) -> None:
        """Give up names in config that hold no value any more, as far as no draft holds them."""
        held = {name for name, staged in self.secrets.draft.items() if staged.entry is not None}
        self.config.put(dict.fromkeys(name for name in names if name not in held))

    def stage(self, *, by: str = "user:bob@example.com", spec: Spec | None = None, **variables: str | None) -> None:
        """Stage config vars (None: to be unset) or the spec."""
        self.config.stage({**variables, **({SPEC: spec} if spec else {})}, by=by)

    def stage_secrets(self, *, by: str = "user:eve@example.com", **values: str | None) -> None:
        """Stage secrets (None: to be unset). A new one claims its name at once."""
        self.config.put({name: SEALED for name, value in values.items() if value is not None})
        self.secrets.stage({name: None if value is None else Secret(value) for name, value in values.items()}, by=by)

    def stage_rotation(self, name: str, value: str, *, by: str = "user:eve@example.com") -> None:
        """Stage another value of a secret, beside which the old one is to be injected for a while."""
        self.secrets.stage({name: Secret(value, previous=self.secrets.live[name].value)}, by=by)


class FakeVariables:
    """All apps, and how the two services behave.

    `away` names the services that can't be reached; `hold` maps a method to an event it waits for before it does
    anything, and `hold_answer` to one it waits for before it answers, to stop a release right there; `refusals` to what
    it is refused with.
    """

    def __init__(self) -> None:
        self.apps: dict[AppKey, FakeApp] = {}
        self.away: set[str] = set()
        self.hold: dict[str, asyncio.Event] = {}
        self.hold_answer: dict[str, asyncio.Event] = {}
        self.refusals: dict[str, PaasError] = {}
        self.calls: list[str] = []

    def app(
        self, spec: Spec, /, *, tenant: str = "acme", name: str = "web", app_id: str = "a1", **variables: str
    ) -> FakeApp:
        """Register an app at version 1."""
        key = AppKey(tenant=tenant, app_id=app_id)
        self.apps[key] = FakeApp(key, name, Ledger(1, [{SPEC: spec, **variables}]))
        return self.apps[key]

    def group(self, *, tenant: str = "acme", name: str = "shared", group_id: str = "g1") -> FakeApp:
        """Register a shared group at version 1, with nothing in it."""
        key = AppKey(tenant=tenant, app_id=group_id)
        self.apps[key] = FakeApp(key, name, Ledger(1, [{SPEC: GROUP}]))
        return self.apps[key]

    def destroy(self, app: FakeApp) -> None:
        """Forget an app or a group, with all it held."""
        del self.apps[app.key]


def groups_in(entries: Mapping[str, Any]) -> tuple[GroupRef, ...]:
    """The shared groups of an app with these entries."""
    spec = entries[SPEC]
    return spec.groups if isinstance(spec, SharingSpec) else ()
