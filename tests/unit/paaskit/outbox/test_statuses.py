"""Whatever a receiver answers, everything arrives in order once it is well; its INVALID_ARGUMENT alone parks a message.

Covers: every status of gRPC, bare and with our details, from a real server over mTLS through `channels.call`; a message
that is larger than a server takes; a certificate that is refused; a deadline. Leaves out relays' timing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2
from grpc_status import rpc_status
from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from paaskit.channels import call
from paaskit.db import Database
from paaskit.errors import InvalidInput, LimitExceeded, PaasError, Unavailable
from paaskit.gate import encode_error
from paaskit.outbox import Relay, parsed
from tests.fakes.neighbours import on_channel
from tests.fixtures.postgres import Databases
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import until
from tests.unit.paaskit.outbox.receiver import Receiver, left, numbered, parked, relay_to, running, write

_ROWS = 8
_CODES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]
Ending = Callable[[Sequence[str]], Any]
"""What ends a call that brings events of these ids: a status, a code, None for an answer, or something to wait for."""


class Audit(audit_pb2_grpc.AuditInternalServiceServicer):
    """Keeps the ids of events once, in their order, unless it is told to fail."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.calls = 0
        self.ending: Ending = lambda _: None

    async def AppendEvents(self, request: Any, context: Any) -> Any:  # noqa: N802  # the contract's name
        self.calls += 1
        ids = [event.event_id for event in request.events]
        ending = self.ending(ids)
        if isinstance(ending, status_pb2.Status):
            await context.abort_with_status(rpc_status.to_status(ending))
        if isinstance(ending, grpc.StatusCode):
            await context.abort(ending, "foreign words")
        if ending is not None:
            await ending
        self.kept.extend(each for each in ids if each not in self.kept)
        return audit_pb2.AppendEventsResponse()


@asynccontextmanager
async def _relay(
    database: Database,
    tls: Certificates,
    audit: Audit,
    *,
    certificate: str = "audit",
    timeout: float = 5.0,  # noqa: ASYNC109  # becomes the deadline of each call
    **limits: int,
) -> AsyncIterator[Relay]:
    register = audit_pb2_grpc.add_AuditInternalServiceServicer_to_server
    async with (
        on_channel(tls, certificate, register, audit, **limits) as address,
        tls.channel(address, service="audit", caller="config") as channel,
    ):
        stub = audit_pb2_grpc.AuditInternalServiceStub(channel)

        async def deliver(payloads: Sequence[bytes]) -> None:
            request = audit_pb2.AppendEventsRequest(events=parsed(audit_pb2.Event, payloads))
            await call(stub.AppendEvents, request, service="audit", timeout=timeout)

        yield Relay(database, destination="audit", deliver=deliver)


def _events(*, targets: Sequence[str] = ()) -> list[bytes]:
    return [audit_pb2.Event(event_id=str(n), targets=targets).SerializeToString() for n in range(_ROWS)]


_IDS = [each.decode() for each in numbered(range(_ROWS))]


async def _fails_then_delivers(relay: Relay, audit: Audit, databases: Databases) -> None:
    """Fail three times without a row lost or parked, then get well and have everything in order."""
    for _ in range(3):
        with pytest.raises(PaasError):
            await relay.drain_once()
    assert len(left(databases)) == _ROWS
    audit.ending = lambda _: None
    assert await relay.drain_once() == _ROWS
    assert audit.kept == _IDS
    assert (left(databases), parked(databases)) == ([], [])


@pytest.mark.parametrize("code", _CODES, ids=lambda code: code.name)
async def test_a_bare_status_loses_nothing(
    code: grpc.StatusCode, database: Database, databases: Databases, tls: Certificates
) -> None:
    await write(database, _events())
    audit = Audit()
    audit.ending = lambda _: code
    async with _relay(database, tls, audit) as relay:
        await _fails_then_delivers(relay, audit, databases)
    assert audit.calls == 4


@pytest.mark.parametrize("code", [code for code in _CODES if code.name != "INVALID_ARGUMENT"], ids=lambda c: c.name)
async def test_an_error_of_ours_loses_nothing(
    code: grpc.StatusCode, database: Database, databases: Databases, tls: Certificates
) -> None:
    status = encode_error(LimitExceeded("No.", reason="SOME_REASON"))
    status.code = code.value[0]
    await write(database, _events())
    audit = Audit()
    audit.ending = lambda _: status
    async with _relay(database, tls, audit) as relay:
        await _fails_then_delivers(relay, audit, databases)
    assert audit.calls == 4


async def test_a_read_only_database_of_the_receiver_loses_nothing(
    database: Database, databases: Databases, tls: Certificates
) -> None:
    await write(database, _events())
    audit = Audit()
    audit.ending = lambda _: encode_error(Unavailable("It takes no changes now.", reason="READ_ONLY"))
    async with _relay(database, tls, audit) as relay:
        await _fails_then_delivers(relay, audit, databases)


async def test_what_alone_is_invalid_is_parked_and_the_rest_is_in_order(
    database: Database, databases: Databases, tls: Certificates
) -> None:
    await write(database, _events())
    audit = Audit()
    audit.ending = lambda ids: encode_error(InvalidInput("No.", reason="BAD_EVENT")) if {"2", "5"} & set(ids) else None
    async with _relay(database, tls, audit) as relay:
        assert await relay.drain_once() == _ROWS
    assert audit.kept == [each for each in _IDS if each not in {"2", "5"}]
    assert parked(databases) == [("audit", "key2", "BAD_EVENT"), ("audit", "key5", "BAD_EVENT")]
    assert left(databases) == []


async def test_away_among_halves_keeps_what_was_not_acknowledged(
    database: Database, databases: Databases, tls: Certificates
) -> None:
    await write(database, _events())
    audit = Audit()
    invalid = encode_error(InvalidInput("One of them is."))

    def ending(ids: Sequence[str]) -> Any:
        if len(ids) > 1:
            return invalid
        return grpc.StatusCode.UNAVAILABLE if ids == ["3"] else None

    audit.ending = ending
    async with _relay(database, tls, audit) as relay:
        with pytest.raises(Unavailable):
            await relay.drain_once()
        assert [key for _, key in left(databases)] == [f"key{each}" for each in _IDS[3:]]
        audit.ending = lambda _: None
        await relay.drain_once()
    assert audit.kept == _IDS
    assert parked(databases) == []


async def test_a_batch_that_is_too_large_is_split(database: Database, databases: Databases, tls: Certificates) -> None:
    await write(database, _events(targets=["x" * 10_000]))
    audit = Audit()
    async with _relay(database, tls, audit, most_bytes=35_000) as relay:
        assert await relay.drain_once() == _ROWS
    assert audit.kept == _IDS
    assert audit.calls == 4
    assert (left(databases), parked(databases)) == ([], [])


async def test_a_message_that_can_never_fit_is_parked(
    database: Database, databases: Databases, tls: Certificates
) -> None:
    payloads = _events(targets=["x" * 10_000])
    payloads[3] = audit_pb2.Event(event_id="3", targets=["x" * 100_000]).SerializeToString()
    await write(database, payloads)
    audit = Audit()
    async with _relay(database, tls, audit, most_bytes=35_000) as relay:
        assert await relay.drain_once() == _ROWS
    assert audit.kept == [each for each in _IDS if each != "3"]
    assert parked(databases) == [("audit", "key3", "MESSAGE_TOO_LARGE")]


async def test_too_many_requests_at_once_are_not_a_message_too_large(
    database: Database, databases: Databases, tls: Certificates
) -> None:
    await write(database, _events()[:1])
    audit, go_on = Audit(), asyncio.Event()
    audit.ending = lambda _: go_on.wait()
    async with _relay(database, tls, audit, most_at_once=1) as relay:
        other = asyncio.ensure_future(relay._deliver([]))
        await until(lambda: audit.calls)
        with pytest.raises(Unavailable) as caught:
            await relay.drain_once()
        go_on.set()
        await other
        assert caught.value.reason == "BUSY"
        assert await relay.drain_once() == 1
    assert parked(databases) == []


async def test_a_deadline_that_passes_loses_nothing(
    database: Database, databases: Databases, tls: Certificates
) -> None:
    await write(database, _events())
    audit = Audit()
    audit.ending = lambda _: asyncio.sleep(30)
    async with _relay(database, tls, audit, timeout=0.1) as relay:
        await _fails_then_delivers(relay, audit, databases)


@pytest.mark.parametrize("payload", [b"\xff\xff\xff", b"\x0a\x05ab"], ids=["no field", "cut off"])
async def test_a_message_that_is_none_is_parked_and_holds_up_no_other(
    payload: bytes, database: Database, databases: Databases, tls: Certificates
) -> None:
    await write(database, [*_events()[:3], payload, *_events()[3:]])
    audit = Audit()
    async with _relay(database, tls, audit) as relay:
        assert await relay.drain_once() == _ROWS + 1
    assert audit.kept == _IDS
    assert parked(databases) == [("audit", "key3", "UNREADABLE")]


async def test_a_server_that_is_somebody_else_gets_nothing(
    database: Database, databases: Databases, tls: Certificates
) -> None:
    await write(database, _events())
    audit = Audit()
    async with _relay(database, tls, audit, certificate="releaser") as relay:
        with pytest.raises(Unavailable):
            await relay.drain_once()
    assert (len(left(databases)), audit.kept, parked(databases)) == (_ROWS, [], [])


@pytest.mark.parametrize("error", [ValueError("x"), TimeoutError(), OSError("x"), KeyError("x")], ids=repr)
async def test_a_fault_of_our_own_loses_nothing(error: Exception, database: Database, databases: Databases) -> None:
    receiver = Receiver()
    receiver.before = lambda _: error if len(receiver.calls) < 3 else None
    await write(database, numbered(range(5)))
    async with running(relay_to(receiver, database)):
        await until(lambda: not left(databases))
    assert receiver.kept == numbered(range(5))
    assert parked(databases) == []
