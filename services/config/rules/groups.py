"""Shared groups as a whole: making, reading, listing and destroying them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from paaskit.access import AppRef
from paaskit.audit import Actor
from paaskit.clock import Clock, IdSource
from paaskit.errors import FieldViolation, NotFound, Refused, group_not_found
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import check_group_name, refuse
from paaskit.write_path import Decision
from services.config.domain import App, ById, Entry, GroupRef, Kind, Needs, Shared, Sight, Totals, Use
from services.config.neighbours import Post, purge_message, remove_message
from services.config.rules.apps import refuse_taken, tell_others
from services.config.rules.sharing import given_by, told
from services.config.store.apps import AppStore, NameHolder, NewApp
from services.config.store.changes import Store, sight_of_caller
from services.config.store.groups import GroupLists, ShownGroup


@dataclass(frozen=True, kw_only=True)
class Used:
    """An app that has a group, and the names of the group that it has itself, those among them that may be told."""

    app_id: str
    app: str
    own_names: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Given:
    """What an app has of one group: its config vars, but those that the app has itself, whose names are `own_names`.

    Where the group is `hidden` from the caller there is nothing more than its name.
    """

    group: str
    entries: Sequence[Entry] = ()
    own_names: Sequence[str] = ()
    hidden: bool = False


class Groups:
    """Groups as a whole."""

    def __init__(
        self, apps: AppStore, store: Store, lists: GroupLists, post: Post, *, new_id: IdSource, clock: Clock
    ) -> None:
        self._apps = apps
        self._store = store
        self._lists = lists
        self._post = post
        self._new_id = new_id
        self._clock = clock

    async def create(self, actor: Actor, ref: AppRef, *, request_id: str) -> ShownGroup:
        """Make a group. Equal requests get it as it was made.

        Raises InvalidInput, AlreadyExists, also where an app has the name, PermissionDenied for a token that is limited
        to apps, and Unavailable while a former app or group of the name is being cleaned up.
        """
        problem = check_group_name(ref.name)
        refuse([check_request_id(request_id), FieldViolation("group", problem) if problem else None])
        new = NewApp(app_id=self._new_id(), name=ref.name, created_at=self._clock(), is_group=True)
        ref.accept(new.app_id)
        request = RequestKey(
            request_id=request_id, subject=actor.credential, method="groups.create", fingerprint=fingerprint(ref.name)
        )
        answer = await self._apps.create(
            actor.tenant, new, request=request, decide=lambda holder: decide_create(actor, new, holder, request_id)
        )
        made = App(
            app_id=answer["app_id"],
            name=ref.name,
            version=1,
            totals=Totals(names=0, size=0, next_position=1),
            created_at=datetime.fromisoformat(answer["created_at"]),
            is_group=True,
        )
        return ShownGroup(group=made, uses=0)

    async def get(self, ref: AppRef) -> tuple[ShownGroup, Sequence[Used], int]:
        """Return a group, the apps that have it and may be told of, and how many more there are. Raises NotFound."""
        try:
            snapshot = await self._store.look(ref, Needs())
        except NotFound:
            raise group_not_found(ref.name) from None
        if not snapshot.app.is_group:
            raise not_a_group(ref.name)
        assert snapshot.shared is not None
        uses = used(snapshot.shared, snapshot.app.app_id)
        seen = [each for each in uses if snapshot.shared.sight.has(each.app_id)]
        return ShownGroup(group=snapshot.app, uses=len(uses)), seen, len(uses) - len(seen)

    async def uses(self, where: ById) -> Sequence[Used]:
        """Return the apps that have a group, by name; none has an app. Raises NotFound.

        All that there is, whoever the asking service acts for: what is released does not depend on that.
        """
        snapshot = await self._store.look(where, Needs())
        if not snapshot.app.is_group or snapshot.shared is None:
            return ()
        return used(replace(snapshot.shared, sight=Sight()), where.app_id)

    async def given(self, where: ById) -> Sequence[Given]:
        """Return what an app has of each of its groups, in the order they were attached. Raises NotFound."""
        snapshot = await self._store.look(where, Needs())
        shared = snapshot.shared
        if shared is None or snapshot.app.is_group:
            return ()
        return [given_of(shared, use, group) for use in shared.uses for group in use.groups]

    async def living(self, tenant: str, groups: Sequence[GroupRef]) -> Sequence[GroupRef]:
        """Return those of `groups` that are not destroyed."""
        ids = await self._lists.living(tenant, [group.group_id for group in groups])
        return [group for group in groups if group.group_id in ids]

    async def page(
        self, tenant: str, *, after: str, limit: int, ids: frozenset[str] | None
    ) -> tuple[Sequence[ShownGroup], str]:
        """Return a page of the groups within a token's scope (None: all), and where the next page starts or nothing."""
        found = await self._lists.page(tenant, after=after, limit=limit + 1, ids=ids)
        return found[:limit], found[limit - 1].group.name if len(found) > limit else ""

    async def destroy(self, actor: Actor, ref: AppRef, *, request_id: str) -> None:
        """Destroy a group; its secrets are gone when this returns.

        Raises InvalidInput, NotFound, Refused while an app has it, live or staged, and Unavailable as for an app.
        """
        refuse([check_request_id(request_id)])
        request = RequestKey(
            request_id=request_id, subject=actor.credential, method="groups.destroy", fingerprint=fingerprint(ref.name)
        )
        sight = sight_of_caller()
        answer = await self._apps.destroy(
            ref,
            group=True,
            request=request,
            decide=lambda holder: decide_destroy(actor, ref, holder, sight=sight, request_id=request_id),
        )
        await tell_others(self._post, actor.tenant, ref.name, answer["app_id"], what="group")


def decide_create(actor: Actor, new: NewApp, holder: NameHolder, request_id: str) -> Decision[NewApp]:
    """Decide on a new group, which is released with what is set in it. Raises AlreadyExists or Unavailable."""
    refuse_taken(new, holder)
    answer = {"app_id": new.app_id, "created_at": new.created_at.isoformat()}
    event = actor.event("groups.create", app=new.name, app_id=new.app_id, version=1, request_id=request_id)
    return Decision(answer=answer, rows=new, events=[event])


def decide_destroy(actor: Actor, ref: AppRef, holder: NameHolder, *, sight: Sight, request_id: str) -> Decision[App]:
    """Decide on the end of a group. One that is destroyed already is finished where others still know it."""
    group = holder.app
    if group is None:
        if not holder.remains_id or not holder.is_group:
            raise group_not_found(ref.name)
        return Decision(answer={"app_id": holder.remains_id})
    if not group.is_group:
        raise not_a_group(ref.name)
    if holder.used_by:
        uses = [Use(app_id=app_id, app=app, names=0, size=0, groups=()) for app_id, app in holder.used_by.items()]
        example = next((use.app for use in uses if sight.has(use.app_id)), "APP")
        raise Refused(
            f"{group.name} is attached to {told(uses, sight)}. Detach it first (`paas groups:detach {group.name} -a "
            f"{example}`), or discard what is staged where it is only staged.",
            reason="GROUP_IN_USE",
        )
    event = actor.event(
        "groups.destroy", app=group.name, app_id=group.app_id, version=group.version, request_id=request_id
    )
    messages = [purge_message(actor.tenant, group.app_id), remove_message(actor.tenant, group.app_id)]
    return Decision(answer={"app_id": group.app_id}, rows=group, events=[event], messages=messages)


def not_a_group(name: str) -> NotFound:
    """Return the error for an app in place of a group."""
    return NotFound(f"{name} is an app and no group. `paas apps:info -a {name}` shows it.", reason="NOT_A_GROUP")


def used(shared: Shared, group_id: str) -> list[Used]:
    """Return the apps that have a group, with their own names of it; secrets only for who may list them."""
    return [Used(app_id=use.app_id, app=use.app, own_names=_own_names(shared, use, group_id)) for use in shared.uses]


def given_of(shared: Shared, use: Use, group: GroupRef) -> Given:
    """Return what an app has of one of its groups."""
    if not shared.sight.has(group.group_id):
        return Given(group=group.name, hidden=True)
    # Of two groups with one name, which can't be, the first gives it: what comes later gives the rest.
    before = use.groups[: use.groups.index(group)]
    given = given_by(use.own, [shared.held.get(each.group_id, {}) for each in (*before, group)])
    mine = [entry for entry in shared.held.get(group.group_id, {}).values() if given.get(entry.name) is entry]
    return Given(
        group=group.name,
        entries=[entry for entry in mine if entry.kind is Kind.CONFIG],
        own_names=_own_names(shared, use, group.group_id),
    )


def _own_names(shared: Shared, use: Use, group_id: str) -> list[str]:
    own = [
        (name, entry.kind, use.own[name]) for name, entry in shared.held.get(group_id, {}).items() if name in use.own
    ]
    return sorted(name for name, *kinds in own if shared.sight.secrets or Kind.SECRET not in kinds)
