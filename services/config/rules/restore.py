"""Going back: to a version as a whole, or name by name to what was before a change.

Managed variables never go back: the add-on's former password is no password any more. Secrets go back in secrets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from paaskit.audit import Actor
from paaskit.changes import Answer, NameChange, names_in
from paaskit.errors import FieldViolation, PermissionDenied, Refused
from paaskit.release_order import ReleaseOrder
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import refuse
from services.config.domain import AppSpec, ById, Decision, Entry, Kind, Needs, Snapshot
from services.config.rules.mutations import released_changes
from services.config.rules.plan import Plan, compare
from services.config.rules.sharing import check_step, step_of
from services.config.store.changes import Store


@dataclass(frozen=True, kw_only=True)
class Restore:
    """An order to make a version current again. `actor` is who it is done for, `change_id` the release it is for."""

    where: ById
    version: int
    request_id: str
    change_id: str
    actor: str
    description: str
    skip_taken: bool
    validate_only: bool


@dataclass(frozen=True, kw_only=True)
class Revert:
    """An order to take back what changed from one version to a later one."""

    where: ById
    from_version: int
    to_version: int
    request_id: str


@dataclass(frozen=True, kw_only=True)
class WentBack:
    """What came of it. `taken` are names that are something else now, and stay that.

    `version` is the newest there is; what would be made by an order that is only looked at does not count.
    `gone_groups` are names of shared groups that were to come back and are destroyed.
    """

    version: int
    changes: Sequence[NameChange]
    taken: Sequence[str]
    spec_changed: bool
    gone_groups: Sequence[str] = ()


class History:
    """What releaser asks for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def restore(self, actor: Actor, order: Restore) -> WentBack:
        """Make an old version current again, once per request id.

        Raises InvalidInput, NotFound, LimitExceeded, Refused naming every name that is something else now unless these
        are to be passed over.
        """
        needs = Needs(spec=True, past=(order.version,))

        def decide(snapshot: Snapshot) -> Decision:
            return decide_restore(actor, order, snapshot)

        if order.validate_only:
            snapshot = await self._store.look(order.where, needs)
            return replace(_went_back(decide(snapshot).answer), version=snapshot.app.version)
        refuse(
            [
                check_request_id(order.request_id),
                FieldViolation("change_id", "names the release this is for") if not order.change_id else None,
                FieldViolation("actor", "says who this is done for") if not order.actor else None,
            ]
        )
        request = RequestKey(
            request_id=order.request_id,
            subject=actor.credential,
            method="config.restore",
            fingerprint=fingerprint(order.version, order.change_id, order.actor, order.description, order.skip_taken),
        )
        _, answer = await self._store.change(order.where, needs=needs, decide=decide, request=request)
        return _went_back(answer)

    async def revert(self, actor: Actor, order: Revert) -> WentBack:
        """Take back what changed between two versions and still stands, once per request id. Orders no release.

        Raises InvalidInput or NotFound.
        """
        refuse([check_request_id(order.request_id)])
        request = RequestKey(
            request_id=order.request_id,
            subject=actor.credential,
            method="config.revert",
            fingerprint=fingerprint(order.from_version, order.to_version, actor.on_behalf_of),
        )
        _, answer = await self._store.change(
            order.where,
            needs=Needs(spec=True, past=(order.from_version, order.to_version)),
            decide=lambda snapshot: decide_revert(actor, order, snapshot),
            request=request,
        )
        return _went_back(answer)


def decide_restore(actor: Actor, order: Restore, snapshot: Snapshot) -> Decision:
    """Decide on going back to a version. What was no config var then is none afterwards."""
    plan, taken = plan_restore(snapshot, order.version)
    _refuse_unseen(snapshot, plan)
    check_step(snapshot, step_of(plan), goes_back=True)
    if taken and not order.skip_taken:
        raise Refused(
            f"{', '.join(taken)}: a config var then and a secret or managed now. Unset it first to go back.",
            reason="NAME_IS_SECRET",
        )
    decision = _going_back("config.restore", actor, snapshot, plan, taken, request_id=order.request_id, by=order.actor)
    gone = _gone_groups(snapshot, snapshot.at(order.version).spec.spec)
    decision = replace(decision, answer={**decision.answer, "gone_groups": gone})
    if plan.is_empty:
        return decision
    app = snapshot.app
    release = ReleaseOrder(
        tenant=actor.tenant,
        app_id=app.app_id,
        app=app.name,
        change_id=order.change_id,
        actor=order.actor,
        description=order.description,
        config_version=decision.answer["version"],
        changes=released_changes(order.actor, plan.changes, spec=plan.spec is not None),
    )
    return replace(decision, order=release)


def decide_revert(actor: Actor, order: Revert, snapshot: Snapshot) -> Decision:
    """Decide on taking back what changed. A service does that by itself, whoever asked for what is taken back."""
    plan, taken = plan_revert(snapshot, from_version=order.from_version, to_version=order.to_version)
    return _going_back("config.revert", actor, snapshot, plan, taken, request_id=order.request_id, by=actor.name)


def plan_restore(snapshot: Snapshot, version: int) -> tuple[Plan, list[str]]:
    """Plan to make config vars and the spec what they were; also return names that are of another kind now.

    Raises InvalidInput for a version that the app never had, LimitExceeded past the limits.
    """
    assert snapshot.spec is not None
    current, then = snapshot.current, snapshot.at(version)
    taken = [name for name in then.config if name in current and current[name].kind is not Kind.CONFIG]
    keep = [entry for name, entry in then.config.items() if name not in taken]
    remove = [name for name, entry in current.items() if entry.kind is Kind.CONFIG and name not in then.config]
    plan = compare(current, snapshot.app.totals, keep=_in_order(keep), remove=remove)
    spec = _without_gone_groups(snapshot, then.spec.spec)
    return replace(plan, spec=None if spec == snapshot.spec.spec else spec), taken


def plan_revert(snapshot: Snapshot, *, from_version: int, to_version: int) -> tuple[Plan, list[str]]:
    """Plan to take back, name by name, what differs by value from one version to a later one and still stands.

    It does not stand where a row of the name begins or ends after the later version, even if that left the same value:
    somebody else's change was acknowledged, and stays. A secret that became free since is no such change, since secrets
    gives up the names that it takes back. Also returns names that would be taken back and are of another kind now. No
    limit is held against it: it brings back what was there.

    Raises InvalidInput for versions that the app never had.
    """
    assert snapshot.spec is not None
    before, after, current = snapshot.at(from_version), snapshot.at(to_version), snapshot.current
    touched = {entry.name for entry in snapshot.history if _begins_or_ends_after(to_version, entry)}
    differs = [
        name
        for name in {**before.config, **after.config}
        if _value(before.config.get(name)) != _value(after.config.get(name)) and name not in touched
    ]
    taken = [
        name for name in differs if name in before.config and name in current and current[name].kind is not Kind.CONFIG
    ]
    keep = [before.config[name] for name in differs if name in before.config and name not in taken]
    remove = [name for name in differs if name not in before.config and name in current]
    plan = compare(current, snapshot.app.totals, keep=_in_order(keep), remove=remove, limited=False)
    stands = snapshot.spec.valid_from <= to_version and before.spec.spec != after.spec.spec
    spec = _without_gone_groups(snapshot, before.spec.spec)
    return replace(plan, spec=spec if stands and spec != snapshot.spec.spec else None), taken


def _without_gone_groups(snapshot: Snapshot, spec: AppSpec) -> AppSpec:
    """Return a spec with those of its groups that are still there."""
    held = snapshot.shared.held if snapshot.shared else {}
    return replace(spec, groups=tuple(group for group in spec.groups if group.group_id in held))


def _refuse_unseen(snapshot: Snapshot, plan: Plan) -> None:
    """Raise PermissionDenied where a group would be attached again that the caller may not see, nor attach by hand.

    What was attached since goes, whoever may see it: what broke must go.
    """
    shared = snapshot.shared
    if shared is None or plan.spec is None or snapshot.spec is None:
        return
    attached = snapshot.spec.spec.groups
    if any(each not in attached and not shared.sight.has(each.group_id) for each in plan.spec.groups):
        raise PermissionDenied(
            "Going back would attach a group to the app again that you may not see. Somebody who sees it can go back, "
            "or attach it.",
            metadata={"permission": "app"},
        )


def _gone_groups(snapshot: Snapshot, spec: AppSpec) -> list[str]:
    kept = _without_gone_groups(snapshot, spec).groups
    return [group.name for group in spec.groups if group not in kept]


def _begins_or_ends_after(version: int, entry: Entry) -> bool:
    if entry.kind is Kind.SECRET:
        return False
    return entry.valid_from > version or (entry.valid_to is not None and entry.valid_to > version)


def _value(entry: Entry | None) -> str | None:
    return entry.value if entry else None


def _in_order(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.position)


def _going_back(
    action: str, actor: Actor, snapshot: Snapshot, plan: Plan, taken: Sequence[str], *, request_id: str, by: str
) -> Decision:
    app = snapshot.app
    version = app.version + (not plan.is_empty)
    answer = {
        "version": version,
        "changes": [[change.name, change.action.value] for change in plan.changes],
        "taken": list(taken),
        "spec": plan.spec is not None,
    }
    if plan.is_empty:
        return Decision(answer=answer)
    event = actor.event(
        action,
        app=app.name,
        app_id=app.app_id,
        targets=[change.name for change in plan.changes],
        version=version,
        request_id=request_id,
    )
    return Decision(answer=answer, rows=plan.rows(app, by=by), events=[event])


def _went_back(answer: Answer) -> WentBack:
    return WentBack(
        version=answer["version"],
        changes=names_in(answer),
        taken=answer["taken"],
        spec_changed=answer["spec"],
        gone_groups=answer.get("gone_groups", ()),
    )
