"""Which shared groups an app has: attaching one to it, and detaching it. It is a part of the app's spec."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from paaskit.access import AppRef
from paaskit.audit import Actor, AuditEvent
from paaskit.changes import Action, Change, Mutation, NameChange, changed, unchanged
from paaskit.errors import LimitExceeded, NotFound, Refused, group_not_found
from paaskit.requests import check_request_id
from paaskit.variables import refuse
from services.config.domain import App, AppSpec, Decision, GroupRef, Kind, Needs, Snapshot
from services.config.rules.drafts import check_draft, stage_spec
from services.config.rules.groups import not_a_group
from services.config.rules.mutations import Doing, Mutations, order_of
from services.config.rules.plan import Plan
from services.config.rules.sharing import check_step, given_by, step_of
from services.config.store.changes import sight_of_caller

MAX_GROUPS: Final = 32
_NAMES: Final = "of_group"
"""In an answer: the names that the app gets or loses, those of secrets apart."""


@dataclass(frozen=True, kw_only=True)
class UseChanged:
    """What came of it: the change with the names that may be told, and how many more there are."""

    change: Change
    hidden: int


class Uses:
    """Attaches groups to apps, and detaches them."""

    def __init__(self, mutations: Mutations) -> None:
        self._mutations = mutations

    async def attach(self, actor: Actor, order: Mutation, group: AppRef) -> UseChanged:
        """Attach a group behind those that the app has, or stage that; one that it has already changes nothing.

        Raises InvalidInput, NotFound, PermissionDenied for a namesake, Refused for a group in a group and where two
        groups have a name in common, LimitExceeded where the app has too much then.
        """
        return await self._make(actor, order, group, action=Action.ADDED)

    async def detach(self, actor: Actor, order: Mutation, group: AppRef) -> UseChanged:
        """Detach a group, or stage that.

        Raises InvalidInput, NotFound, also where the app does not have the group, and PermissionDenied for a namesake.
        """
        return await self._make(actor, order, group, action=Action.REMOVED)

    async def _make(self, actor: Actor, order: Mutation, group: AppRef, *, action: Action) -> UseChanged:
        refuse([check_request_id(order.request_id)])
        everything = None if order.stage else ()

        def decide(doing: Doing, snapshot: Snapshot) -> Decision:
            return decide_use(doing, snapshot, group, action=action, stage=order.stage)

        change, answer = await self._mutations.make(
            actor,
            order,
            action="groups.attach" if action is Action.ADDED else "groups.detach",
            needs=Needs(names=everything, drafts=everything, spec=True, group=group),
            asked=[group.name],
            decide=decide,
        )
        plain, secret = answer.get(_NAMES, ((), ()))
        names = sorted([*plain, *secret]) if sight_of_caller().secrets else plain
        told = replace(change, changes=[NameChange(name, action) for name in names])
        return UseChanged(change=told, hidden=len(plain) + len(secret) - len(names))


def decide_use(doing: Doing, snapshot: Snapshot, ref: AppRef, *, action: Action, stage: bool) -> Decision:
    """Decide on attaching a group or detaching it. To `stage` is to do so in the draft of the spec, if there is one."""
    assert snapshot.spec is not None
    app, group = snapshot.app, _group(snapshot, ref)
    if app.is_group:
        raise Refused(
            f"{app.name} is a group, and a group holds no group. Attach {group.name} to the apps that are to have it.",
            reason="GROUP_IN_GROUP",
        )
    base = snapshot.spec_draft.spec if stage and snapshot.spec_draft is not None else snapshot.spec.spec
    if action is Action.ADDED and group in base.groups:
        return Decision(answer=unchanged(app.version))
    spec = replace(base, groups=_with(base.groups, group) if action is Action.ADDED else _without(app, base, group))
    names = _names_of(snapshot, group, beside=[each for each in spec.groups if each != group])
    if stage:
        return _decide_staged(doing, snapshot, spec, group, names=names)
    plan = Plan(totals=app.totals, spec=spec)
    check_step(snapshot, step_of(plan))
    verb = "Attach" if action is Action.ADDED else "Detach"
    answer = changed(
        version=app.version + 1,
        change_id=doing.change_id,
        changes=(),  # what its release changes of the app itself is its spec
        description=f"{verb} the group {group.name}",
        spec=1,
    )
    return Decision(
        answer={**answer, _NAMES: names},
        rows=plan.rows(app, by=doing.actor.who),
        events=[_event(doing, doing.action, app, group, version=app.version + 1)],
        order=order_of(answer, doing.actor, app),
    )


def _decide_staged(
    doing: Doing, snapshot: Snapshot, spec: AppSpec, group: GroupRef, *, names: Sequence[Sequence[str]]
) -> Decision:
    app, step = snapshot.app, stage_spec(snapshot, spec, doing.stamp)
    check_draft(snapshot, step)
    answer = changed(version=app.version, change_id=doing.change_id, changes=(), description="", stage=True)
    return Decision(
        answer={**answer, _NAMES: names},
        rows=step.rows(app),
        events=[_event(doing, "apps.stage", app, group, version=app.version)],
    )


def _group(snapshot: Snapshot, ref: AppRef) -> GroupRef:
    found = snapshot.group
    if found is None:
        raise group_not_found(ref.name)
    ref.accept(found.app_id)
    if not found.is_group:
        raise not_a_group(ref.name)
    return GroupRef(group_id=found.app_id, name=found.name)


def _with(groups: tuple[GroupRef, ...], group: GroupRef) -> tuple[GroupRef, ...]:
    if len(groups) >= MAX_GROUPS:
        raise LimitExceeded(f"An app has at most {MAX_GROUPS} groups. Detach one first.")
    return (*groups, group)


def _without(app: App, spec: AppSpec, group: GroupRef) -> tuple[GroupRef, ...]:
    if group not in spec.groups:
        raise NotFound(f"{group.name} is not attached to {app.name}. Nothing was changed.", reason="GROUP_NOT_ATTACHED")
    return tuple(each for each in spec.groups if each != group)


def _names_of(snapshot: Snapshot, group: GroupRef, *, beside: Sequence[GroupRef]) -> tuple[list[str], list[str]]:
    """Return the names that the app has of this group alone, those of secrets apart."""
    assert snapshot.shared is not None
    (use,), held = snapshot.shared.uses, snapshot.shared.held
    given = given_by(use.own, [held.get(each.group_id, {}) for each in (*beside, group)])
    mine = [entry for entry in held.get(group.group_id, {}).values() if given.get(entry.name) is entry]
    plain = sorted(entry.name for entry in mine if entry.kind is not Kind.SECRET)
    return plain, sorted(entry.name for entry in mine if entry.kind is Kind.SECRET)


def _event(doing: Doing, action: str, app: App, group: GroupRef, *, version: int) -> AuditEvent:
    return doing.actor.event(
        action,
        app=app.name,
        app_id=app.app_id,
        targets=[group.name],
        version=version,
        request_id=doing.request_id,
    )
