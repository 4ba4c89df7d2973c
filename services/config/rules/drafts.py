"""What a draft is: staging, discarding and releasing one, worked out without touching anything.

A draft is laid over what is live. Staging compares with what the app would be if the draft went live as it is; what
goes live is compared with what is live by then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from paaskit.changes import Action, NameChange
from paaskit.errors import Refused
from paaskit.variables import check_totals
from services.config.domain import App, AppSpec, Draft, Entry, Kind, Rows, Snapshot, SpecDraft, SpecRow
from services.config.rules.plan import Plan, compare, config_entry, refuse_kinds, refuse_missing, size_of
from services.config.rules.sharing import Step, check_step, refuse_given, refuse_used, step_of


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Who stages something, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class DraftStep:
    """What changes in a draft: rows that are put or dropped, and what that changes in what the draft comes to."""

    changes: tuple[NameChange, ...] = ()
    put: tuple[Draft, ...] = ()
    drop: tuple[str, ...] = ()
    put_spec: SpecDraft | None = None
    drop_spec: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.put or self.drop or self.put_spec or self.drop_spec)

    @property
    def spec_changes(self) -> bool:
        """Whether it is about what the app runs."""
        return self.put_spec is not None or self.drop_spec

    def rows(self, app: App) -> Rows:
        """Return what is written. The version stays: nothing that is live changes."""
        return Rows(
            version=app.version,
            draft_revision=app.draft_revision + 1,
            totals=app.totals,
            stage=self.put,
            unstage=self.drop,
            stage_spec=self.put_spec,
            unstage_spec=self.drop_spec,
        )


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A staged change as it stands against what is live now. `replaces_newer`: that was changed since it was staged."""

    draft: Draft
    action: Action
    replaces_newer: bool
    changes_something: bool


def staged(draft: Draft, live: Entry | None) -> Staged:
    """Return what releasing a draft of one name would do. `live` is its current entry, of whatever kind."""
    present = live if live is not None and live.kind is Kind.CONFIG else None
    action = Action.REMOVED if draft.value is None else Action.CHANGED if present else Action.ADDED
    differs = draft.value != (present.value if present else None)
    since = present.valid_from if present else None
    return Staged(
        draft=draft, action=action, replaces_newer=differs and since != draft.base_from, changes_something=differs
    )


def replaces_newer_spec(draft: SpecDraft, live: SpecRow) -> bool:
    """Whether releasing a staged spec would replace one that is newer than the one it was staged upon."""
    return draft.spec != live.spec and live.valid_from != draft.base_from


def stage_set(snapshot: Snapshot, wanted: Sequence[tuple[str, str]], stamp: Stamp) -> DraftStep:
    """Stage values. One that is live already needs no draft, and drops the one there is.

    Raises Refused for names that are secrets or managed, LimitExceeded where live and staged together are too much.
    """
    current, drafts = snapshot.current, snapshot.drafts
    refuse_kinds(current, [name for name, _ in wanted], allowed=Kind.CONFIG)
    put: list[Draft] = []
    drop: list[str] = []
    changes: list[NameChange] = []
    for name, value in wanted:
        entry, draft = current.get(name), drafts.get(name)
        if entry is not None and entry.value == value:
            if draft is None:
                continue
            drop.append(name)
        else:
            new = _draft(snapshot.app, name, value, entry, stamp)
            if draft is not None and (draft.value, draft.base_from) == (new.value, new.base_from):
                continue
            put.append(new)
        was_there = entry is not None if draft is None else draft.value is not None
        changes.append(NameChange(name, Action.CHANGED if was_there else Action.ADDED))
    step = DraftStep(changes=tuple(changes), put=tuple(put), drop=tuple(drop))
    check_draft(snapshot, step)
    return step


def stage_unset(snapshot: Snapshot, names: Sequence[str], stamp: Stamp, *, ignore_missing: bool) -> DraftStep:
    """Stage that names are to be unset. One that is only staged is no longer; others keep their live value until then.

    Raises Refused for names that are secrets or managed, NotFound for those neither live nor staged.
    """
    current, drafts = snapshot.current, snapshot.drafts
    refuse_kinds(current, names, allowed=Kind.CONFIG)
    only_staged = {name for name, draft in drafts.items() if draft.value is not None and name not in current}
    missing = [name for name in names if name not in current and name not in only_staged]
    if not ignore_missing:
        refuse_given(snapshot, missing)
    refuse_missing(missing, ignore=ignore_missing)
    refuse_used(snapshot, [name for name in names if name in current])
    put: list[Draft] = []
    changes: list[NameChange] = []
    for name in names:
        entry, draft = current.get(name), drafts.get(name)
        if entry is not None:
            new = _draft(snapshot.app, name, None, entry, stamp)
            if draft is not None and (draft.value, draft.base_from) == (None, new.base_from):
                continue
            put.append(new)
        if entry is not None or name in only_staged:
            changes.append(NameChange(name, Action.REMOVED))
    drop = tuple(name for name in names if name in only_staged)
    return DraftStep(changes=tuple(changes), put=tuple(put), drop=drop)


def stage_spec(snapshot: Snapshot, spec: AppSpec, stamp: Stamp) -> DraftStep:
    """Stage what an app runs. The live spec needs no draft, and drops the one there is."""
    assert snapshot.spec is not None
    live, draft = snapshot.spec, snapshot.spec_draft
    if spec == live.spec:
        return DraftStep(drop_spec=draft is not None)
    if draft is not None and (draft.spec, draft.base_from) == (spec, live.valid_from):
        return DraftStep()
    return DraftStep(
        put_spec=SpecDraft(
            spec=spec,
            base_from=live.valid_from,
            staged_by=stamp.by,
            staged_at=stamp.at,
            revision=snapshot.app.draft_revision + 1,
        )
    )


def discard(snapshot: Snapshot, names: Sequence[str], *, spec: bool) -> DraftStep:
    """Drop what is staged of `names`, or of all where none is given. Names that are not staged are passed over."""
    dropped = [name for name in names or snapshot.drafts if name in snapshot.drafts]
    current = snapshot.current
    return DraftStep(
        changes=tuple(NameChange(name, staged(snapshot.drafts[name], current.get(name)).action) for name in dropped),
        drop=tuple(dropped),
        drop_spec=spec and snapshot.spec_draft is not None,
    )


@dataclass(frozen=True, kw_only=True)
class Going:
    """A draft that goes live: the plan, what of it changes something, and which rows of the draft that uses up."""

    plan: Plan
    vars: tuple[Staged, ...]
    spec: SpecDraft | None
    spec_replaces_newer: bool
    used: tuple[str, ...]
    spec_used: bool


def go_live(snapshot: Snapshot, *, revision: int, replace_newer: bool) -> Going:
    """Plan to make live what was staged up to a revision; what was staged later stays staged.

    Raises Refused naming what was changed since it was staged, unless that may be replaced, and where a name is
    something else by now; LimitExceeded past the limits.
    """
    assert snapshot.spec is not None
    current = snapshot.current
    drafts = [draft for draft in snapshot.drafts.values() if draft.revision <= revision]
    spec = snapshot.spec_draft if snapshot.spec_draft and snapshot.spec_draft.revision <= revision else None
    values = [(draft.name, draft.value) for draft in drafts if draft.value is not None]
    refuse_kinds(current, [name for name, _ in values], allowed=Kind.CONFIG)
    gone = [draft.name for draft in drafts if draft.value is None and draft.name in _config(current)]
    keep = [config_entry(name, value, current.get(name)) for name, value in values]
    plan = compare(current, snapshot.app.totals, keep=keep, remove=gone)
    changed = {change.name for change in plan.changes}
    going = tuple(staged(draft, current.get(draft.name)) for draft in drafts if draft.name in changed)
    differs = spec is not None and spec.spec != snapshot.spec.spec
    newer_spec = spec is not None and replaces_newer_spec(spec, snapshot.spec)
    newer = [each.draft.name for each in going if each.replaces_newer] + ["the app's spec"] * newer_spec
    if newer and not replace_newer:
        raise Refused(
            f"{', '.join(newer)}: changed since it was staged. Release the draft once more and say that it may replace "
            "newer values, or discard what is staged.",
            reason="DRAFT_REPLACES_NEWER",
        )
    plan = replace(plan, spec=spec.spec if spec is not None and differs else None)
    check_step(snapshot, step_of(plan))
    return Going(
        plan=plan,
        vars=going,
        spec=spec if differs else None,
        spec_replaces_newer=newer_spec,
        used=tuple(draft.name for draft in drafts),
        spec_used=spec is not None,
    )


def refuse_staged(snapshot: Snapshot, names: Sequence[str]) -> None:
    """Raise Refused naming every one of `names` that is reserved: staged as a config var, and not live yet."""
    reserved = reserved_of(snapshot, names)
    if reserved:
        raise Refused(
            f"{', '.join(reserved)}: staged as a config var. Discard that first with "
            f"`paas staged:discard {' '.join(reserved)}`.",
            reason="NAME_IS_CONFIG",
        )


def reserved_of(snapshot: Snapshot, names: Sequence[str]) -> list[str]:
    """Return those of `names` that are staged as config vars and nothing else yet."""
    current, drafts = snapshot.current, snapshot.drafts
    return [name for name in names if name not in current and name in drafts and drafts[name].value is not None]


def _draft(app: App, name: str, value: str | None, entry: Entry | None, stamp: Stamp) -> Draft:
    return Draft(
        name=name,
        value=value,
        size=0 if value is None else size_of(name, value),
        base_from=entry.valid_from if entry else None,
        staged_by=stamp.by,
        staged_at=stamp.at,
        revision=app.draft_revision + 1,
    )


def _config(current: Mapping[str, Entry]) -> Mapping[str, Entry]:
    return {name: entry for name, entry in current.items() if entry.kind is Kind.CONFIG}


def check_draft(snapshot: Snapshot, step: DraftStep) -> None:
    """Raise LimitExceeded where the app would have too much once its whole draft is live.

    And Refused where that does not fit the groups it has, or the apps that have it.
    """
    if not (step.put or step.put_spec):
        return
    drafts = {name: draft for name, draft in snapshot.drafts.items() if name not in step.drop}
    drafts |= {draft.name: draft for draft in step.put}
    config = _config(snapshot.current)
    names, size = snapshot.app.totals.names, snapshot.app.totals.size
    for name, draft in drafts.items():
        names += (draft.value is not None) - (name in config)
        size += draft.size - (config[name].size if name in config else 0)
    check_totals(names=names, size=size)
    spec = step.put_spec or snapshot.spec_draft
    check_step(
        snapshot,
        Step(
            gains={name: draft.size for name, draft in drafts.items() if draft.value is not None},
            loses=[name for name, draft in drafts.items() if draft.value is None],
            names=names,
            size=size,
            groups=spec.spec.groups if spec is not None else None,
        ),
        goes_back=True,
    )
