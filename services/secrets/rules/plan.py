"""What a change does to an app's secrets, worked out without touching anything. Never holds a plaintext."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from paaskit.changes import Action, NameChange
from services.secrets.keys.tenant_keys import Sealed
from services.secrets.rules.expiry import NO_TERMS, Terms, first_reminder
from services.secrets.rules.stored import Kind, OpenClaim, Snapshot, Staged


@dataclass(frozen=True, kw_only=True)
class NewEntry:
    """A sealed value to store in the version being made. A position below zero asks for the next free one."""

    name: str
    sealed: Sealed
    size: int
    kind: Kind = Kind.SECRET
    position: int = -1
    previous: int | None = None
    previous_until: datetime | None = None
    attachment_id: str = ""
    terms: Terms = NO_TERMS


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to write. A plan that closes or opens something makes a new version, one that stages a new revision.

    `changes` is what happens to the live values. `hold` and `let_go` are the names that config holds for us from now
    on, and no more; `settled` and `parked` are claims that are no longer open, and that are to be looked at later. `by`
    is who stores what it opens. `terms` are new ones of values that stay; `reminders` is when to remind of an end, and
    `end_reminders` are names to remind of no more. `is_group`: config said that the names are a shared group's.
    """

    changes: tuple[NameChange, ...] = ()
    close: tuple[str, ...] = ()
    open: tuple[NewEntry, ...] = ()
    next_position: int = 1
    stage: tuple[Staged, ...] = ()
    unstage: tuple[str, ...] = ()
    overlaps: Mapping[str, datetime] = field(default_factory=dict)
    end_overlaps: tuple[str, ...] = ()
    reattach: Mapping[str, str] = field(default_factory=dict)
    hold: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    let_go: tuple[str, ...] = ()
    settled: tuple[OpenClaim, ...] = ()
    parked: tuple[OpenClaim, ...] = ()
    by: str = ""
    terms: Mapping[str, Terms] = field(default_factory=dict)
    reminders: Mapping[str, datetime] = field(default_factory=dict)
    end_reminders: tuple[str, ...] = ()
    is_group: bool = False

    @property
    def makes_version(self) -> bool:
        """Whether a live value changes."""
        return bool(self.close or self.open)


def plan_of(
    snapshot: Snapshot,
    *,
    keep: Sequence[NewEntry] = (),
    remove: Sequence[str] = (),
    unstage: Iterable[str] = (),
) -> Plan:
    """Return the plan that stores `keep`, each at its name's place, closes `remove` and drops staged changes.

    The overlap of a name goes on if its new value has one, and ends with the value that had it otherwise.
    """
    position = snapshot.app.next_position
    opened: list[NewEntry] = []
    for entry in keep:
        if entry.name in snapshot.current:
            opened.append(replace(entry, position=snapshot.current[entry.name].position))
        else:
            opened.append(replace(entry, position=position))
            position += 1
    changes = [
        NameChange(entry.name, Action.CHANGED if entry.name in snapshot.current else Action.ADDED) for entry in opened
    ] + [NameChange(name, Action.REMOVED) for name in remove]
    overlaps = {entry.name: entry.previous_until for entry in opened if entry.previous_until is not None}
    reminders = reminders_of({entry.name: entry.terms for entry in opened})
    return Plan(
        changes=tuple(changes),
        close=tuple(change.name for change in changes if change.action is not Action.ADDED),
        open=tuple(opened),
        next_position=position,
        unstage=tuple(unstage),
        overlaps=overlaps,
        end_overlaps=tuple(
            change.name for change in changes if change.name in snapshot.overlaps and change.name not in overlaps
        ),
        reminders=reminders,
        end_reminders=tuple(
            change.name for change in changes if _ends(snapshot, change.name) and change.name not in reminders
        ),
    )


def with_terms(plan: Plan, snapshot: Snapshot, terms: Mapping[str, Terms]) -> Plan:
    """Return the plan with new terms of values that stand."""
    reminders = reminders_of(terms)
    ended = tuple(name for name in terms if _ends(snapshot, name) and name not in reminders)
    return replace(
        plan,
        terms={**plan.terms, **terms},
        reminders={**plan.reminders, **reminders},
        end_reminders=(*plan.end_reminders, *ended),
    )


def reminders_of(terms: Mapping[str, Terms]) -> dict[str, datetime]:
    """Return when to remind of those that have an end."""
    return {name: first_reminder(each.expires_at) for name, each in terms.items() if each.expires_at is not None}


def _ends(snapshot: Snapshot, name: str) -> bool:
    return name in snapshot.current and snapshot.current[name].terms.expires_at is not None
