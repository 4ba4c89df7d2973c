"""What a change does to an app's sealed values, worked out without touching anything. Never holds a plaintext."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from paaskit.changes import Action, NameChange
from paaskit.errors import NotFound, Refused

PREVIOUS_SUFFIX = "_PREVIOUS"


class Kind(StrEnum):
    """Who set a sealed value."""

    SECRET = "secret"  # noqa: S105  # a kind, not a password
    MANAGED = "managed"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One sealed value. `version` is the one that stored it, to which its seal is bound.

    `previous` is the version of the value before while that is still injected, until `previous_until`.
    """

    name: str
    kind: Kind
    version: int
    generation: int
    sealed: bytes
    size: int
    position: int
    created_at: datetime
    previous: int | None = None
    previous_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class App:
    """An app as secrets knows it. Version 0: nothing was ever stored."""

    app_id: str
    name: str
    version: int
    next_position: int


@dataclass(frozen=True, kw_only=True)
class NewEntry:
    """A sealed value to store in the version being made. A position below zero asks for the next free one."""

    name: str
    kind: Kind
    generation: int
    sealed: bytes
    size: int
    position: int = -1
    previous: int | None = None
    previous_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to write: rows to close, rows to open, and the place the next new name gets."""

    changes: tuple[NameChange, ...]
    close: tuple[str, ...]
    open: tuple[NewEntry, ...]
    next_position: int


def make_plan(
    app: App, current: Mapping[str, Entry], *, keep: Sequence[NewEntry] = (), remove: Sequence[str] = ()
) -> Plan:
    """Return the plan that stores `keep`, each at its name's place, and closes `remove`."""
    position = app.next_position
    opened: list[NewEntry] = []
    for entry in keep:
        if entry.name in current:
            opened.append(replace(entry, position=current[entry.name].position))
        else:
            opened.append(replace(entry, position=position))
            position += 1
    changes = [
        NameChange(entry.name, Action.CHANGED if entry.name in current else Action.ADDED) for entry in opened
    ] + [NameChange(name, Action.REMOVED) for name in remove]
    return Plan(
        changes=tuple(changes),
        close=tuple(change.name for change in changes if change.action is not Action.ADDED),
        open=tuple(opened),
        next_position=position,
    )


def refuse_managed(current: Mapping[str, Entry], names: Sequence[str]) -> None:
    """Raise Refused naming every name whose value an add-on manages."""
    managed = [name for name in names if name in current and current[name].kind is Kind.MANAGED]
    if managed:
        raise Refused(
            f"{', '.join(managed)}: managed by an add-on, can't be read, set or unset by hand.",
            reason="NAME_IS_MANAGED",
        )


def secret_not_set(names: Sequence[str], hint: str = "`paas secrets` lists them.") -> NotFound:
    """Return the error for secrets that do not exist."""
    return NotFound(f"{', '.join(names)}: no such secret. {hint}", reason="NAME_NOT_SET")
