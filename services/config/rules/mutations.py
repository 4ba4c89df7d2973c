"""What every change has in common that a user or an add-on asks for: once per request id, recorded, released."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from paaskit.audit import Actor
from paaskit.changes import (
    Action,
    Answer,
    Change,
    Mutation,
    NameChange,
    change_of,
    changed,
    is_live,
    names_in,
    unchanged,
)
from paaskit.clock import Clock, IdSource
from paaskit.errors import Conflict
from paaskit.release_order import ReleasedChange, ReleaseOrder, changes_by
from paaskit.releases import Releases
from paaskit.requests import RequestKey, fingerprint
from paaskit.variables import listing
from services.config.domain import App, Decide, Decision, Needs, Snapshot
from services.config.rules.drafts import DraftStep, Stamp
from services.config.rules.plan import Plan
from services.config.rules.sharing import check_step, step_of
from services.config.store.changes import Store


@dataclass(frozen=True, kw_only=True)
class Doing:
    """Who does what, when, and under which ids, for a decision to write down."""

    actor: Actor
    action: str
    request_id: str
    change_id: str
    at: datetime

    @property
    def stamp(self) -> Stamp:
        """Who stages something, and when."""
        return Stamp(by=self.actor.name, at=self.at)


class Mutations:
    """Makes them. `releases` is asked for the release of each live one after its commit."""

    def __init__(self, store: Store, releases: Releases, *, new_id: IdSource, clock: Clock) -> None:
        self._store = store
        self._releases = releases
        self._new_id = new_id
        self._clock = clock

    async def live(
        self,
        actor: Actor,
        order: Mutation,
        *,
        action: str,
        verb: str,
        needs: Needs,
        asked: Sequence[object],
        plan: Callable[[Snapshot], Plan],
    ) -> Change:
        """Make a change that is live at once, and ask for its release.

        `asked` is all that tells its request from others of its action, beside what every mutation says.
        """
        doing = self._doing(actor, order, action)

        def decide(snapshot: Snapshot) -> Decision:
            check_etag(order, snapshot.app)
            planned = plan(snapshot)
            check_step(snapshot, step_of(planned))
            return decide_live(doing, snapshot.app, planned, verb=verb)

        change, _ = await self._make(doing, order, needs=needs, asked=asked, decide=decide)
        return change

    async def stage(
        self,
        actor: Actor,
        order: Mutation,
        *,
        action: str,
        asked: Sequence[object],
        step: Callable[[Snapshot, Stamp], DraftStep],
    ) -> Change:
        """Put a change into the app's draft. What is live, and its version, stay as they are."""
        doing = self._doing(actor, order, action)

        def decide(snapshot: Snapshot) -> Decision:
            check_etag(order, snapshot.app)
            return decide_draft(doing, snapshot.app, step(snapshot, doing.stamp))

        needs = Needs(names=None, drafts=None, spec=True)
        change, _ = await self._make(doing, order, needs=needs, asked=asked, decide=decide)
        return change

    async def make(
        self,
        actor: Actor,
        order: Mutation,
        *,
        action: str,
        needs: Needs,
        asked: Sequence[object],
        decide: Callable[[Doing, Snapshot], Decision],
    ) -> tuple[Change, Answer]:
        """Make a change that is decided on as a whole by the caller; return what was answered besides."""
        doing = self._doing(actor, order, action)
        return await self._make(doing, order, needs=needs, asked=asked, decide=lambda snapshot: decide(doing, snapshot))

    async def released(self, actor: Actor, app: App, answer: Answer) -> Change:
        """Return the change of an answer, with the number of its release where it asks for one and that is known."""
        release = await self._releases.request(order_of(answer, actor, app)) if is_live(answer) else None
        return change_of(answer, release=release)

    async def _make(
        self, doing: Doing, order: Mutation, *, needs: Needs, asked: Sequence[object], decide: Decide
    ) -> tuple[Change, Answer]:
        if order.validate_only:
            snapshot = await self._store.look(order.app, needs)
            answer = decide(snapshot).answer
            return Change(version=snapshot.app.version, changes=names_in(answer)), answer
        request = RequestKey(
            request_id=order.request_id,
            subject=doing.actor.credential,
            method=doing.action,
            fingerprint=fingerprint(asked, order.stage, order.etag),
        )
        snapshot, answer = await self._store.change(order.app, needs=needs, request=request, decide=decide)
        return await self.released(doing.actor, snapshot.app, answer), answer

    def _doing(self, actor: Actor, order: Mutation, action: str) -> Doing:
        return Doing(
            actor=actor, action=action, request_id=order.request_id, change_id=self._new_id(), at=self._clock()
        )


def check_etag(order: Mutation, app: App) -> None:
    """Raise Conflict where a request builds on another state of the app than the present one."""
    if order.etag and order.etag != app.etag:
        raise Conflict(f"{app.name} was changed by someone else in between. Look at it again and repeat.")


def decide_live(doing: Doing, app: App, plan: Plan, *, verb: str) -> Decision:
    """Decide on a change that is live at once: a version, an event and an order, or nothing where nothing changes."""
    if plan.is_empty:
        return Decision(answer=unchanged(app.version))
    names = [change.name for change in plan.changes]
    answer = changed(
        version=app.version + 1,
        change_id=doing.change_id,
        changes=plan.changes,
        description=listing(verb, names) if names else verb,
        spec=int(plan.spec is not None),
    )
    event = doing.actor.event(
        doing.action,
        app=app.name,
        app_id=app.app_id,
        targets=names,
        version=answer["version"],
        request_id=doing.request_id,
    )
    return Decision(
        answer=answer, rows=plan.rows(app, by=doing.actor.who), events=[event], order=order_of(answer, doing.actor, app)
    )


def decide_draft(doing: Doing, app: App, step: DraftStep) -> Decision:
    """Decide on a change of the draft: an event, and neither a version nor an order."""
    if step.is_empty:
        return Decision(answer=unchanged(app.version))
    answer = changed(version=app.version, change_id=doing.change_id, changes=step.changes, description="", stage=True)
    event = doing.actor.event(
        "apps.stage" if step.spec_changes else "config.stage",
        app=app.name,
        app_id=app.app_id,
        targets=[change.name for change in step.changes],
        version=app.version,
        request_id=doing.request_id,
    )
    return Decision(answer=answer, rows=step.rows(app), events=[event])


def order_of(answer: Answer, actor: Actor, app: App) -> ReleaseOrder:
    """Return the order for the release of a live change, from its new or remembered answer."""
    return ReleaseOrder(
        tenant=actor.tenant,
        app_id=app.app_id,
        app=app.name,
        change_id=answer["change_id"],
        actor=actor.name,
        description=answer["description"],
        config_version=answer["version"],
        secrets_version=answer.get("secrets_version"),
        changes=released_changes(actor.name, names_in(answer), spec=bool(answer.get("spec"))),
    )


def released_changes(actor: str, changes: Sequence[NameChange], *, spec: bool) -> tuple[ReleasedChange, ...]:
    """Return what a live change of one actor releases, its spec under the empty name."""
    named = changes_by(actor, changes, secret=False)
    return (ReleasedChange(name="", action=Action.CHANGED, secret=False, actor=actor), *named) if spec else named
