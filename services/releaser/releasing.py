"""What may be asked about releases: queueing them for changes, reading them, making one by hand, going back.

Must not run a release: that is `runner`.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from paaskit.audit import Actor
from paaskit.errors import InvalidInput, Refused, app_not_found
from paaskit.paging import Pages, page_size
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import check_app_name, refuse, shown
from services.releaser.domain import (
    AppKey,
    Config,
    Kind,
    NameChange,
    NewRelease,
    Order,
    Release,
    Restore,
    RestoreScope,
    Secrets,
    State,
    release_not_found,
)
from services.releaser.runtime import Instance, Runtime
from services.releaser.watching import Changes

MAX_ORDERS: Final = 256
_DEFAULT_PAGE: Final = 20
_MAX_PAGE: Final = 100
_NEWEST: Final = 2**62
_REMOVAL_SECONDS: Final = 4.0
"""How long RemoveApp waits; within its callers' deadline of five seconds."""


class Store(Protocol):
    """What the rules need of the database."""

    async def queue(self, orders: Sequence[Order]) -> list[int]:
        """Queue a release per change id; return the numbers."""

    async def find_app(self, tenant: str, name: str) -> AppKey | None:
        """Return the living app of this name, or None where releaser never heard of it."""

    async def register(self, key: AppKey, name: str) -> None:
        """Keep an app's name."""

    async def recall(self, tenant: str, request: RequestKey) -> int | None:
        """Return the number an earlier request with the same id got."""

    async def create(self, new: NewRelease) -> Release:
        """Queue one release with its audit event, once per request id."""

    async def get(self, key: AppKey, number: int) -> Release | None:
        """Return one release, or None."""

    async def page(self, key: AppKey, *, before: int, limit: int) -> list[Release]:
        """Return releases older than `before`, newest first."""

    async def mark_removed(self, key: AppKey) -> None:
        """Forget the app's name and have a runner stop it."""

    async def has_work(self, key: AppKey) -> bool:
        """Whether a runner still has something to do for the app."""


@dataclass(frozen=True, kw_only=True)
class RollbackOrder:
    """A wish to go back to release `number`."""

    request_id: str
    app: str
    number: int
    with_secrets: bool
    validate_only: bool


class Releases:
    """The releases of all apps. `wake` has the runner look for work, `interrupt` has it look at an app, at once."""

    def __init__(
        self,
        store: Store,
        *,
        config: Config,
        secrets: Secrets,
        runtime: Runtime,
        changes: Changes,
        wake: Callable[[], None],
        interrupt: Callable[[AppKey], None],
        pages: Pages,
    ) -> None:
        self._store = store
        self._config = config
        self._secrets = secrets
        self._runtime = runtime
        self._changes = changes
        self._wake = wake
        self._interrupt = interrupt
        self._pages = pages

    async def request(self, orders: Sequence[Order]) -> list[int]:
        """Queue releases, each once per change id; return their numbers. Raises InvalidInput."""
        if not 1 <= len(orders) <= MAX_ORDERS:
            raise InvalidInput(f"A request has 1 to {MAX_ORDERS} orders.")
        if not all(order.key.tenant and order.key.app_id and order.app and order.change_id for order in orders):
            raise InvalidInput("Every order names a tenant, an app, its id and a change.")
        numbers = await self._store.queue(orders)
        self._wake()
        return numbers

    async def find(self, tenant: str, app: str) -> AppKey:
        """Return the app of this name. Raises NotFound in the same words for an absent and a foreign one."""
        if check_app_name(app) is not None:
            raise app_not_found(shown(app))
        key = await self._store.find_app(tenant, app)
        if key is None:
            key = AppKey(tenant=tenant, app_id=await self._config.resolve_app(tenant, app))
            await self._store.register(key, app)
        return key

    async def list(self, tenant: str, app: str, *, size: int, token: str) -> tuple[list[Release], str]:
        """Return a page of releases, newest first, and the token of the next page, empty after the last."""
        limit = page_size(size, default=_DEFAULT_PAGE, most=_MAX_PAGE)
        (before,) = self._pages.open("ListReleases", tenant, token, int) or (_NEWEST,)
        found = await self._store.page(await self.find(tenant, app), before=before, limit=limit + 1)
        return found[:limit], (
            self._pages.seal("ListReleases", tenant, found[limit - 1].number) if len(found) > limit else ""
        )

    async def get(self, tenant: str, app: str, number: int) -> Release:
        """Return one release. Raises NotFound."""
        return await self._get(await self.find(tenant, app), app, number)

    async def watch(self, tenant: str, app: str, number: int) -> AsyncIterator[Release]:
        """Yield a release as it is now and then at each change, until it has ended. Raises NotFound."""
        key = await self.find(tenant, app)
        async for release in self._changes.follow(key, lambda: self._get(key, app, number)):
            yield release

    async def create(self, actor: Actor, app: str, *, request_id: str) -> Release:
        """Release whatever is staged, or restart the app. Raises InvalidInput or NotFound."""
        refuse([check_request_id(request_id)])
        key = await self.find(actor.tenant, app)
        request = RequestKey(
            request_id=request_id, subject=actor.name, method="CreateRelease", fingerprint=fingerprint(key.app_id)
        )
        release = await self._store.create(
            NewRelease(
                key=key,
                app=app,
                kind=Kind.MANUAL,
                change_id=_change_id("manual", actor, request_id),
                description="Release what is staged, or restart",
                actor=actor,
                action="releases.create",
                request=request,
            )
        )
        self._wake()
        return release

    async def rollback(self, actor: Actor, order: RollbackOrder) -> tuple[Release | None, tuple[NameChange, ...]]:
        """Go back to an old release. Returns the new one (none with `validate_only`) and what it does to names.

        Restoring happens once per request id, so a repeat after a failure in between finishes what was begun.
        """
        refuse([check_request_id(order.request_id)])
        key = await self.find(actor.tenant, order.app)
        target = await self._get(key, order.app, order.number)
        if target.state is not State.SUCCEEDED:
            raise Refused(
                f"v{target.number} of {order.app} did not succeed, so there is nothing to go back to. "
                f"`paas releases -a {order.app}` shows the ones that did."
            )
        asked = fingerprint(key.app_id, str(order.number), str(order.with_secrets))
        request = RequestKey(request_id=order.request_id, subject=actor.name, method="Rollback", fingerprint=asked)
        change_id = _change_id("rollback", actor, order.request_id)
        if order.validate_only:
            return None, await self._restore(actor, key, target, order, change_id)
        known = await self._store.recall(actor.tenant, request)
        # A repeat restores again as well: by its change id that is without effect, and it tells the same changes.
        changes = await self._restore(actor, key, target, order, change_id)
        if known is not None:
            return await self._get(key, order.app, known), changes
        release = await self._store.create(
            NewRelease(
                key=key,
                app=order.app,
                kind=Kind.ROLLBACK,
                change_id=change_id,
                description=f"Rollback to v{order.number}" + (" with its secrets" if order.with_secrets else ""),
                actor=actor,
                action="releases.rollback",
                request=request,
                source_release=order.number,
            )
        )
        self._wake()
        return release, changes

    async def instances(self, tenant: str, app: str) -> Sequence[Instance]:
        """Return the instances that run now. Raises NotFound."""
        return await self._runtime.instances(await self.find(tenant, app))

    async def remove(self, key: AppKey) -> None:
        """Stop a destroyed app and end its queue; returns when it is stopped or, if that takes long, is sure to be."""
        if not key.tenant or not key.app_id:
            raise InvalidInput("A tenant and an app id are required.")
        await self._store.mark_removed(key)
        self._interrupt(key)
        self._wake()

        async def done() -> bool:
            return not await self._store.has_work(key)

        await self._changes.wait_until(key, done, seconds=_REMOVAL_SECONDS)

    async def _get(self, key: AppKey, app: str, number: int) -> Release:
        release = await self._store.get(key, number)
        if release is None:
            raise release_not_found(app, number)
        return release

    async def _restore(
        self, actor: Actor, key: AppKey, target: Release, order: RollbackOrder, change_id: str
    ) -> tuple[NameChange, ...]:
        def restore(version: int) -> Restore:
            return Restore(
                key=key, version=version, change_id=change_id, actor=actor.name, validate_only=order.validate_only
            )

        if not order.with_secrets:
            return (await self._config.restore(restore(target.config_version), RestoreScope.CONFIG)).changes
        config = await self._config.restore(restore(target.config_version), RestoreScope.EVERYTHING)
        secrets = await self._secrets.restore(restore(target.secrets_version))
        return merge(config.changes, secrets.changes)


def merge(config: Sequence[NameChange], secrets: Sequence[NameChange]) -> tuple[NameChange, ...]:
    """Return both services' changes, each name once: config knows whether it comes or goes."""
    return tuple({change.name: change for change in [*reversed(secrets), *reversed(config)]}.values())[::-1]


def _change_id(what: str, actor: Actor, request_id: str) -> str:
    digest = hashlib.sha256(json.dumps([actor.tenant, actor.name, request_id]).encode()).hexdigest()[:32]
    return f"{what}-{digest}"
