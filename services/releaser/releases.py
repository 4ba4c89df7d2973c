"""What may be asked about releases: queueing them for changes, reading and watching them, ending an app's.

Must not run a release: that is `work`. Releases by hand are `by_hand`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from paaskit.access import AppRef
from paaskit.errors import InvalidInput, Unavailable
from paaskit.paging import Pages, page_size
from paaskit.wakeups import Wakeups
from services.releaser.apps import Apps
from services.releaser.domain import AppKey, Release, State, release_not_found
from services.releaser.runtimes.protocol import Instance, Runtime, RuntimeAway
from services.releaser.store.apps import AppStore
from services.releaser.store.drifts import Drift, DriftStore
from services.releaser.store.order_book import OrderBook
from services.releaser.store.releases import ReleaseStore
from services.releaser.work.orders import Order

MAX_ORDERS: Final = 256
_DEFAULT_PAGE: Final = 20
_MAX_PAGE: Final = 100
_NEWEST: Final = 2**62
# What other replicas do is found by looking; what is done here is told at once.
_LOOK_EVERY_SECONDS: Final = 0.5
_LIST: Final = "ListReleases"
_WAITS_ITS_TURN: Final = "Waiting for its turn: releases of {count} other apps of yours are under way."


class Releases:
    """The releases of all apps, as users read them."""

    def __init__(
        self,
        apps: Apps,
        store: ReleaseStore,
        drifts: DriftStore,
        *,
        share: int,
        runtime: Runtime,
        wakeups: Wakeups[AppKey],
        pages: Pages,
    ) -> None:
        self._apps = apps
        self._store = store
        self._drifts = drifts
        self._share = share
        self._runtime = runtime
        self._wakeups = wakeups
        self._pages = pages

    async def list(self, app: AppRef, *, size: int, token: str) -> tuple[list[Release], str]:
        """Return a page of releases, newest first, and the token of the next page, empty after the last."""
        limit = page_size(size, default=_DEFAULT_PAGE, most=_MAX_PAGE)
        (before,) = self._pages.open(_LIST, app.tenant, token, int) or (_NEWEST,)
        found = await self._store.page(await self._apps.find(app), before=before, limit=limit + 1)
        more = self._pages.seal(_LIST, app.tenant, found[limit - 1].number) if len(found) > limit else ""
        return found[:limit], more

    async def get(self, app: AppRef, number: int) -> Release:
        """Return one release. Raises NotFound."""
        return await self._get(await self._apps.find(app), app.name, number)

    async def watch(self, app: AppRef, number: int) -> AsyncIterator[Release]:
        """Yield a release as it is now and then at each change, until it has ended.

        Raises NotFound, and Unavailable where the server stops before. Holds no database connection while it waits.
        """
        key = await self._apps.find(app)
        last: Release | None = None
        with self._wakeups.expect(key) as changed:
            while not self._wakeups.closed:
                release = await self._get(key, app.name, number)
                if release != last:
                    yield release
                if release.ended:
                    return
                last = release
                await changed.wait(_LOOK_EVERY_SECONDS)
        raise Unavailable("The releaser is stopping. Watch again in a moment.", metadata={"service": "releaser"})

    async def instances(self, app: AppRef) -> tuple[Sequence[Instance], Drift | None]:
        """Return the instances that run now, and what somebody changed of their environment past us.

        Raises NotFound, Refused for a shared group, or Unavailable where what runs them can't be reached.
        """
        key = await self._apps.find_app(app)
        try:
            return await self._runtime.instances(key), await self._drifts.find(key)
        except RuntimeAway as away:
            raise Unavailable(f"{away.name} can't be reached now. Try again in a moment.") from None

    async def _get(self, key: AppKey, app: str, number: int) -> Release:
        release = await self._store.get(key, number)
        if release is None:
            raise release_not_found(app, number)
        if release.state is State.QUEUED and not release.message:
            under_way = await self._store.under_way(key.tenant, limit=self._share)
            return in_its_turn(release, key.app_id, under_way, share=self._share)
        return release


def in_its_turn(release: Release, app_id: str, under_way: Collection[str], *, share: int) -> Release:
    """Return a queued release; where it waits because its tenant has its share under way, it says so."""
    if app_id in under_way or len(under_way) < share:
        return release
    return replace(release, message=_WAITS_ITS_TURN.format(count=share))


class Requests:
    """What services ask for.

    `ordered` tells the runner of new orders, `wake` has it look for work, `interrupt` has it look at an app at once.
    """

    def __init__(
        self,
        book: OrderBook,
        apps: AppStore,
        wakeups: Wakeups[AppKey],
        *,
        ordered: Callable[[Collection[AppKey]], None],
        wake: Callable[[], None],
        interrupt: Callable[[AppKey], None],
    ) -> None:
        self._book = book
        self._apps = apps
        self._wakeups = wakeups
        self._ordered = ordered
        self._wake = wake
        self._interrupt = interrupt

    async def order(self, orders: Sequence[Order]) -> list[int]:
        """Queue releases, each once per change id; return their numbers. Raises InvalidInput."""
        if not 1 <= len(orders) <= MAX_ORDERS:
            raise InvalidInput(f"A request has 1 to {MAX_ORDERS} orders.")
        if not all(order.key.tenant and order.key.app_id and order.app and order.change_id for order in orders):
            raise InvalidInput("Every order names a tenant, an app, its id and a change.")
        numbers = await self._book.take(orders)
        self._ordered({order.key for order in orders})
        return numbers

    async def remove(self, key: AppKey) -> None:
        """Stop a destroyed app and end its queue; returns when it is stopped or, if that takes long, is sure to be."""
        if not key.tenant or not key.app_id:
            raise InvalidInput("A tenant and an app id are required.")
        await self._apps.mark_removed(key)
        self._interrupt(key)
        self._wake()

        with self._wakeups.expect(key) as changed, suppress(TimeoutError):
            async with asyncio.timeout(_REMOVAL_SECONDS):
                while await self._apps.has_work(key):
                    await changed.wait(_LOOK_EVERY_SECONDS)


_REMOVAL_SECONDS: Final = 4.0
"""How long RemoveApp waits; within its callers' deadline of five seconds."""
