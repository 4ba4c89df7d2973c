"""Going back, as releaser asks for it: to an earlier version, or from what a failed release changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paaskit.audit import Actor
from paaskit.changes import NameChange, names_in
from paaskit.requests import Answer, RequestKey, check_request_id, fingerprint
from paaskit.variables import refuse
from paaskit.write_path import Decision
from services.secrets.changes import Changes, SecretsChange
from services.secrets.registry import Registry
from services.secrets.rules import outcome, way_back
from services.secrets.rules.claims import Need
from services.secrets.rules.outcome import Cause, Means
from services.secrets.rules.plan import Plan
from services.secrets.rules.stored import App, Snapshot
from services.secrets.rules.way_back import Back
from services.secrets.store import Store


@dataclass(frozen=True, kw_only=True)
class Restore:
    """An order to make the secrets of an earlier version current again. Its release is kept under `change_id`."""

    app_id: str
    version: int
    request_id: str = ""
    change_id: str = ""
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Revert:
    """An order to take back what changed between two versions, where it still stands."""

    app_id: str
    from_version: int
    to_version: int
    request_id: str


@dataclass(frozen=True, kw_only=True)
class WentBack:
    """What going back came to: the newest version afterwards, what changed, and the names that are something else."""

    version: int
    changes: Sequence[NameChange] = ()
    taken: Sequence[str] = ()


class Reverts:
    """Goes back. Names that go are free in config once it is done, so that their config vars can go back as well."""

    def __init__(self, store: Store, changes: Changes, registry: Registry) -> None:
        self._store = store
        self._changes = changes
        self._registry = registry

    async def preview(self, tenant: str, order: Restore) -> WentBack:
        """Say what restoring a version would change. Raises Unavailable."""
        app = await self._store.known(tenant, order.app_id)
        if app is None:
            return WentBack(version=0)
        change = self._restore(Actor(tenant=tenant, name=""), app, order)
        seen = await self._changes.look(tenant, app, names=None, versions=change.versions)
        means = await self._changes.means(change, seen)
        asked = change.needs(seen, means)
        taken = await self._registry.check(tenant, app.app_id, asked, skip_taken=True)
        way = way_back.to_version(order.version)(seen, means.keys)
        plan, left = way_back.plan(seen, means.keys, way, taken, now=means.now)
        return WentBack(version=app.version, changes=plan.changes, taken=left)

    async def restore(self, actor: Actor, order: Restore) -> WentBack:
        """Make an earlier version current again, once per request id. Raises LimitExceeded, NotFound or Unavailable."""
        refuse([check_request_id(order.request_id)])
        app = await self._store.known(actor.tenant, order.app_id)
        return await self._make(None if app is None else self._restore(actor, app, order))

    async def revert(self, actor: Actor, order: Revert) -> WentBack:
        """Take back what changed between two versions, once per request id. It asks for no release.

        Raises LimitExceeded, NotFound or Unavailable.
        """
        refuse([check_request_id(order.request_id)])
        app = await self._store.known(actor.tenant, order.app_id)
        return await self._make(None if app is None else self._revert(actor, app, order))

    async def _make(self, change: SecretsChange | None) -> WentBack:
        if change is None:
            return WentBack(version=0)
        answer = await self._changes.make(change)
        await self._changes.confirm_given_up(change.key)
        return WentBack(version=answer["version"], changes=names_in(answer), taken=answer["taken"])

    def _restore(self, actor: Actor, app: App, order: Restore) -> SecretsChange:
        cause = Cause(
            actor=actor,
            action="secrets.restore",
            request_id=order.request_id,
            change_id=order.change_id,
            description=order.description,
        )

        def ends(snapshot: Snapshot, plan: Plan, means: Means, taken: Sequence[str]) -> Decision[Plan]:
            return outcome.live(
                snapshot, plan, cause, config_version=means.claimed.version, more={"taken": list(taken)}
            )

        back = way_back.to_version(order.version)
        request = _request(actor, cause, order.version, order.change_id, order.description)
        return _change(actor.tenant, app, back, ends, versions=[order.version], request=request)

    def _revert(self, actor: Actor, app: App, order: Revert) -> SecretsChange:
        cause = Cause(actor=actor, action="secrets.revert", request_id=order.request_id, change_id="")

        def ends(snapshot: Snapshot, plan: Plan, _: Means, taken: Sequence[str]) -> Decision[Plan]:
            version = snapshot.app.version + (1 if plan.makes_version else 0)
            changes = [[change.name, change.action.value] for change in plan.changes]
            answer: Answer = {"version": version, "changes": changes, "taken": list(taken)}
            return outcome.recorded(snapshot, plan, cause, answer=answer, changes=plan.changes, version=version)

        back = way_back.from_changes(before=order.from_version, after=order.to_version)
        request = _request(actor, cause, order.from_version, order.to_version)
        versions = [order.from_version, order.to_version]
        return _change(actor.tenant, app, back, ends, versions=versions, request=request)


Ends = Callable[[Snapshot, Plan, Means, Sequence[str]], Decision[Plan]]
"""Makes a decision of the plan that goes back, and of the names that stay because they are something else."""


def _change(
    tenant: str, app: App, back: Back, ends: Ends, *, versions: Sequence[int], request: RequestKey
) -> SecretsChange:
    def needs(seen: Snapshot, means: Means) -> Sequence[Need]:
        return way_back.needs(seen, back(seen, means.keys), now=means.now)

    def decide(snapshot: Snapshot, means: Means) -> Decision[Plan]:
        way = back(snapshot, means.keys)
        plan, taken = way_back.plan(snapshot, means.keys, way, means.claimed.taken, now=means.now)
        return ends(snapshot, plan, means, taken)

    return SecretsChange(
        tenant=tenant,
        app=app,
        versions=sorted({version for version in versions if version > 0}),
        request=request,
        needs=needs,
        decide=decide,
        skip_taken=True,
        key=f"{app.app_id}-{request.request_id}",
    )


def _request(actor: Actor, cause: Cause, *parts: object) -> RequestKey:
    return RequestKey(
        request_id=cause.request_id, subject=actor.credential, method=cause.action, fingerprint=fingerprint(*parts)
    )
