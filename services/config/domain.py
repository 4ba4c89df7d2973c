"""The rules of the registry: who may hold a name, what a change is, when it asks for a release."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
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


class Draft(Protocol):
    """An app that is locked for one change, with the entries asked for."""

    app: App
    current: Mapping[str, Entry]
    earlier: Answer | None

    async def keep(
        self,
        plan: Plan,
        *,
        event: AuditEvent | None,
        order: ReleaseOrder | None,
        answer: Answer,
    ) -> int:
        """Write the plan, what it causes and the answer to remember; return the version it makes."""


class Store(Protocol):
    """What the rules need of the database."""

    def draft(
        self, tenant: str, app: str, *, names: Sequence[str], request: RequestKey
    ) -> AbstractAsyncContextManager[Draft]:
        """Lock a living app for a change. Raises NotFound. Commits at the end of the context."""

    async def look(self, tenant: str, app: str, *, names: Sequence[str]) -> tuple[App, Mapping[str, Entry]]:
        """Return an app and the entries asked for, without a lock. Raises NotFound."""

    def committed(self) -> None:
        """Say that a draft was committed."""


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
    ) -> Change:
        """Plan against the locked app, keep the plan with its audit event and release order, ask for the release."""
        if order.validate_only:
            app, current = await self._store.look(actor.tenant, order.app, names=names)
            return Change(version=app.version, changes=make_plan(app, current).changes)
        key = RequestKey(
            request_id=order.request_id,
            subject=actor.name,
            method=action,
            fingerprint=fingerprint(order.app, names, str(order.stage)),
        )
        async with self._store.draft(actor.tenant, order.app, names=names, request=key) as draft:
            if draft.earlier is None:
                answer, release = await self._keep(
                    draft,
                    actor,
                    order,
                    action=action,
                    plan=make_plan(draft.app, draft.current),
                    description=description,
                    even_if_unchanged=even_if_unchanged,
                )
            else:
                answer = draft.earlier
                release = order_of(answer, actor, app_id=draft.app.app_id, app=draft.app.name)
        self._store.committed()
        return await released(answer, release, self._releases)

    async def _keep(
        self,
        draft: Draft,
        actor: Actor,
        order: Mutation,
        *,
        action: str,
        plan: Plan,
        description: str,
        even_if_unchanged: bool,
    ) -> tuple[Answer, ReleaseOrder | None]:
        if order.etag and order.etag != draft.app.etag:
            raise Conflict(f"{order.app} was changed by someone else in between. Look at it again and repeat.")
        if plan.is_empty and not even_if_unchanged:
            answer = unchanged(draft.app.version)
            await draft.keep(plan, event=None, order=None, answer=answer)
            return answer, None
        answer = changed(
            version=draft.app.version + 1,
            change_id=self._new_id(),
            changes=plan.changes,
            verb="Unset" if action == "config.unset" else "Set",
            description=description,
            stage=order.stage,
        )
        release = order_of(answer, actor, app_id=draft.app.app_id, app=draft.app.name)
        event = actor.event(
            action,
            app=order.app,
            targets=[change.name for change in plan.changes],
            version=answer["version"],
            request_id=order.request_id,
        )
        await draft.keep(plan, event=event, order=release, answer=answer)
        return answer, release
