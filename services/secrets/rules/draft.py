"""The draft of an app's secrets: staging changes, dropping them, and making them live. Pure rules.

Staging never compares with what is live: whether a value differs would be a way to guess it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from paaskit.changes import Action, Answer, NameChange, changed, unchanged
from paaskit.errors import Refused
from paaskit.redact import Plaintext
from paaskit.release_order import ReleasedChange
from paaskit.variables import listing
from paaskit.write_path import Decision
from services.secrets.keys.tenant_keys import TenantKeys
from services.secrets.rules import expiry, outcome
from services.secrets.rules.claims import Need, names_needed
from services.secrets.rules.expiry import SAYS_NOTHING, Asked
from services.secrets.rules.live import refuse_previous, refuse_unrotatable
from services.secrets.rules.outcome import Cause, Means
from services.secrets.rules.plan import NewEntry, Plan, plan_of
from services.secrets.rules.stored import PREVIOUS_SUFFIX, Snapshot, Staged, refuse_managed, secret_not_set
from services.secrets.rules.values import Values, new_entry, staged_value, terms_before, with_running_overlap


@dataclass(frozen=True, kw_only=True)
class StagedChange:
    """A staged change as others are told of it: never its value, nor whether that differs from the live one."""

    name: str
    action: Action
    staged_by: str
    staged_at: datetime
    replaces_newer: bool


def told(staged: Staged, *, live: int | None) -> StagedChange:
    """Return what may be known of a staged change, given the version of the live value."""
    action = Action.REMOVED
    if staged.sealed is not None:
        action = Action.ADDED if live is None else Action.CHANGED
    is_gone_already = live is None and staged.sealed is None
    return StagedChange(
        name=staged.name,
        action=action,
        staged_by=staged.staged_by,
        staged_at=staged.staged_at,
        replaces_newer=live != staged.base and not is_gone_already,
    )


def needs_of_staging(seen: Snapshot, wanted: Values) -> list[Need]:
    """Return what config has to hear of at once: names that are nothing yet. Sizes of live values stay as they are."""
    return [
        Need(name, plaintext.size)
        for name, plaintext in wanted
        if name not in seen.current and (name not in seen.staged or seen.staged[name].size != plaintext.size)
    ]


def needs_of_rotation(seen: Snapshot, name: str, *, overlap: bool) -> list[Need]:
    """Return what config has to hear of at once: the name of the old value, where the new one is to overlap it."""
    present, previous_name = seen.secrets().get(name), name + PREVIOUS_SUFFIX
    if not overlap or present is None or previous_name in names_needed(seen):
        return []
    return [Need(previous_name, present.size)]


def sizes_once_released(seen: Snapshot, wanted: Values) -> list[Need]:
    """Return what config has to find room for: the whole draft with `wanted`. Nothing where no value grows by it."""
    sizes = {name: plaintext.size for name, plaintext in wanted}
    if all(name in seen.current and seen.current[name].size >= size for name, size in sizes.items()):
        return []
    staged = {name: each.size for name, each in seen.staged.items() if each.sealed is not None}
    return [Need(name, size) for name, size in (staged | sizes).items()]


def stage(
    snapshot: Snapshot,
    means: Means,
    cause: Cause,
    wanted: Values,
    *,
    overlap: timedelta | None = None,
    asked: Asked = SAYS_NOTHING,
) -> Decision[Plan]:
    """Decide on values for the draft; `overlap` is that of a rotation, `asked` what they are to have of an end.

    Raises Refused.
    """
    names = [name for name, _ in wanted]
    refuse_managed(snapshot.current, names)
    refuse_previous(snapshot, names)
    revision = snapshot.app.draft_revision + 1
    rows = tuple(
        Staged(
            name=name,
            revision=revision,
            base=_live(snapshot, name),
            staged_by=cause.actor.name,
            staged_at=means.now,
            sealed=means.keys.seal(snapshot.app.app_id, name, -revision, plaintext),
            size=plaintext.size,
            overlap=overlap,
            asked=asked,
        )
        for name, plaintext in wanted
    )
    more = _told_of_end(asked)
    return _staged(snapshot, cause, Plan(stage=rows), _changes(snapshot, rows), more=more)


def stage_rotation(
    snapshot: Snapshot,
    means: Means,
    cause: Cause,
    *,
    name: str,
    plaintext: Plaintext,
    overlap: timedelta,
    asked: Asked = SAYS_NOTHING,
) -> Decision[Plan]:
    """Decide on a new value, for the draft, of a secret that is live. Raises NotFound and Refused."""
    refuse_unrotatable(snapshot, name, overlap=bool(overlap))
    asked = expiry.again(asked, snapshot.current[name].terms)
    return stage(snapshot, means, cause, [(name, plaintext)], overlap=overlap, asked=asked)


def stage_unset(
    snapshot: Snapshot, means: Means, cause: Cause, names: Sequence[str], *, ignore_missing: bool
) -> Decision[Plan]:
    """Decide on names that are to go once the draft is released; what is only staged goes at once.

    Raises NotFound and Refused.
    """
    removed = names_to_stage_unset(snapshot, names, ignore_missing=ignore_missing)
    rows = tuple(
        Staged(
            name=name,
            revision=snapshot.app.draft_revision + 1,
            base=_live(snapshot, name),
            staged_by=cause.actor.name,
            staged_at=means.now,
        )
        for name in removed
        if name in snapshot.current
    )
    plan = Plan(stage=rows, unstage=tuple(name for name in removed if name not in snapshot.current))
    return _staged(snapshot, cause, plan, [NameChange(name, Action.REMOVED) for name in removed])


def names_to_stage_unset(snapshot: Snapshot, names: Sequence[str], *, ignore_missing: bool) -> list[str]:
    """Return those of `names` that are secrets or staged to be. Raises NotFound and Refused."""
    refuse_managed(snapshot.current, names)
    missing = [name for name in names if name not in snapshot.current and name not in snapshot.staged]
    if missing and not ignore_missing:
        raise secret_not_set(missing, "Nothing was changed; `--ignore-missing` passes over such names.")
    return [name for name in names if name not in missing]


def discard(snapshot: Snapshot, cause: Cause, names: Sequence[str]) -> Decision[Plan]:
    """Decide on dropping staged changes: those of `names`, or all without any.

    Names that are not staged are passed over: whoever drops a draft names what is staged in config as well.
    """
    rows = [snapshot.staged[name] for name in names or sorted(snapshot.staged) if name in snapshot.staged]
    plan = Plan(unstage=tuple(row.name for row in rows))
    changes = _changes(snapshot, rows)
    answer = _answer(snapshot, cause, changes, description="Discard")
    return outcome.recorded(snapshot, plan, cause, answer=answer, changes=changes, version=snapshot.app.version)


def due(snapshot: Snapshot, revision: int) -> list[Staged]:
    """Return what was staged up to a revision, in the order of staging."""
    rows = [each for each in snapshot.staged.values() if each.revision <= revision]
    return sorted(rows, key=lambda each: (each.revision, each.name))


def needs_of_release(seen: Snapshot, revision: int) -> list[Need]:
    """Return what config has to hear of: names that are new to what is live, and sizes that count differently now."""
    return [
        Need(each.name, each.size)
        for each in due(seen, revision)
        if each.sealed is not None and (each.name not in seen.current or seen.current[each.name].size != each.size)
    ]


def names_leaving(seen: Snapshot, revision: int) -> list[str]:
    """Return what config has to agree to: live secrets of a shared group, which are staged to go."""
    if not seen.app.is_group:
        return []
    return [each.name for each in due(seen, revision) if each.sealed is None and each.name in seen.secrets()]


def release(snapshot: Snapshot, means: Means, cause: Cause, *, revision: int, replace_newer: bool) -> Decision[Plan]:
    """Decide on making live what was staged up to a revision, sealed anew. An overlap starts now.

    Raises Refused where a live value was changed since it was staged over, unless that is to be replaced.
    """
    rows = due(snapshot, revision)
    names = [row.name for row in rows]
    refuse_managed(snapshot.current, names)
    changes = [told(row, live=_live(snapshot, row.name)) for row in rows]
    newer = [change.name for change in changes if change.replaces_newer]
    if newer and not replace_newer:
        raise Refused(
            f"{', '.join(newer)}: changed since it was staged. Release the draft again to replace the newer value, or"
            " discard what is staged.",
            reason="DRAFT_REPLACES_NEWER",
        )
    plan = plan_of(
        snapshot,
        keep=[_released(snapshot, means, row) for row in rows if row.sealed is not None],
        remove=[row.name for row in rows if row.sealed is None and row.name in snapshot.current],
        unstage=names,
    )
    done = {change.name for change in plan.changes}
    released = [change for change in changes if change.name in done]
    return outcome.live(
        snapshot,
        plan,
        cause,
        config_version=means.claimed.version,
        changes=[_ordered(change) for change in released],
        more={"released": [_remembered(change) for change in released], "used_up": len(rows)},
    )


def released_in(answer: Answer) -> list[StagedChange]:
    """Return what a new or remembered answer says became live."""
    return [
        StagedChange(
            name=name,
            action=Action(action),
            staged_by=staged_by,
            staged_at=datetime.fromisoformat(staged_at),
            replaces_newer=replaces_newer,
        )
        for name, action, staged_by, staged_at, replaces_newer in answer.get("released", ())
    ]


def _released(snapshot: Snapshot, means: Means, row: Staged) -> NewEntry:
    keys: TenantKeys = means.keys
    plaintext = staged_value(keys, snapshot, row)
    terms = expiry.of_new_value(row.asked, terms_before(snapshot, row.name), means.now)
    if row.overlap is None:
        return with_running_overlap(keys, snapshot, row.name, plaintext, now=means.now, terms=terms)
    live = _live(snapshot, row.name)
    if not row.overlap or live is None:
        return new_entry(keys, snapshot, row.name, plaintext, terms=terms)
    return new_entry(
        keys, snapshot, row.name, plaintext, previous=live, previous_until=means.now + row.overlap, terms=terms
    )


def _told_of_end(asked: Asked) -> dict[str, Any]:
    """Return what an answer says of an end that is staged; a span counts from the release."""
    if not asked.says_end:
        return {}
    return {
        "expires_at": None if asked.at is None else asked.at.isoformat(),
        "span_seconds": None if asked.span is None else int(asked.span.total_seconds()),
    }


def _live(snapshot: Snapshot, name: str) -> int | None:
    entry = snapshot.current.get(name)
    return None if entry is None else entry.version


def _changes(snapshot: Snapshot, rows: Sequence[Staged]) -> list[NameChange]:
    return [NameChange(row.name, told(row, live=_live(snapshot, row.name)).action) for row in rows]


def _staged(
    snapshot: Snapshot,
    cause: Cause,
    plan: Plan,
    changes: Sequence[NameChange],
    *,
    more: Mapping[str, Any] | None = None,
) -> Decision[Plan]:
    description = listing(cause.verb, [each.name for each in changes])
    answer = {**_answer(snapshot, cause, changes, description=description), **(more or {})}
    return outcome.recorded(snapshot, plan, cause, answer=answer, changes=changes, version=snapshot.app.version)


def _answer(snapshot: Snapshot, cause: Cause, changes: Sequence[NameChange], *, description: str) -> Answer:
    version = snapshot.app.version
    if not changes:
        return unchanged(version)
    return changed(version=version, change_id=cause.change_id, changes=changes, description=description, stage=True)


def _ordered(change: StagedChange) -> ReleasedChange:
    return ReleasedChange(
        name=change.name,
        action=change.action,
        secret=True,
        actor=change.staged_by,
        staged_at=change.staged_at,
        replaces_newer=change.replaces_newer,
    )


def _remembered(change: StagedChange) -> list[Any]:
    at = change.staged_at.isoformat()
    return [change.name, change.action.value, change.staged_by, at, change.replaces_newer]
