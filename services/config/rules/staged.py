"""Drafts as a whole: looking at one, discarding it, and making it live."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from paaskit.access import AppRef
from paaskit.audit import Actor, AuditEvent
from paaskit.changes import Action, Answer, NameChange, names_in
from paaskit.errors import FieldViolation
from paaskit.release_order import ReleasedChange, ReleaseOrder
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import check_name, refuse
from paaskit.write_path import NoEvent
from services.config.domain import App, ById, Decision, Needs, Snapshot, SpecDraft, SpecRow
from services.config.rules.drafts import Going, Staged, discard, go_live, replaces_newer_spec, staged
from services.config.store.changes import Store
from services.config.store.lists import Lists


@dataclass(frozen=True, kw_only=True)
class StagedSpec:
    """A staged change of what an app runs, as it stands against the live one. `draft` has no spec once it is live."""

    draft: SpecDraft
    replaces_newer: bool
    changes_something: bool


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What releasing all that is staged of an app would change. `revision` is None where nothing is staged."""

    revision: int | None
    vars: Sequence[Staged]
    spec: StagedSpec | None


@dataclass(frozen=True, kw_only=True)
class ReleaseOfDraft:
    """An order to make live what was staged up to a revision. `change_id` is the release it is for."""

    where: ById
    request_id: str
    change_id: str
    revision: int
    replace_newer: bool
    actor: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Gone:
    """One change that was staged and is live now."""

    name: str
    action: Action
    staged_by: str
    staged_at: datetime
    replaces_newer: bool


@dataclass(frozen=True, kw_only=True)
class WentLive:
    """What came of it: the version that has it (None: nothing changed), what is live, how much is staged no more."""

    version: int | None
    vars: Sequence[Gone]
    spec: Gone | None
    used_up: int


class Drafts:
    """What users and releaser ask about drafts."""

    def __init__(self, store: Store, lists: Lists) -> None:
        self._store = store
        self._lists = lists

    async def list(self, tenant: str, app_id: str) -> Sequence[Staged]:
        """Return what is staged of an app's variables, by name."""
        return [staged(row.draft, row.live) for row in await self._lists.drafts(tenant, app_id)]

    async def look(self, where: ById) -> Draft:
        """Return all that is staged of an app. Raises NotFound."""
        # What is staged before the revision is read may be missing from the list, never the other way round.
        shown = await self._lists.app_of_id(where.tenant, where.app_id)
        found = await self.list(where.tenant, where.app_id)
        spec = staged_spec(shown.spec_draft, shown.spec)
        return Draft(
            revision=shown.app.draft_revision if found or spec else None,
            vars=[each for each in found if each.changes_something],
            spec=spec if spec and spec.changes_something else None,
        )

    async def discard(
        self, actor: Actor, ref: AppRef, names: Sequence[str], *, spec: bool, request_id: str
    ) -> tuple[Sequence[NameChange], bool]:
        """Drop what is staged of `names`, or of all where none is given, and of the spec where asked.

        Returns what releasing that would have done, and whether a spec was dropped. Raises InvalidInput or NotFound.
        """
        wrong = [(name, problem) for name in names if (problem := check_name(name))]
        refuse([check_request_id(request_id), *(FieldViolation("names", problem) for _, problem in wrong)])
        request = RequestKey(
            request_id=request_id,
            subject=actor.credential,
            method="config.discard",
            fingerprint=fingerprint(names, spec),
        )
        _, answer = await self._store.change(
            ref,
            needs=Needs(names=None, drafts=None, spec=True, shared=False),
            request=request,
            decide=lambda snapshot: decide_discard(actor, snapshot, names, spec=spec, request_id=request_id),
        )
        return names_in(answer), answer["spec"]

    async def release(self, actor: Actor, order: ReleaseOfDraft) -> WentLive:
        """Make a draft live, once per request id. Its order is kept with the change.

        Raises InvalidInput, NotFound, LimitExceeded, Refused for what would replace newer values.
        """
        refuse(
            [
                check_request_id(order.request_id),
                FieldViolation("change_id", "names the release this is for") if not order.change_id else None,
                FieldViolation("actor", "says who releases it") if not order.actor else None,
            ]
        )
        request = RequestKey(
            request_id=order.request_id,
            subject=actor.credential,
            method="config.release",
            fingerprint=fingerprint(
                order.change_id, order.revision, order.replace_newer, order.actor, order.description
            ),
        )
        _, answer = await self._store.change(
            order.where,
            needs=Needs(names=None, drafts=None, spec=True),
            request=request,
            decide=lambda snapshot: decide_release(actor, order, snapshot),
        )
        return _went_live(answer)


def staged_spec(draft: SpecDraft | None, live: SpecRow) -> StagedSpec | None:
    """Return a staged spec as it stands against the live one."""
    if draft is None:
        return None
    newer = replaces_newer_spec(draft, live)
    return StagedSpec(draft=draft, replaces_newer=newer, changes_something=draft.spec != live.spec)


def decide_discard(actor: Actor, snapshot: Snapshot, names: Sequence[str], *, spec: bool, request_id: str) -> Decision:
    """Decide on dropping what is staged."""
    app, step = snapshot.app, discard(snapshot, names, spec=spec)
    answer = {
        "changes": [[change.name, change.action.value] for change in step.changes],
        "spec": step.drop_spec,
    }
    if step.is_empty:
        return Decision(answer=answer)
    done = [("config.discard", [change.name for change in step.changes])] if step.drop else []
    done += [("apps.discard", [])] if step.drop_spec else []
    events = _events(actor, app, done, version=app.version, request_id=request_id)
    return Decision(answer=answer, rows=step.rows(app), events=events)


def decide_release(actor: Actor, order: ReleaseOfDraft, snapshot: Snapshot) -> Decision:
    """Decide on a draft that goes live. What is live already, or gone already, leaves the draft without a trace."""
    app = snapshot.app
    going = go_live(snapshot, revision=order.revision, replace_newer=order.replace_newer)
    rows = replace(
        going.plan.rows(app, by=order.actor),
        version=app.version + (not going.plan.is_empty),
        draft_revision=app.draft_revision + 1,
        unstage=going.used,
        unstage_spec=going.spec_used,
    )
    if going.plan.is_empty:
        used = rows if going.used or going.spec_used else None
        return Decision(answer=_answer(None, going), rows=used, no_event=NoEvent.ALREADY_SO)
    done = [("config.release", [each.draft.name for each in going.vars])] if going.vars else []
    done += [("apps.release", [])] if going.spec else []
    release = ReleaseOrder(
        tenant=actor.tenant,
        app_id=app.app_id,
        app=app.name,
        change_id=order.change_id,
        actor=order.actor,
        description=order.description,
        config_version=rows.version,
        changes=_released(going),
    )
    events = _events(actor, app, done, version=rows.version, request_id=order.request_id)
    return Decision(answer=_answer(rows.version, going), rows=rows, events=events, order=release)


def _events(
    actor: Actor, app: App, done: Sequence[tuple[str, list[str]]], *, version: int, request_id: str
) -> list[AuditEvent]:
    return [
        actor.event(action, app=app.name, app_id=app.app_id, targets=targets, version=version, request_id=request_id)
        for action, targets in done
    ]


def _released(going: Going) -> list[ReleasedChange]:
    found = [
        ReleasedChange(
            name=each.draft.name,
            action=each.action,
            secret=False,
            actor=each.draft.staged_by,
            staged_at=each.draft.staged_at,
            replaces_newer=each.replaces_newer,
        )
        for each in going.vars
    ]
    if going.spec is not None:
        spec = ReleasedChange(
            name="",
            action=Action.CHANGED,
            secret=False,
            actor=going.spec.staged_by,
            staged_at=going.spec.staged_at,
            replaces_newer=going.spec_replaces_newer,
        )
        found.insert(0, spec)
    return found


def _answer(version: int | None, going: Going) -> Answer:
    return {
        "version": version,
        "released": [_plain(change) for change in _released(going)],
        "used_up": len(going.used) + going.spec_used,
    }


def _plain(change: ReleasedChange) -> list[Any]:
    assert change.staged_at is not None
    return [change.name, change.action.value, change.actor, change.staged_at.isoformat(), change.replaces_newer]


def _went_live(answer: Mapping[str, Any]) -> WentLive:
    gone = [
        Gone(
            name=name,
            action=Action(action),
            staged_by=by,
            staged_at=datetime.fromisoformat(at),
            replaces_newer=newer,
        )
        for name, action, by, at, newer in answer["released"]
    ]
    return WentLive(
        version=answer["version"],
        vars=[each for each in gone if each.name],
        spec=next((each for each in gone if not each.name), None),
        used_up=answer.get("used_up", len(gone)),  # an answer of an earlier day has no count
    )
