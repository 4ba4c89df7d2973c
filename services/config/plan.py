"""What a change does to an app's registry, worked out without touching anything: pure functions over plain values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from paaskit.changes import Action, NameChange
from paaskit.errors import NotFound, Refused
from paaskit.variables import check_totals


class Kind(StrEnum):
    """Who sets a variable and where its value lives."""

    CONFIG = "config"
    SECRET = "secret"  # noqa: S105  # a kind, not a password
    MANAGED = "managed"


@dataclass(frozen=True, kw_only=True)
class AppSpec:
    """What an app runs. `command` and `image` are both optional; `health_path` is empty where there is no check."""

    command: tuple[str, ...] = ()
    image: str = ""
    instances: int = 0
    health_path: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One name of an app. `value` is plain for config, the display form for managed, empty for secrets."""

    name: str
    kind: Kind
    value: str = ""
    addon: str = ""
    size: int
    position: int


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What an app's limits count, and the position the next new name gets."""

    names: int
    size: int
    next_position: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to write: rows to close, rows to open, the totals afterwards, and a new spec if there is one."""

    changes: tuple[NameChange, ...] = ()
    close: tuple[str, ...] = ()
    open: tuple[Entry, ...] = ()
    totals: Totals
    spec: AppSpec | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not self.changes and self.spec is None


def size_of(name: str, value: str) -> int:
    """Return what a variable counts with towards its app's limit, in bytes."""
    return len(name.encode()) + len(value.encode())


def plan_set(current: Mapping[str, Entry], totals: Totals, wanted: Sequence[tuple[str, str]]) -> Plan:
    """Plan to set config vars. Raises Refused for names that are secrets or managed, LimitExceeded past the limits."""
    refuse_kinds(current, [name for name, _ in wanted], allowed=Kind.CONFIG)
    entries = [
        Entry(
            name=name,
            kind=Kind.CONFIG,
            value=value,
            size=size_of(name, value),
            position=current[name].position if name in current else -1,
        )
        for name, value in wanted
    ]
    return _plan(current, totals, keep=entries)


def plan_unset(current: Mapping[str, Entry], totals: Totals, names: Sequence[str], *, ignore_missing: bool) -> Plan:
    """Plan to unset config vars. Raises NotFound naming every one that is not set, unless they are to be ignored."""
    refuse_kinds(current, names, allowed=Kind.CONFIG)
    missing = [name for name in names if name not in current]
    if missing and not ignore_missing:
        raise NotFound(
            f"{', '.join(missing)}: not set. Nothing was changed; `--ignore-missing` passes over such names.",
            reason="NAME_NOT_SET",
        )
    return _plan(current, totals, remove=[name for name in names if name in current])


def plan_claim(current: Mapping[str, Entry], totals: Totals, claims: Sequence[tuple[str, int]]) -> Plan:
    """Plan to claim names for secrets, given the size of each value. Raises Refused where a name is something else."""
    refuse_kinds(current, [name for name, _ in claims], allowed=Kind.SECRET)
    entries = [
        Entry(
            name=name,
            kind=Kind.SECRET,
            size=len(name.encode()) + size,
            position=current[name].position if name in current else -1,
        )
        for name, size in claims
    ]
    return _plan(current, totals, keep=entries)


def plan_release(current: Mapping[str, Entry], totals: Totals, names: Sequence[str]) -> Plan:
    """Plan to give up names that are secrets; others are passed over."""
    mine = [name for name in names if name in current and current[name].kind is Kind.SECRET]
    return _plan(current, totals, remove=mine)


def plan_attach(current: Mapping[str, Entry], totals: Totals, entry: Entry) -> Plan:
    """Plan to attach a managed variable. Raises Refused where the name belongs to someone else."""
    present = current.get(entry.name)
    if present is not None and (present.kind is not Kind.MANAGED or present.addon != entry.addon):
        raise Refused(
            f"{entry.name} is already a variable of this app. Unset it before the add-on is attached.",
            reason=_reason(present.kind),
        )
    return _plan(current, totals, keep=[replace(entry, position=present.position if present else -1)])


def plan_restore(
    current: Mapping[str, Entry], totals: Totals, old: Mapping[str, Entry], *, kinds: Iterable[Kind]
) -> Plan:
    """Plan to make the entries of `kinds` what they were. Raises Refused where a name is of another kind now."""
    kinds = frozenset(kinds)
    wanted = [entry for entry in old.values() if entry.kind in kinds]
    taken = [entry.name for entry in wanted if entry.name in current and current[entry.name].kind not in kinds]
    if taken:
        raise Refused(
            f"{', '.join(taken)}: a config var then and a secret or managed now. Unset it first to go back.",
            reason="NAME_IS_SECRET",
        )
    remove = [name for name, entry in current.items() if entry.kind in kinds and name not in old]
    return _plan(current, totals, keep=wanted, remove=remove)


def refuse_kinds(current: Mapping[str, Entry], names: Sequence[str], *, allowed: Kind) -> None:
    """Raise Refused naming every one of `names` that exists and is not of the kind `allowed`."""
    wrong = [current[name] for name in names if name in current and current[name].kind is not allowed]
    if wrong:
        raise Refused(" ".join(_other_way(entry) for entry in wrong), reason=_reason(wrong[0].kind))


def _other_way(entry: Entry) -> str:
    match entry.kind:
        case Kind.SECRET:
            return (
                f"{entry.name} is a secret: use `paas secrets:set` and `paas secrets:unset`. To make it a config var, "
                f"run `paas secrets:unset {entry.name}` first."
            )
        case Kind.MANAGED:
            return f"{entry.name} is managed by the add-on {entry.addon}: it can't be set or unset by hand."
        case Kind.CONFIG:
            return (
                f"{entry.name} is a config var. To make it a secret, run `paas config:unset {entry.name}` and then "
                f"`paas secrets:set {entry.name}`."
            )


def _reason(kind: Kind) -> str:
    return f"NAME_IS_{kind.name}"


def _plan(
    current: Mapping[str, Entry], totals: Totals, *, keep: Sequence[Entry] = (), remove: Sequence[str] = ()
) -> Plan:
    """Compare what is wanted with what is there. A position below zero asks for the next free one."""
    changes: list[NameChange] = []
    opened: list[Entry] = []
    names, size, position = totals.names, totals.size, totals.next_position
    for entry in keep:
        present = current.get(entry.name)
        if present is not None and replace(entry, position=present.position) == present:
            continue
        changes.append(NameChange(entry.name, Action.CHANGED if present else Action.ADDED))
        if entry.position < 0:
            entry = replace(entry, position=position)  # noqa: PLW2901  # the same entry, now with its place
            position += 1
        names += 0 if present else 1
        size += entry.size - (present.size if present else 0)
        opened.append(entry)
    for name in remove:
        changes.append(NameChange(name, Action.REMOVED))
        names -= 1
        size -= current[name].size
    if any(change.action is not Action.REMOVED for change in changes):
        check_totals(names=names, size=size)
    return Plan(
        changes=tuple(changes),
        close=tuple(change.name for change in changes if change.action is not Action.ADDED),
        open=tuple(opened),
        totals=Totals(names=names, size=size, next_position=position),
    )
