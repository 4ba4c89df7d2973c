"""Asking releaser for a release: kept with the change, sent after its commit, repeated until releaser has it."""

from collections.abc import Sequence

import grpc
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc

from paaskit import outbox
from paaskit.channels import call
from paaskit.db import Connection, Database
from paaskit.release_order import ReleaseOrder

_LEFT_OVER_SECONDS = 3.0


class Releases:
    """A service's orders for releases. The change id is the key a release happens once under."""

    def __init__(self, database: Database, releaser_channel: grpc.aio.Channel) -> None:
        self._releaser = releaser_pb2_grpc.ReleaserInternalServiceStub(releaser_channel)
        self._courier = outbox.Courier(database, destination=outbox.RELEASER, deliver=self._deliver)
        self._left_over = outbox.Relay(
            database,
            destination=outbox.RELEASER,
            deliver=self._deliver,
            only_older_than_seconds=_LEFT_OVER_SECONDS,
        )

    async def add(self, connection: Connection, order: ReleaseOrder) -> None:
        """Keep `order` in the caller's transaction. Call `request` after it."""
        await outbox.put(connection, self.message(order))

    def message(self, order: ReleaseOrder) -> outbox.Message:
        """Return what is to be kept of `order` in the transaction of its change. Call `request` after it."""
        return outbox.Message(outbox.RELEASER, _key(order), order.encode())

    async def request(self, order: ReleaseOrder) -> int | None:
        """Return the number of the release that a committed order got, or None while releaser can't be reached."""
        return await self._courier.send(_key(order), order.encode())

    async def run(self) -> None:
        """Send for ever what could not be delivered at once."""
        await self._left_over.run()

    async def _deliver(self, payloads: Sequence[bytes]) -> Sequence[int]:
        request = releaser_pb2.RequestReleasesRequest(orders=outbox.parsed(releaser_pb2.ReleaseOrder, payloads))
        answer = await call(self._releaser.RequestReleases, request, service="releaser", timeout=3.0)
        return list(answer.numbers)


def _key(order: ReleaseOrder) -> str:
    """Return what an order is kept under. One change may order twice, the second time with more than the first."""
    return f"{order.change_id} {order.config_version or 0} {order.secrets_version or 0}"
