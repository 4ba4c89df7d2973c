"""Orders of other services as they come in: many apps of many tenants at once, each change queued once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from paaskit.db import Connection, Database, see_tenant
from services.releaser.store import queue
from services.releaser.store.apps import register_all
from services.releaser.work.orders import Order, place

KNOWN_APPS: Final = 4096
"""How many apps are remembered to be registered; of any other it is made sure again, with three statements."""


class OrderBook:
    """Takes orders."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Apps whose row is known to be there, those that ordered last at the end: rows of apps are never deleted, and
        # orders come in crowds.
        self._registered: dict[tuple[str, str, str], None] = {}

    async def take(self, orders: Sequence[Order]) -> list[int]:
        """Queue a release per change id, all in one transaction; return the numbers in the order asked."""

        def pick(indices: Sequence[int]) -> list[Order]:
            return [orders[index] for index in indices]

        by_tenant: dict[str, list[int]] = defaultdict(list)
        for index, order in enumerate(orders):
            by_tenant[order.key.tenant].append(index)
        tenants = sorted(by_tenant)
        numbers = [0] * len(orders)
        async with self._database.transaction(tenants[0]) as connection:
            # All are locked, in the order of their names, before the first result is waited for: one round trip.
            looks = {tenant: await self._look(connection, tenant, pick(by_tenant[tenant])) for tenant in tenants}
            for tenant, look in looks.items():
                placement = place(pick(by_tenant[tenant]), *await look.results())
                await see_tenant(connection, tenant)
                await queue.write(connection, tenant, placement)
                for index, number in zip(by_tenant[tenant], placement.numbers, strict=True):
                    numbers[index] = number
        self._note_registered(orders)
        return numbers

    def _note_registered(self, orders: Sequence[Order]) -> None:
        for order in orders:
            self._registered.pop(_named(order), None)
            self._registered[_named(order)] = None
        while len(self._registered) > KNOWN_APPS:
            del self._registered[next(iter(self._registered))]

    async def _look(self, connection: Connection, tenant: str, orders: Sequence[Order]) -> queue.QueueLook:
        await see_tenant(connection, tenant)
        if any(_named(order) not in self._registered for order in orders):
            await register_all(connection, tenant, orders)
        return await queue.look(connection, tenant, [(order.key, order.change_id) for order in orders])


def _named(order: Order) -> tuple[str, str, str]:
    return order.key.tenant, order.key.app_id, order.app
