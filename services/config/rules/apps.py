"""Apps as a whole: making, changing, listing and destroying them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from paaskit.access import AppRef
from paaskit.audit import Actor
from paaskit.changes import Answer, Change, Mutation, changed
from paaskit.clock import Clock, IdSource
from paaskit.errors import AlreadyExists, FieldViolation, NotFound, Unavailable, app_not_found
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import check_app_name, refuse
from paaskit.write_path import Decision
from services.config.domain import App, AppSpec, Needs, Snapshot, SpecRow, Totals
from services.config.neighbours import Post, purge_message, remove_message
from services.config.rules.adoption import is_adopted, refuse_other_adoption
from services.config.rules.drafts import DraftStep, Stamp, stage_spec
from services.config.rules.mutations import Doing, Mutations, order_of
from services.config.rules.plan import Plan
from services.config.rules.sharing import refuse_group
from services.config.rules.spec import check_spec, runs, spec_key
from services.config.store.apps import AppStore, NameHolder, NewApp
from services.config.store.lists import Lists, Shown


class Apps:
    """Apps as a whole."""

    def __init__(
        self, store: AppStore, lists: Lists, mutations: Mutations, post: Post, *, new_id: IdSource, clock: Clock
    ) -> None:
        self._store = store
        self._lists = lists
        self._mutations = mutations
        self._post = post
        self._new_id = new_id
        self._clock = clock

    async def create(self, actor: Actor, ref: AppRef, *, request_id: str, spec: AppSpec) -> tuple[Shown, Change]:
        """Make an app and, if it can run, ask for its first release. Equal requests get the app as it was made.

        Raises InvalidInput, AlreadyExists, also for what another app adopts, PermissionDenied for a token that is
        limited to apps, and Unavailable while a former app of the name is being cleaned up.
        """
        problem = check_app_name(ref.name)
        refuse([check_request_id(request_id), FieldViolation("app", problem) if problem else None, *check_spec(spec)])
        new = NewApp(app_id=self._new_id(), name=ref.name, spec=spec, created_at=self._clock())
        ref.accept(new.app_id)
        doing = Doing(
            actor=actor, action="apps.create", request_id=request_id, change_id=self._new_id(), at=new.created_at
        )
        request = RequestKey(
            request_id=request_id,
            subject=actor.credential,
            method=doing.action,
            fingerprint=fingerprint(ref.name, spec_key(spec)),
        )
        answer = await self._store.create(
            actor.tenant, new, request=request, decide=lambda holder: decide_create(doing, new, holder)
        )
        made = as_made(ref.name, answer)
        change = await self._mutations.released(actor, made, answer)
        return Shown(app=made, spec=SpecRow(spec=spec, valid_from=1)), change

    async def update(self, actor: Actor, order: Mutation, spec: AppSpec) -> tuple[Shown, Change]:
        """Replace what an app runs and ask for a release, or stage that.

        Raises InvalidInput, NotFound, Conflict, and Refused for another adoption.
        """
        refuse([check_request_id(order.request_id), *check_spec(spec)])
        asked = spec_key(spec)
        if order.stage:
            change = await self._mutations.stage(
                actor,
                order,
                action="apps.update",
                asked=asked,
                step=lambda snapshot, stamp: stage_app(snapshot, spec, stamp),
            )
        else:
            change = await self._mutations.live(
                actor,
                order,
                action="apps.update",
                verb="Update the app",
                needs=Needs(spec=True),
                asked=asked,
                plan=lambda snapshot: plan_spec(snapshot, spec),
            )
        return await self._lists.app(order.app), change

    async def get(self, ref: AppRef) -> Shown:
        """Return an app. Raises NotFound, also for a group, and PermissionDenied for a namesake."""
        shown = await self._lists.app(ref)
        refuse_group(shown.app)
        return shown

    async def page(
        self, tenant: str, *, after: str, limit: int, ids: frozenset[str] | None
    ) -> tuple[Sequence[Shown], str]:
        """Return a page of the apps within a token's scope (None: all), and where the next page starts or nothing."""
        found = await self._lists.apps(tenant, after=after, limit=limit + 1, ids=ids)
        return found[:limit], found[limit - 1].app.name if len(found) > limit else ""

    async def destroy(self, actor: Actor, ref: AppRef, *, request_id: str) -> None:
        """Destroy an app; its secrets are gone when this returns.

        Raises InvalidInput, NotFound, and Unavailable where the app is destroyed and secrets could not be told yet: the
        same request again, or a new one, tells it.
        """
        refuse([check_request_id(request_id)])
        request = RequestKey(
            request_id=request_id, subject=actor.credential, method="apps.destroy", fingerprint=fingerprint(ref.name)
        )
        answer = await self._store.destroy(
            ref, request=request, decide=lambda holder: decide_destroy(actor, ref, holder, request_id=request_id)
        )
        await tell_others(self._post, actor.tenant, ref.name, answer["app_id"], what="app")


async def tell_others(post: Post, tenant: str, name: str, app_id: str, *, what: str) -> None:
    """Have secrets and releaser forget a destroyed app or group. Raises Unavailable where its secrets are still there.

    What could not be told now is told as soon as it can be.
    """
    gone = await post.send(purge_message(tenant, app_id))
    await post.send(remove_message(tenant, app_id))
    if not gone:
        raise Unavailable(
            f"{name} is destroyed, but the secrets service cannot be reached now: its secrets are deleted as soon as "
            f"it can. Destroy the {what} once more to be sure.",
            metadata={"service": "secrets"},
        )


def decide_create(doing: Doing, new: NewApp, holder: NameHolder) -> Decision[NewApp]:
    """Decide on a new app. Raises AlreadyExists, or Unavailable while the name means another in other services."""
    refuse_taken(new, holder)
    if holder.adopter:
        raise is_adopted(new.spec, holder.adopter)
    answer = {
        **changed(
            version=1,
            change_id=doing.change_id if runs(new.spec) else "",
            changes=(),
            description="Create the app",
            spec=1,
        ),
        "app_id": new.app_id,
        "created_at": new.created_at.isoformat(),
    }
    event = doing.actor.event(doing.action, app=new.name, app_id=new.app_id, version=1, request_id=doing.request_id)
    order = order_of(answer, doing.actor, as_made(new.name, answer)) if runs(new.spec) else None
    return Decision(answer=answer, rows=new, events=[event], order=order)


def refuse_taken(new: NewApp, holder: NameHolder) -> None:
    """Raise AlreadyExists where an app or a group has the name, Unavailable while others know a former one by it."""
    if holder.living_id and holder.is_group:
        raise AlreadyExists(
            f"There is already a group named {new.name}. Choose another name: apps and groups have none in common.",
            reason="GROUP_EXISTS" if new.is_group else "NOT_AN_APP",
        )
    if holder.living_id:
        more = ": apps and groups have none in common" if new.is_group else ""
        raise AlreadyExists(
            f"There is already an app named {new.name}. Choose another name{more}.",
            reason="NOT_A_GROUP" if new.is_group else "APP_EXISTS",
        )
    if holder.remains_id:
        raise Unavailable(
            f"The former {'group' if new.is_group else 'app'} {new.name} is still being cleaned up. Try again in a "
            "moment.",
            metadata={"service": "config"},
        )


def as_made(name: str, answer: Answer) -> App:
    """Return an app as it was when it was made, from the answer to that."""
    return App(
        app_id=answer["app_id"],
        name=name,
        version=1,
        totals=Totals(names=0, size=0, next_position=1),
        created_at=datetime.fromisoformat(answer["created_at"]),
    )


def plan_spec(snapshot: Snapshot, spec: AppSpec) -> Plan:
    """Plan to replace what an app runs, with the groups it has. Raises NotFound, and Refused for another adoption."""
    assert snapshot.spec is not None
    refuse_group(snapshot.app)
    spec = replace(spec, groups=snapshot.spec.spec.groups)
    refuse_other_adoption(snapshot.spec.spec, spec, app=snapshot.app.name)
    return Plan(totals=snapshot.app.totals, spec=None if snapshot.spec.spec == spec else spec)


def stage_app(snapshot: Snapshot, spec: AppSpec, stamp: Stamp) -> DraftStep:
    """Stage what an app runs, with the groups that its draft has. Raises NotFound, and Refused for another adoption."""
    assert snapshot.spec is not None
    refuse_group(snapshot.app)
    spec = replace(spec, groups=(snapshot.spec_draft or snapshot.spec).spec.groups)
    refuse_other_adoption(snapshot.spec.spec, spec, app=snapshot.app.name)
    return stage_spec(snapshot, spec, stamp)


def decide_destroy(actor: Actor, ref: AppRef, holder: NameHolder, *, request_id: str) -> Decision[App]:
    """Decide on the end of an app. One that is destroyed already is finished where others have not forgotten it yet."""
    app = holder.app
    if app is None:
        if not holder.remains_id or holder.is_group:
            raise app_not_found(ref.name)
        return Decision(answer={"app_id": holder.remains_id})
    if app.is_group:
        raise NotFound(f"{app.name} is a group. `paas groups:destroy {app.name}` destroys it.", reason="NOT_AN_APP")
    event = actor.event("apps.destroy", app=app.name, app_id=app.app_id, version=app.version, request_id=request_id)
    messages = [purge_message(actor.tenant, app.app_id), remove_message(actor.tenant, app.app_id)]
    return Decision(answer={"app_id": app.app_id}, rows=app, events=[event], messages=messages)
