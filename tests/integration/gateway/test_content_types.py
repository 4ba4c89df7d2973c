"""What is no gRPC is told so, over HTTP/1.1 and HTTP/2, and no service or sign-in check hears of it.

Leaves out what a service makes of a message that is none (tests/abuse/requests).
"""

import asyncio
import base64

import pytest

from gateway.listeners.local_replies import NO_TRAILERS
from tests.abuse.requests.answers import Answer
from tests.abuse.requests.http2 import Connection, Field, Request, header_block, message
from tests.fixtures.waiting import PATIENCE
from tests.integration.gateway.conftest import LIST_VARS, SIGNED_IN, Gateway

NO_GRPC = [
    None,
    "",
    "application/json",
    "application/jsonapplication/grpc",
    "application/grpcx",
    "application/GRPC",
    "application/grpc, text/html",
    "application/grpc;charset=utf-8",
    "application/grpc-web+json",
    "application/grpc-web+proto; q=1",
    "application/x-www-form-urlencoded",
    "text/html",
    "x" * 2000,
]
INTERNAL = "/paas.config.v1.ConfigInternalService/GetDesiredState"


@pytest.mark.parametrize("content_type", NO_GRPC)
@pytest.mark.parametrize("body", [b"", b"{}", bytes(5)])
async def test_another_content_type_over_http_1(gateway: Gateway, content_type: str | None, body: bytes) -> None:
    for path, headers in ((LIST_VARS, [SIGNED_IN]), (LIST_VARS, []), (INTERNAL, [SIGNED_IN]), ("/", [])):
        status, _, text = await gateway.raw(path, *headers, content_type=content_type, body=body)
        assert status == 415
        assert b"application/grpc-web+proto" in text
    assert (gateway.begun(), gateway.check.requests) == ([], [])


@pytest.mark.parametrize("content_type", NO_GRPC)
@pytest.mark.parametrize("body", [b"", b"{}", bytes(5)])
async def test_another_content_type_over_http_2(gateway: Gateway, content_type: str | None, body: bytes) -> None:
    answer = await _over_http_2(gateway, content_type, body)
    # A reset after it says no more than that the rest is not wanted (RFC 9113, 8.1).
    assert (answer.fields[":status"], answer.reset) in (("415", None), ("415", 0))
    assert (gateway.begun(), gateway.check.requests) == ([], [])


async def test_it_is_said_before_the_rest_of_the_request_has_come(gateway: Gateway) -> None:
    """Whoever waits for what never comes answers something else, later."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.base_port)
    writer.write(f"POST {LIST_VARS} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{{".encode())
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).startswith(b"HTTP/1.1 415 ")
    writer.close()


async def test_it_is_said_however_often_it_is_asked_for(gateway: Gateway) -> None:
    """It is no attempt to sign in, so none of its address or credential is counted."""
    for _ in range(300):
        status, _, _ = await gateway.raw(LIST_VARS, SIGNED_IN, content_type="application/json")
        assert status == 415


@pytest.mark.parametrize("content_type", ["application/grpc", "application/grpc+proto"])
async def test_grpc_gets_through(gateway: Gateway, content_type: str) -> None:
    answer = await _over_http_2(gateway, content_type, message(b""), (b"te", b"trailers"))
    assert answer.outcome == "grpc 0"
    assert gateway.arrivals() == [LIST_VARS]


@pytest.mark.parametrize("content_type", ["application/grpc", "application/grpc+proto", "application/grpc+json"])
async def test_grpc_whose_status_could_not_be_told_is_refused(gateway: Gateway, content_type: str) -> None:
    for path, headers in ((LIST_VARS, [SIGNED_IN]), (LIST_VARS, []), (INTERNAL, [SIGNED_IN])):
        status, answered, _ = await gateway.raw(path, *headers, content_type=content_type)
        assert (status, answered["grpc-status"], answered["grpc-message"]) == (200, "3", NO_TRAILERS.lower())
    answer = await _over_http_2(gateway, content_type, message(b""))
    assert (answer.outcome, answer.text) == ("grpc 3", NO_TRAILERS)
    assert (gateway.begun(), gateway.check.requests) == ([], [])


@pytest.mark.parametrize(
    "content_type",
    [
        "application/grpc-web",
        "application/grpc-web+proto",
        "application/grpc-web-text",
        "application/grpc-web-text+proto",
    ],
)
async def test_grpc_web_gets_through(gateway: Gateway, content_type: str) -> None:
    body = base64.b64encode(bytes(5)) if "text" in content_type else bytes(5)
    status, _, _ = await gateway.raw(LIST_VARS, SIGNED_IN, content_type=content_type, body=body)
    assert status == 200
    assert gateway.arrivals() == [LIST_VARS]


async def _over_http_2(gateway: Gateway, content_type: str | None, body: bytes, *more: Field) -> Answer:
    """What a signed-in call with another content type, or none, is answered."""
    headers = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", LIST_VARS.encode()), (b":authority", b"x")]
    headers += [(SIGNED_IN[0].encode(), SIGNED_IN[1].encode()), *more]
    headers += [] if content_type is None else [(b"content-type", content_type.encode())]
    connection = await Connection.open("127.0.0.1", gateway.base_port, tls=None, name=None)
    try:
        return await connection.ask(Request(headers=header_block(headers), body=body), patience=PATIENCE)
    finally:
        connection.close()
