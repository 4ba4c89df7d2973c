"""Comparing the registry of an app with what it shall be: what begins, what ends, and what that comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from paaskit.changes import Action, NameChange
from paaskit.errors import NotFound, Refused
from paaskit.variables import check_totals
from services.config.domain import App, AppSpec, Entry, Kind, Rows, Totals

NEXT_POSITION = -1
"""The position of an entry that shall be last."""


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

    def rows(self, app: App, *, by: str = "") -> Rows:
        """Return what is written to make this the app's next version; `by` is whose doing what begins there is."""
        return Rows(
            version=app.version + 1,
            draft_revision=app.draft_revision,
            totals=self.totals,
            close=self.close,
            open=self.open,
            by=by,
            spec=self.spec,
        )


def rows_beside(app: App) -> Rows:
    """Return what is written by a change that makes no version; to be completed with `replace`."""
    return Rows(version=app.version, draft_revision=app.draft_revision, totals=app.totals)


def size_of(name: str, value: str) -> int:
    """Return what a variable counts with towards its app's limit, in bytes."""
    return len(name.encode()) + len(value.encode())


def compare(
    current: Mapping[str, Entry],
    totals: Totals,
    *,
    keep: Sequence[Entry] = (),
    remove: Sequence[str] = (),
    limited: bool = True,
) -> Plan:
    """Compare what is there with what is wanted. Raises LimitExceeded past the limits, unless it is not `limited`.

    An entry that is kept has its place or `NEXT_POSITION`.
    """
    changes: list[NameChange] = []
    opened: list[Entry] = []
    names, size, position = totals.names, totals.size, totals.next_position
    for entry in keep:
        present = current.get(entry.name)
        if present is not None and replace(entry, position=present.position) == present:
            continue
        changes.append(NameChange(entry.name, Action.CHANGED if present else Action.ADDED))
        if entry.position == NEXT_POSITION:
            entry = replace(entry, position=position)  # noqa: PLW2901  # the same entry, now with its place
            position += 1
        names += 0 if present else 1
        size += entry.size - (present.size if present else 0)
        opened.append(entry)
    for name in remove:
        changes.append(NameChange(name, Action.REMOVED))
        names -= 1
        size -= current[name].size
    # What only removes is never refused: it is the way out for one who is over a limit that was lowered.
    if limited and any(change.action is not Action.REMOVED for change in changes):
        check_totals(names=names, size=size)
    return Plan(
        changes=tuple(changes),
        close=tuple(change.name for change in changes if change.action is not Action.ADDED),
        open=tuple(opened),
        totals=Totals(names=names, size=size, next_position=position),
    )


def config_entry(name: str, value: str, present: Entry | None) -> Entry:
    """Return the entry of a config var, in the place that its name has already or else as the last one."""
    return Entry(
        name=name,
        kind=Kind.CONFIG,
        value=value,
        size=size_of(name, value),
        position=present.position if present else NEXT_POSITION,
    )


def refuse_kinds(current: Mapping[str, Entry], names: Sequence[str], *, allowed: Kind) -> None:
    """Raise Refused naming every one of `names` that exists and is not of the kind `allowed`."""
    wrong = [current[name] for name in names if name in current and current[name].kind is not allowed]
    if wrong:
        raise Refused(" ".join(_other_way(entry) for entry in wrong), reason=reason_of(wrong[0].kind))


def refuse_missing(missing: Sequence[str], *, ignore: bool) -> None:
    """Raise NotFound naming every name that is missing, unless they are to be ignored."""
    if missing and not ignore:
        raise NotFound(
            f"{', '.join(missing)}: not set. Nothing was changed; `--ignore-missing` passes over such names.",
            reason="NAME_NOT_SET",
        )


def reason_of(kind: Kind) -> str:
    """Return what machines are told when a name is of a kind that it must not be."""
    return f"NAME_IS_{kind.name}"


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
            return f"{entry.name} is a config var. `paas secrets:seal {entry.name}` makes it a secret."
