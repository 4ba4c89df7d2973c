"""What may be asked about releases: queueing them for changes, reading and watching them, ending an app's.

Must not run a release: that is `work`. Releases by hand are `by_hand`.
"""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Final

from paaskit.access import AppRef
from paaskit.errors import InvalidInput
from paaskit.paging import Pages, page_size
from services.releaser.apps import Apps
from services.releaser.domain import AppKey, Release, release_not_found
from services.releaser.orders import Order
from services.releaser.runtime import Instance, Runtime
from services.releaser.store.apps import AppStore
from services.releaser.store.order_book import OrderBook
from services.releaser.store.releases import ReleaseStore
from services.releaser.watches import Watches

MAX_ORDERS: Final = 256
_DEFAULT_PAGE: Final = 20
_MAX_PAGE: Final = 100
_NEWEST: Final = 2**62
_LIST: Final = "ListReleases"


class Releases:
    """The releases of all apps, as users read them."""

    def __init__(self, apps: Apps, store: ReleaseStore, *, runtime: Runtime, watches: Watches, pages: Pages) -> None:
        self._apps = apps
        self._store = store
        self._runtime = runtime
        self._watches = watches
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
        """Yield a release as it is now and then at each change, until it has ended. Raises NotFound."""
        key = await self._apps.find(app)
        async for release in self._watches.follow(key, lambda: self._get(key, app.name, number)):
            yield release

    async def instances(self, app: AppRef) -> Sequence[Instance]:
        """Return the instances that run now. Raises NotFound."""
        return await self._runtime.instances(await self._apps.find(app))

    async def _get(self, key: AppKey, app: str, number: int) -> Release:
        release = await self._store.get(key, number)
        if release is None:
            raise release_not_found(app, number)
        return release


class Requests:
    """What services ask for.

    `ordered` tells the runner of new orders, `wake` has it look for work, `interrupt` has it look at an app at once.
    """

    def __init__(
        self,
        book: OrderBook,
        apps: AppStore,
        watches: Watches,
        *,
        ordered: Callable[[Collection[AppKey]], None],
        wake: Callable[[], None],
        interrupt: Callable[[AppKey], None],
    ) -> None:
        self._book = book
        self._apps = apps
        self._watches = watches
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

        async def done() -> bool:
            return not await self._apps.has_work(key)

        await self._watches.wait_until(key, done, seconds=_REMOVAL_SECONDS)


_REMOVAL_SECONDS: Final = 4.0
"""How long RemoveApp waits; within its callers' deadline of five seconds."""
