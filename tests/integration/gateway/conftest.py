"""A running Envoy with the gateway's configuration, small fakes behind it, and ways to call it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest

from gateway.routes import public_methods
from gateway.settings import Address, Credentials, GatewaySettings
from local import envoy
from local.certificates import ensure_certificates
from local.ports import SERVICES, free_base_port, port_of
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.gateway.fakes import GOOD_TOKEN, FakeService, FakeSignInCheck, serve

LIST_VARS = "/paas.config.v1.ConfigService/ListVars"
SIGNED_IN = ("authorization", GOOD_TOKEN)


@dataclass
class Gateway:
    """A running Envoy, what is behind it, and two ways to call it."""

    base_port: int
    tls: Path
    access_log: Path
    services: dict[str, FakeService]
    servers: dict[str, grpc.aio.Server]
    check: FakeSignInCheck

    def arrivals(self) -> list[str]:
        """The paths of all calls that reached a service."""
        return [arrival.path for service in self.services.values() for arrival in service.arrivals]

    def begun(self) -> list[str]:
        """The paths of all calls that took a place in a service, be it without ever having a message."""
        return [path for service in self.services.values() for path in service.begun]

    def forget(self) -> None:
        """Forget what was seen, and how the fakes were told to behave."""
        self.check.requests.clear()
        self.check.delay = 0
        self.check.more_headers.clear()
        for service in self.services.values():
            service.arrivals.clear()
            service.begun.clear()
            service.delay = 0
            service.abort_with = None

    async def call(self, path: str, *metadata: tuple[str, str]) -> bytes:
        """A plain gRPC call of a unary method."""
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.base_port}") as channel:
            unary: Any = channel.unary_unary(path)
            return bytes(await unary(b"", metadata=metadata, timeout=PATIENCE))

    async def stream(self, path: str, *metadata: tuple[str, str]) -> list[bytes]:
        """A plain gRPC call of a streaming method."""
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.base_port}") as channel:
            streaming: Any = channel.unary_stream(path)
            return [answer async for answer in streaming(b"", metadata=metadata, timeout=PATIENCE)]

    async def raw(
        self, path: str, *headers: tuple[str, str], method: str = "POST"
    ) -> tuple[int, dict[str, str], bytes]:
        """A gRPC-web call over HTTP/1.1 with an empty message; status, headers and body of the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.base_port)
        lines = [f"{method} {path} HTTP/1.1", "host: gateway", "content-type: application/grpc-web+proto"]
        lines += ["x-grpc-web: 1", "content-length: 5", "connection: close", *(f"{k}: {v}" for k, v in headers)]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + bytes(5))
        async with asyncio.timeout(PATIENCE):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n")
            first, *rest = head.split("\r\n")
            answered = dict(line.lower().split(": ", 1) for line in rest)
            # Where the length is known the end need not be waited for: Envoy keeps a refused connection for a second.
            length = int(answered.get("content-length", -1))
            body = await reader.read() if length < 0 else await reader.readexactly(length)
        writer.close()
        return int(first.split()[1]), answered, body

    async def refusal(self, path: str, *metadata: tuple[str, str]) -> tuple[grpc.StatusCode, dict[str, str]]:
        """The code that a plain gRPC call is refused with, and the headers and trailers that come along."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.call(path, *metadata)
        seen = [*caught.value.initial_metadata(), *caught.value.trailing_metadata()]
        return caught.value.code(), {key: str(value) for key, value in seen}

    @asynccontextmanager
    async def without(self, name: str) -> AsyncIterator[None]:
        """Stop one service for a while."""
        await self.servers[name].stop(0)
        try:
            yield
        finally:
            await self.start(name)

    @asynccontextmanager
    async def with_certificate_of(self, name: str, *, of: str, tls: Path) -> AsyncIterator[None]:
        """Have a service show another certificate for a while: of the one called `of`, from the folder `tls`."""
        async with self.without(name):
            await self.start(name, tls=tls, certificate=of)
            try:
                yield
            finally:
                await self.servers[name].stop(0)

    async def start(self, name: str, *, tls: Path | None = None, certificate: str | None = None) -> None:
        """Start one service."""
        self.servers[name] = await serve(
            self.services[name],
            tls=tls or self.tls,
            name=certificate or name,
            port=port_of(name, base_port=self.base_port),
            check=self.check if name == "tokens" else None,
        )


@pytest.fixture(scope="package")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """One for all tests."""
    folder = tmp_path_factory.mktemp("gateway with a space")
    ensure_certificates(folder / "tls", (*SERVICES, "gateway"), now=datetime.now(UTC))
    base_port = free_base_port()
    streaming = frozenset(method.path for method in public_methods() if method.server_streaming)
    gateway = Gateway(
        base_port=base_port,
        tls=folder / "tls",
        access_log=folder / "access.log",
        services={name: FakeService(streaming=streaming) for name in SERVICES},
        servers={},
        check=FakeSignInCheck(),
    )
    for name in SERVICES:
        await gateway.start(name)
    envoy.write_configuration(folder / "envoy.json", _settings(gateway))
    with (folder / "envoy.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*envoy.command(folder / "envoy.json"), stdout=log, stderr=log)
    try:
        await until(lambda: _accepts(base_port, process))
        yield gateway
    finally:
        process.terminate()
        await process.wait()
        await asyncio.gather(*(server.stop(0) for server in gateway.servers.values()))


@pytest.fixture
def gateway(running: Gateway) -> Gateway:
    """It, with nothing seen yet."""
    running.forget()
    return running


def _settings(gateway: Gateway) -> GatewaySettings:
    return GatewaySettings(
        listen=Address("127.0.0.1", gateway.base_port),
        upstreams={name: Address("127.0.0.1", port_of(name, base_port=gateway.base_port)) for name in SERVICES},
        credentials=Credentials(gateway.tls / "gateway.pem", gateway.tls / "gateway.key", gateway.tls / "ca.pem"),
        access_log=gateway.access_log,
    )


async def _accepts(port: int, process: asyncio.subprocess.Process) -> bool:
    assert process.returncode is None, "envoy died"
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
