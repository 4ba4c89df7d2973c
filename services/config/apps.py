"""The rules of apps as a whole: making, changing, listing and destroying them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from paaskit.audit import Actor, AuditEvent
from paaskit.changes import Change, Mutation, ReleaseQueue, ReleaseStatus
from paaskit.clock import IdSource
from paaskit.errors import FieldViolation
from paaskit.releases import ReleaseOrder
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import check_app_name, refuse
from services.config.domain import App, Registry
from services.config.plan import AppSpec, Plan

_MAX_INSTANCES = 100
_MAX_COMMAND_BYTES = 8 * 1024


class AppStore(Protocol):
    """What the rules need of the database."""

    async def create(
        self,
        tenant: str,
        *,
        app_id: str,
        name: str,
        spec: AppSpec,
        request: RequestKey,
        event: AuditEvent,
        order: ReleaseOrder | None,
        answer: Mapping[str, Any],
    ) -> Mapping[str, Any] | None:
        """Make an app, or return the answer an earlier request with this id got."""

    async def get(self, tenant: str, name: str) -> App:
        """Return a living app. Raises NotFound."""

    async def list_after(self, tenant: str, name: str, limit: int) -> Sequence[App]:
        """Return living apps whose name sorts after `name`."""

    async def destroy(self, tenant: str, name: str, *, request: RequestKey, event: AuditEvent) -> None:
        """Destroy a living app, and have the other services forget it. Raises NotFound."""


class Apps:
    """Apps as a whole."""

    def __init__(self, store: AppStore, registry: Registry, releases: ReleaseQueue, *, new_id: IdSource) -> None:
        self._store = store
        self._registry = registry
        self._releases = releases
        self._new_id = new_id

    async def create(self, actor: Actor, *, request_id: str, name: str, spec: AppSpec) -> tuple[App, Change]:
        """Make an app and, if it can run, ask for its first release. Raises InvalidInput or AlreadyExists."""
        problem = check_app_name(name)
        refuse(
            [
                check_request_id(request_id),
                FieldViolation("app", problem) if problem else None,
                *check_spec(spec),
            ]
        )
        answer: Mapping[str, Any] = {"app_id": self._new_id(), "change_id": self._new_id()}
        key = RequestKey(
            request_id=request_id,
            subject=actor.name,
            method="apps.create",
            fingerprint=fingerprint(name, spec_key(spec)),
        )
        order = _first_release(actor, name, answer)
        runs = bool(spec.command or spec.image)
        earlier = await self._store.create(
            actor.tenant,
            app_id=answer["app_id"],
            name=name,
            spec=spec,
            request=key,
            event=actor.event("apps.create", app=name, version=1, request_id=request_id),
            order=order if runs else None,
            answer=answer,
        )
        order = _first_release(actor, name, earlier or answer)
        number = await self._releases.request(order) if runs else None
        status = ReleaseStatus.NONE
        if runs:
            status = ReleaseStatus.PENDING if number is None else ReleaseStatus.QUEUED
        change = Change(version=1, change_id=order.change_id, status=status, release=number or 0)
        return await self._store.get(actor.tenant, name), change

    async def update(self, actor: Actor, order: Mutation, spec: AppSpec) -> tuple[App, Change]:
        """Replace what an app runs and ask for a release. Raises InvalidInput, NotFound or Conflict."""
        refuse([check_request_id(order.request_id), *check_spec(spec)])
        change = await self._registry.change(
            actor,
            order,
            action="apps.update",
            names=[],
            make_plan=lambda app, _: Plan(totals=app.totals, spec=None if app.spec == spec else spec),
            description="Update the app",
            asked=spec_key(spec),
        )
        return await self._store.get(actor.tenant, order.app), change

    async def get(self, tenant: str, name: str) -> App:
        """Return an app. Raises NotFound."""
        return await self._store.get(tenant, name)

    async def page(
        self, tenant: str, *, after: str, limit: int, apps: frozenset[str] | None
    ) -> tuple[Sequence[App], str]:
        """Return a page of the apps within a token's scope (None: all), and where the next page starts or nothing."""
        found = await self._store.list_after(tenant, after, limit + 1)
        more = found[limit - 1].name if len(found) > limit else ""
        return [app for app in found[:limit] if apps is None or app.name in apps], more

    async def destroy(self, actor: Actor, *, request_id: str, name: str) -> None:
        """Destroy an app. Raises InvalidInput or NotFound."""
        refuse([check_request_id(request_id)])
        key = RequestKey(
            request_id=request_id, subject=actor.name, method="apps.destroy", fingerprint=fingerprint(name)
        )
        event = actor.event("apps.destroy", app=name, request_id=request_id)
        await self._store.destroy(actor.tenant, name, request=key, event=event)


def check_spec(spec: AppSpec) -> list[FieldViolation]:
    """Return what is wrong with a spec."""
    found: list[FieldViolation] = []
    if not 0 <= spec.instances <= _MAX_INSTANCES:
        found.append(FieldViolation("spec.instances", f"an app has 0 to {_MAX_INSTANCES} instances"))
    if spec.instances > 0 and not spec.command and not spec.image:
        found.append(FieldViolation("spec", "an app with instances needs a command or an image"))
    size = sum(len(part.encode()) for part in spec.command)
    if any("\0" in part for part in spec.command) or size > _MAX_COMMAND_BYTES:
        found.append(FieldViolation("spec.command", "a command has no NUL character and at most 8 KiB"))
    if spec.command and not spec.command[0]:
        found.append(FieldViolation("spec.command", "a command starts with the name of a program"))
    if len(spec.image) > 512 or any(character.isspace() or character < " " for character in spec.image):
        found.append(FieldViolation("spec.image", "an image reference has at most 512 characters and no white space"))
    path = spec.health_path
    if path and (not path.startswith("/") or len(path) > 512 or not path.isprintable() or " " in path):
        found.append(FieldViolation("spec.health_path", "a health path starts with / and has no white space"))
    return found


def spec_key(spec: AppSpec) -> list[str]:
    """Return the spec as the strings a request's fingerprint is made of."""
    return [*spec.command, spec.image, str(spec.instances), spec.health_path]


def _first_release(actor: Actor, name: str, answer: Mapping[str, Any]) -> ReleaseOrder:
    return ReleaseOrder(
        tenant=actor.tenant,
        app_id=answer["app_id"],
        app=name,
        change_id=answer["change_id"],
        actor=actor.name,
        description="Create the app",
    )
