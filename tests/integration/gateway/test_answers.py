"""What comes back: framing, trailers, the access log; and that Envoy itself finds nothing wrong."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from local import envoy
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.gateway.conftest import LIST_VARS, SIGNED_IN, Gateway
from tests.integration.gateway.fakes import ANSWER, IDENTITY

WATCH = "/paas.releaser.v1.ReleaserService/WatchRelease"


async def test_grpc_web_gets_its_message_and_its_trailers(gateway: Gateway) -> None:
    status, headers, body = await gateway.raw(LIST_VARS, SIGNED_IN)
    assert (status, headers["content-type"]) == (200, "application/grpc-web+proto")
    assert bytes([0, 0, 0, 0, len(ANSWER)]) + ANSWER in body
    assert b"grpc-status:0" in body.replace(b" ", b"")
    assert "server" not in headers


async def test_the_access_log_has_the_route_and_nothing_a_client_wrote(gateway: Gateway) -> None:
    planted = "paas_pat_planted"
    await gateway.raw(f"{LIST_VARS}?q={planted}", ("authorization", planted), ("user-agent", planted))
    await gateway.raw(f"/{planted}", SIGNED_IN, ("x-request-id", planted))
    await gateway.call(LIST_VARS, SIGNED_IN)

    def last() -> dict[str, Any]:
        lines = gateway.access_log.read_text().splitlines()
        return json.loads(lines[-1]) if lines else {}

    await until(lambda: (last().get("grpc_status"), last().get("route")) == ("OK", LIST_VARS[1:]))
    text = gateway.access_log.read_text()
    assert planted not in text
    assert "good" not in text
    assert IDENTITY not in text
    assert last()["status"] == 200


@pytest.mark.parametrize("path", [LIST_VARS, WATCH])
async def test_a_request_without_its_message_takes_no_place_in_a_service(hasty: Gateway, path: str) -> None:
    """Of each of them, a service would keep a place until its caller's deadline."""

    async def nothing() -> AsyncIterator[bytes]:
        await asyncio.sleep(PATIENCE)
        yield b""

    async with grpc.aio.insecure_channel(f"127.0.0.1:{hasty.base_port}") as channel:
        streaming: Any = channel.stream_unary(path)
        calls = [streaming(nothing(), metadata=[SIGNED_IN]) for _ in range(50)]
        refused = await asyncio.gather(*calls, return_exceptions=True)
    codes = {(error.code(), error.details()) for error in refused if isinstance(error, grpc.aio.AioRpcError)}
    assert codes == {(grpc.StatusCode.DEADLINE_EXCEEDED, "The request did not come in time.")}
    assert len(refused) == 50
    assert hasty.begun() == []


async def test_half_a_message_is_as_good_as_none(hasty: Gateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hasty.base_port)
    lines = [f"POST {LIST_VARS} HTTP/1.1", "host: gateway", "content-type: application/grpc-web+proto"]
    lines += ["content-length: 50", "connection: close", f"authorization: {SIGNED_IN[1]}"]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + bytes(5))
    async with asyncio.timeout(PATIENCE):
        answer = await reader.read()
    writer.close()
    assert b"grpc-status: 4" in answer
    assert hasty.begun() == []


async def test_what_is_kept_of_a_request_has_an_end(gateway: Gateway) -> None:
    """What comes at once is the service's to refuse, which takes 1 MiB."""

    async def too_much() -> AsyncIterator[bytes]:
        while True:  # so that it has no end before it is refused, however much of it is read at once
            yield bytes(512 * 1024)
            await asyncio.sleep(0.05)

    async with grpc.aio.insecure_channel(f"127.0.0.1:{gateway.base_port}") as channel:
        streaming: Any = channel.stream_unary(LIST_VARS)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await streaming(too_much(), metadata=[SIGNED_IN])
        assert (refused.value.code(), refused.value.details()) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "The request is too large.",
        )
        assert gateway.arrivals() == []
        unary: Any = channel.unary_unary(LIST_VARS)
        await unary(bytes(1024 * 1024), metadata=[SIGNED_IN])
    assert gateway.arrivals() == [LIST_VARS]


async def test_the_bundled_envoy_accepts_the_configuration(running: Gateway) -> None:
    configuration = running.access_log.parent / "envoy.json"
    checked = await asyncio.create_subprocess_exec(
        *envoy.command(configuration), "--mode", "validate", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = (await checked.communicate())[0].decode()
    assert checked.returncode == 0, output
    assert "warn" not in output.lower()
    assert "admin" not in json.loads(configuration.read_text())


async def test_a_connection_that_says_nothing_is_closed(gateway: Gateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.base_port)
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b""
    writer.close()
