"""What whoever runs the installation may ask of a service: between the contract and the service's outbox."""

from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from paas.operations.v1 import operations_pb2, operations_pb2_grpc

from paaskit.outbox import Outbox, Standing


class OperationsInternalServicer(operations_pb2_grpc.OperationsInternalServiceServicer):
    """What the operator calls."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def GetOutbox(
        self, request: operations_pb2.GetOutboxRequest, context: Any
    ) -> operations_pb2.GetOutboxResponse:
        """Say what waits and what is parked."""
        return operations_pb2.GetOutboxResponse(standings=[_to_proto(each) for each in await self._outbox.standings()])

    async def GiveBackParked(
        self, request: operations_pb2.GiveBackParkedRequest, context: Any
    ) -> operations_pb2.GiveBackParkedResponse:
        """Have parked messages sent again."""
        return operations_pb2.GiveBackParkedResponse(rows=await self._outbox.give_back(request.destination))


def _to_proto(standing: Standing) -> operations_pb2.OutboxStanding:
    return operations_pb2.OutboxStanding(
        destination=standing.destination,
        waiting=standing.waiting,
        oldest=_duration(standing.oldest_seconds) if standing.waiting else None,
        parked=[
            operations_pb2.OutboxParked(reason=each.reason, rows=each.rows, oldest=_duration(each.oldest_seconds))
            for each in standing.parked
        ],
    )


def _duration(seconds: float) -> Duration:
    duration = Duration()
    duration.FromTimedelta(timedelta(seconds=seconds))
    return duration
