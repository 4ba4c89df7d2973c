"""Calling another service: what its answers become, and whom a channel trusts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status
from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from paaskit.channels import call
from paaskit.errors import (
    Conflict,
    FieldViolation,
    Internal,
    InvalidInput,
    LimitExceeded,
    MessageTooLarge,
    NotFound,
    PaasError,
    PermissionDenied,
    Unavailable,
)
from paaskit.gate import encode_error
from tests.fakes.neighbours import on_channel
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE

CANARY = "canary-6e02"


class Answering(audit_pb2_grpc.AuditInternalServiceServicer):
    """Ends every call as it was told to."""

    def __init__(self, ending: Any) -> None:
        self._ending = ending

    async def AppendEvents(self, request: Any, context: Any) -> Any:  # noqa: N802  # the contract's name
        if isinstance(self._ending, status_pb2.Status):
            await context.abort_with_status(rpc_status.to_status(self._ending))
        if isinstance(self._ending, grpc.StatusCode):
            await context.abort(self._ending, CANARY)
        return audit_pb2.AppendEventsResponse()


@asynccontextmanager
async def _answering(
    tls: Certificates, ending: Any, *, certificate: str = "audit"
) -> AsyncIterator[audit_pb2_grpc.AuditInternalServiceStub]:
    register = audit_pb2_grpc.add_AuditInternalServiceServicer_to_server
    async with (
        on_channel(tls, certificate, register, Answering(ending)) as address,
        tls.channel(address, service="audit", caller="config") as channel,
    ):
        yield audit_pb2_grpc.AuditInternalServiceStub(channel)


async def _ended(tls: Certificates, ending: Any, **more: Any) -> PaasError:
    async with _answering(tls, ending, **more) as stub:
        with pytest.raises(PaasError) as caught:
            await call(stub.AppendEvents, audit_pb2.AppendEventsRequest(), service="audit", timeout=PATIENCE)
    assert caught.value.__cause__ is None
    return caught.value


async def test_an_answer_is_an_answer(tls: Certificates) -> None:
    async with _answering(tls, None) as stub:
        answer = await call(stub.AppendEvents, audit_pb2.AppendEventsRequest(), service="audit", timeout=PATIENCE)
    assert isinstance(answer, audit_pb2.AppendEventsResponse)


@pytest.mark.parametrize(
    "error",
    [
        NotFound("There is no such app.", reason="APP_NOT_FOUND"),
        Conflict("Somebody was first."),
        LimitExceeded("Too many.", metadata={"most": "500"}),
        InvalidInput("Two are wrong.", fields=[FieldViolation("a", "bad"), FieldViolation("b", "worse")]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_our_errors_arrive_as_they_left(tls: Certificates, error: PaasError) -> None:
    arrived = await _ended(tls, encode_error(error))
    assert type(arrived) is type(error)
    assert (arrived.message, arrived.reason, arrived.metadata, arrived.fields) == (
        error.message,
        error.reason,
        error.metadata,
        error.fields,
    )


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
async def test_foreign_statuses_bring_no_text_along(tls: Certificates, code: grpc.StatusCode) -> None:
    error = await _ended(tls, code)
    assert CANARY not in error.message + str(error.metadata) + error.reason
    retryable = {
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
    }
    assert isinstance(error, Unavailable if code in retryable else Internal)
    assert error.reason == ("BUSY" if code is grpc.StatusCode.RESOURCE_EXHAUSTED else code.name)


async def test_why_a_service_of_ours_is_unavailable_is_passed_on(tls: Certificates) -> None:
    error = await _ended(tls, encode_error(Unavailable("The database of audit is busy.", reason="BUSY")))
    assert isinstance(error, Unavailable)
    assert (error.message, error.reason, error.metadata) == (
        "The database of audit is busy.",
        "BUSY",
        {"service": "audit"},
    )


async def test_what_a_user_lacks_is_told_and_what_a_service_lacks_is_not_the_user_s_fault(tls: Certificates) -> None:
    lacks = PermissionDenied("You may not.", metadata={"permission": "secrets.write"})
    assert isinstance(await _ended(tls, encode_error(lacks)), PermissionDenied)
    error = await _ended(tls, encode_error(PermissionDenied("This certificate may not call this method.")))
    assert isinstance(error, Internal)
    assert error.reason == "PERMISSION_DENIED"


async def test_more_than_a_server_takes_is_told_from_too_many_at_once(tls: Certificates) -> None:
    register = audit_pb2_grpc.add_AuditInternalServiceServicer_to_server
    request = audit_pb2.AppendEventsRequest(events=[audit_pb2.Event(event_id="x" * 2000)])
    async with (
        on_channel(tls, "audit", register, Answering(None), most_bytes=1000) as address,
        tls.channel(address, service="audit", caller="config") as channel,
    ):
        stub = audit_pb2_grpc.AuditInternalServiceStub(channel)
        with pytest.raises(MessageTooLarge) as caught:
            await call(stub.AppendEvents, request, service="audit", timeout=PATIENCE)
    assert isinstance(caught.value, LimitExceeded)
    assert caught.value.reason == "MESSAGE_TOO_LARGE"
    busy = await _ended(tls, grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert (type(busy), busy.reason) == (Unavailable, "BUSY")


async def test_an_internal_error_elsewhere_is_one_here(tls: Certificates) -> None:
    status = status_pb2.Status(code=code_pb2.INTERNAL, message=CANARY)
    error = await _ended(tls, status)
    assert isinstance(error, Internal)
    assert CANARY not in error.message


async def test_nobody_there_is_unavailable_and_named(tls: Certificates) -> None:
    async with tls.channel("127.0.0.1:1", service="audit", caller="config") as channel:
        stub = audit_pb2_grpc.AuditInternalServiceStub(channel)
        with pytest.raises(Unavailable) as caught:
            await call(stub.AppendEvents, audit_pb2.AppendEventsRequest(), service="audit", timeout=PATIENCE)
    assert caught.value.metadata == {"service": "audit"}


async def test_another_service_in_its_place_is_not_called(tls: Certificates) -> None:
    assert isinstance(await _ended(tls, None, certificate="releaser"), Unavailable)


async def test_the_same_name_from_another_ca_is_not_called(tls: Certificates, foreign_tls: Certificates) -> None:
    register = audit_pb2_grpc.add_AuditInternalServiceServicer_to_server
    async with (
        on_channel(foreign_tls, "audit", register, Answering(None)) as address,
        tls.channel(address, service="audit", caller="config") as channel,
    ):
        stub = audit_pb2_grpc.AuditInternalServiceStub(channel)
        with pytest.raises(Unavailable):
            await call(stub.AppendEvents, audit_pb2.AppendEventsRequest(), service="audit", timeout=PATIENCE)


async def test_a_machine_that_is_slow_to_shake_hands_is_waited_for(tls: Certificates) -> None:
    register = audit_pb2_grpc.add_AuditInternalServiceServicer_to_server
    async with on_channel(tls, "audit", register, Answering(None)) as behind:
        host, _, port = behind.rpartition(":")

        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.5)
            inner_reader, inner_writer = await asyncio.open_connection(host, int(port))
            await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer), return_exceptions=True)

        slow = await asyncio.start_server(pass_on, "127.0.0.1", 0)
        address = f"127.0.0.1:{slow.sockets[0].getsockname()[1]}"
        async with slow, tls.channel(address, service="audit", caller="config") as channel:
            stub = audit_pb2_grpc.AuditInternalServiceStub(channel)
            answer = await call(stub.AppendEvents, audit_pb2.AppendEventsRequest(), service="audit", timeout=PATIENCE)
    assert isinstance(answer, audit_pb2.AppendEventsResponse)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
