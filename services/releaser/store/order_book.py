"""Orders of other services as they come in: many apps of many tenants at once, each change queued once."""

from collections import defaultdict
from collections.abc import Sequence

from paaskit.db import Database, see_tenant
from services.releaser.orders import Order, place
from services.releaser.store import queue
from services.releaser.store.apps import register_all


class OrderBook:
    """Takes orders."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Apps whose row is known to be there: rows of apps are never deleted, and orders come in crowds.
        self._registered: set[tuple[str, str, str]] = set()

    async def take(self, orders: Sequence[Order]) -> list[int]:
        """Queue a release per change id, all in one transaction; return the numbers in the order asked."""
        by_tenant: dict[str, list[int]] = defaultdict(list)
        for index, order in enumerate(orders):
            by_tenant[order.key.tenant].append(index)
        tenants = sorted(by_tenant)
        numbers = [0] * len(orders)
        async with self._database.transaction(tenants[0]) as connection:
            for tenant in tenants:
                await see_tenant(connection, tenant)
                theirs = [orders[index] for index in by_tenant[tenant]]
                if any(_named(order) not in self._registered for order in theirs):
                    await register_all(connection, tenant, theirs)
                look = await queue.look(connection, tenant, [(order.key, order.change_id) for order in theirs])
                placement = place(theirs, *await look.results())
                await queue.write(connection, tenant, placement)
                for index, number in zip(by_tenant[tenant], placement.numbers, strict=True):
                    numbers[index] = number
        self._registered |= {_named(order) for order in orders}
        return numbers


def _named(order: Order) -> tuple[str, str, str]:
    return order.key.tenant, order.key.app_id, order.app
