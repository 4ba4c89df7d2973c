"""What the services still have to tell each other: asked of each as this machine's operator, and shown in a line."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from local.certificates import dns_san
from local.failures import LocalFailure
from local.operator_channel import open_channel
from local.ports import HOST, SERVICES, port_of
from local.stack import Stack

# audit is told things and tells nobody.
WITH_OUTBOX = tuple(service for service in SERVICES if service != "audit")
# Seconds a service has to answer.
QUESTION_TIMEOUT = 3.0

AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True)
class Parked:
    """Messages that were put aside because their destination refused them for `reason`."""

    reason: str
    rows: int
    oldest: timedelta


@dataclass(frozen=True)
class Standing:
    """What one service has for one destination. `oldest` is how long the oldest waiting message has waited."""

    destination: str
    waiting: int
    oldest: timedelta
    parked: tuple[Parked, ...] = ()


Outbox = Sequence[Standing]


def standings(stack: Stack) -> Mapping[str, Outbox | None]:
    """Each service's outbox, None where the service doesn't answer."""
    return asyncio.run(_ask_all(stack, _standings))


def give_back(stack: Stack, destination: str) -> Mapping[str, int | None]:
    """Has parked messages sent again, for one destination or for all if empty; how many in each service."""

    async def ask(stub: Any) -> int:
        from paas.operations.v1 import operations_pb2

        request = operations_pb2.GiveBackParkedRequest(destination=destination)
        return int((await stub.GiveBackParked(request, timeout=QUESTION_TIMEOUT)).rows)

    return asyncio.run(_ask_all(stack, ask))


def summary(outbox: Outbox | None) -> str:
    """One service's outbox in a few words."""
    if outbox is None:
        return "outbox unknown"
    waiting = sum(standing.waiting for standing in outbox)
    words = f"{waiting} to deliver"
    if waiting:
        words += f", the oldest for {_shown(max(standing.oldest for standing in outbox))}"
    rows = parked_rows(outbox)
    return f"{words}, {rows} parked" if rows else words


def parked_rows(outbox: Outbox | None) -> int:
    """How many messages are parked."""
    return sum(parked.rows for standing in outbox or () for parked in standing.parked)


def details(outboxes: Mapping[str, Outbox | None]) -> Iterator[str]:
    """Every service's outbox, a line a destination and a line for each reason that something is parked for."""
    for service, outbox in outboxes.items():
        if outbox is None:
            yield f"{service:<10} does not answer"
        elif not outbox:
            yield f"{service:<10} has nothing to deliver"
        for standing in outbox or ():
            waits = f", the oldest for {_shown(standing.oldest)}" if standing.waiting else ""
            yield f"{service:<10} {standing.destination:<16} {standing.waiting} to deliver{waits}"
            for parked in standing.parked:
                ago = f"the first {_shown(parked.oldest)} ago"
                yield f"{'':<10} {standing.destination:<16} {parked.rows} parked, {ago}: {parked.reason}"


def require_answers(answers: Mapping[str, object | None]) -> None:
    """Raises LocalFailure naming the services that didn't answer."""
    silent = [service for service, answer in answers.items() if answer is None]
    if silent:
        raise LocalFailure(f"No answer from {', '.join(silent)}: `make status` and `make logs` say how it is.")


def _shown(duration: timedelta) -> str:
    """To the second, which is as exact as anybody needs it."""
    return (
        str(timedelta(seconds=int(duration.total_seconds())))
        if duration >= timedelta(minutes=1)
        else (f"{int(duration.total_seconds())} s")
    )


async def _ask_all(stack: Stack, ask: Callable[[Any], Awaitable[AnswerT]]) -> dict[str, AnswerT | None]:
    answers = await asyncio.gather(*(_ask(stack, service, ask) for service in WITH_OUTBOX))
    return dict(zip(WITH_OUTBOX, answers, strict=True))


async def _ask(stack: Stack, service: str, ask: Callable[[Any], Awaitable[AnswerT]]) -> AnswerT | None:
    import grpc
    from paas.operations.v1 import operations_pb2_grpc

    address = f"{HOST}:{port_of(service, base_port=stack.base_port)}"
    async with open_channel(address, service=dns_san(service), tls=stack.layout.tls, identity="operator") as channel:
        try:
            return await ask(operations_pb2_grpc.OperationsInternalServiceStub(channel))
        except grpc.aio.AioRpcError:
            return None


async def _standings(stub: Any) -> Outbox:
    from paas.operations.v1 import operations_pb2

    answer = await stub.GetOutbox(operations_pb2.GetOutboxRequest(), timeout=QUESTION_TIMEOUT)
    return [
        Standing(
            destination=each.destination,
            waiting=each.waiting,
            oldest=each.oldest.ToTimedelta(),
            parked=tuple(Parked(p.reason, p.rows, p.oldest.ToTimedelta()) for p in each.parked),
        )
        for each in answer.standings
    ]
