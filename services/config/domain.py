"""The rules of the registry: who may hold a name, what a change is, when it asks for a release."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from paaskit.audit import Actor, AuditEvent
from paaskit.clock import IdSource
from paaskit.errors import Conflict
from paaskit.releases import ReleaseOrder
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import listing, refuse, violations_of
from services.config.plan import Action, AppSpec, Entry, NameChange, Plan, Totals, plan_set, plan_unset


class ReleaseStatus(StrEnum):
    """What became of the release that a change asked for."""

    NONE = "none"
    QUEUED = "queued"
    PENDING = "pending"
    STAGED = "staged"


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
class Change:
    """The outcome of one mutation. `release` is 0 unless its status is QUEUED."""

    version: int
    changes: tuple[NameChange, ...] = ()
    change_id: str = ""
    status: ReleaseStatus = ReleaseStatus.NONE
    release: int = 0


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """What every request to change an app says."""

    request_id: str
    app: str
    stage: bool = False
    validate_only: bool = False
    etag: str = ""


class Draft(Protocol):
    """An app that is locked for one change, with the entries asked for."""

    app: App
    current: Mapping[str, Entry]
    earlier: Mapping[str, Any] | None

    async def keep(
        self,
        plan: Plan,
        *,
        event: AuditEvent | None,
        order: ReleaseOrder | None,
        answer: Mapping[str, Any],
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


class ReleaseQueue(Protocol):
    """What the rules need of releaser."""

    async def request(self, order: ReleaseOrder) -> int | None:
        """Return the number of the release a committed order got, or None while releaser can't be reached."""


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
                release = _order_of(answer, actor, draft.app)
        self._store.committed()
        return await self._released(answer, release)

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
    ) -> tuple[Mapping[str, Any], ReleaseOrder | None]:
        if order.etag and order.etag != draft.app.etag:
            raise Conflict(f"{order.app} was changed by someone else in between. Look at it again and repeat.")
        if plan.is_empty and not even_if_unchanged:
            answer: dict[str, Any] = {"version": draft.app.version}
            await draft.keep(plan, event=None, order=None, answer=answer)
            return answer, None
        touched = [change.name for change in plan.changes]
        answer = {
            "version": draft.app.version + 1,
            "change_id": self._new_id(),
            "changes": [[change.name, change.action.value] for change in plan.changes],
            "description": description or listing("Unset" if action == "config.unset" else "Set", touched),
            "stage": order.stage,
        }
        release = _order_of(answer, actor, draft.app)
        event = actor.event(
            action, app=order.app, targets=touched, version=answer["version"], request_id=order.request_id
        )
        await draft.keep(plan, event=event, order=release, answer=answer)
        return answer, release

    async def _released(self, answer: Mapping[str, Any], release: ReleaseOrder | None) -> Change:
        change_id = answer.get("change_id", "")
        status, number = ReleaseStatus.NONE, None
        if change_id:
            status = ReleaseStatus.STAGED
        if release is not None:
            number = await self._releases.request(release)
            status = ReleaseStatus.PENDING if number is None else ReleaseStatus.QUEUED
        return Change(
            version=answer["version"],
            changes=tuple(NameChange(name, Action(action)) for name, action in answer.get("changes", ())),
            change_id=change_id,
            status=status,
            release=number or 0,
        )


def _order_of(answer: Mapping[str, Any], actor: Actor, app: App) -> ReleaseOrder | None:
    """Return the release order a remembered or new answer stands for, or None where it asks for none."""
    if not answer.get("change_id") or answer["stage"]:
        return None
    return ReleaseOrder(
        tenant=actor.tenant,
        app_id=app.app_id,
        app=app.name,
        change_id=answer["change_id"],
        actor=actor.name,
        description=answer["description"],
    )
