"""The rules of the registry: who may hold a name, what a change is, when it asks for a release."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from paaskit.audit import Actor, AuditEvent
from paaskit.changes import Answer, Change, Mutation, ReleaseQueue, changed, order_of, released, unchanged
from paaskit.clock import IdSource
from paaskit.errors import Conflict
from paaskit.releases import ReleaseOrder
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import refuse, violations_of
from services.config.plan import AppSpec, Entry, Plan, Totals, plan_set, plan_unset


@dataclass(frozen=True, kw_only=True)
class App:
    """One app as it stands."""

    app_id: str
    name: str
    version: int
    totals: Totals
    created_at: datetime
    spec: AppSpec = AppSpec()

    @property
    def etag(self) -> str:
        """Changes whenever the app or one of its variables does."""
        return str(self.version)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """An app, locked for one change, with the entries asked for and, where one was asked for, an earlier version."""

    app: App
    current: Mapping[str, Entry]
    then: tuple[AppSpec, Mapping[str, Entry]] | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to write: the plan, the event and the release order it causes, and the answer to remember."""

    plan: Plan
    answer: Answer
    event: AuditEvent | None = None
    order: ReleaseOrder | None = None


Decide = Callable[[Snapshot], Decision]
"""Decides, from a snapshot and nothing else, what is written. What it raises is what the request fails with."""


class Store(Protocol):
    """What the rules need of the database."""

    async def change(
        self,
        tenant: str,
        app: str,
        *,
        names: Sequence[str] | None,
        decide: Decide,
        request: RequestKey | None = None,
        by_id: bool = False,
        at: int | None = None,
    ) -> tuple[App, Answer]:
        """Lock a living app, by name or id, and write what `decide` says; or give the answer given before.

        `names` are the entries the snapshot has (None: all), `at` the earlier version it has. Returns the app as it
        was, and the answer. Committed when it returns. Raises NotFound, and what `decide` raises.
        """

    async def look(self, tenant: str, app: str, *, names: Sequence[str]) -> tuple[App, Mapping[str, Entry]]:
        """Return an app and the entries asked for, without a lock. Raises NotFound."""


class Registry:
    """Changes to config vars, and the one way in which every change of an app happens."""

    def __init__(self, store: Store, releases: ReleaseQueue, *, new_id: IdSource) -> None:
        self._store = store
        self._releases = releases
        self._new_id = new_id

    async def set_vars(self, actor: Actor, order: Mutation, wanted: Sequence[tuple[str, str]]) -> Change:
        """Set config vars: all or none. Raises InvalidInput, NotFound, Refused, LimitExceeded or Conflict."""
        names = [name for name, _ in wanted]
        refuse(
            [check_request_id(order.request_id), *violations_of(names, [value for _, value in wanted], field="vars")]
        )
        return await self.change(
            actor,
            order,
            action="config.set",
            names=names,
            make_plan=lambda app, current: plan_set(current, app.totals, wanted),
        )

    async def unset_vars(self, actor: Actor, order: Mutation, names: Sequence[str], *, ignore_missing: bool) -> Change:
        """Unset config vars: all or none. Raises InvalidInput, NotFound, Refused or Conflict."""
        refuse([check_request_id(order.request_id), *violations_of(names, field="names")])
        return await self.change(
            actor,
            order,
            action="config.unset",
            names=names,
            make_plan=lambda app, current: plan_unset(current, app.totals, names, ignore_missing=ignore_missing),
        )

    async def change(
        self,
        actor: Actor,
        order: Mutation,
        *,
        action: str,
        names: Sequence[str],
        make_plan: Callable[[App, Mapping[str, Entry]], Plan],
        description: str = "",
        even_if_unchanged: bool = False,
        asked: Sequence[str] = (),
    ) -> Change:
        """Plan against the locked app, keep the plan with its audit event and release order, ask for the release.

        `asked` is what else, besides names, makes a request the same one again; never a value.
        """
        if order.validate_only:
            app, current = await self._store.look(actor.tenant, order.app, names=names)
            return Change(version=app.version, changes=make_plan(app, current).changes)
        key = RequestKey(
            request_id=order.request_id,
            subject=actor.name,
            method=action,
            fingerprint=fingerprint(order.app, names, str(order.stage), asked),
        )

        def decide(snapshot: Snapshot) -> Decision:
            if order.etag and order.etag != snapshot.app.etag:
                raise Conflict(f"{order.app} was changed by someone else in between. Look at it again and repeat.")
            plan = make_plan(snapshot.app, snapshot.current)
            if plan.is_empty and not even_if_unchanged:
                return Decision(plan=plan, answer=unchanged(snapshot.app.version))
            return self._decision(actor, order, snapshot.app, action=action, plan=plan, description=description)

        app, answer = await self._store.change(actor.tenant, order.app, names=names, request=key, decide=decide)
        release = order_of(answer, actor, app_id=app.app_id, app=app.name)
        return await released(answer, release, self._releases)

    def _decision(
        self, actor: Actor, order: Mutation, app: App, *, action: str, plan: Plan, description: str
    ) -> Decision:
        answer = changed(
            version=app.version + 1,
            change_id=self._new_id(),
            changes=plan.changes,
            verb="Unset" if action == "config.unset" else "Set",
            description=description,
            stage=order.stage,
        )
        event = actor.event(
            action,
            app=order.app,
            targets=[change.name for change in plan.changes],
            version=answer["version"],
            request_id=order.request_id,
        )
        release = order_of(answer, actor, app_id=app.app_id, app=app.name)
        return Decision(plan=plan, answer=answer, event=event, order=release)
