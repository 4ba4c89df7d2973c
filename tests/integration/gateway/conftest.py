"""A running Envoy with the gateway's configuration, small fakes behind it, and ways to call it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest

from gateway.methods import public_methods
from gateway.settings import Address, Credentials, GatewaySettings
from local import envoy
from local.certificates import ensure_certificates
from local.ports import SERVICES, free_base_port, port_of
from tests.fixtures.patient_envoy import write_patient_configuration
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.gateway.fakes import GOOD_TOKEN, IDENTITY, FakeService, FakeSignInCheck, serve
from tests.integration.gateway.floods import answered, request_of

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
        self.check.holds_seconds = None
        self.check.identity = IDENTITY
        for service in self.services.values():
            service.arrivals.clear()
            service.begun.clear()
            service.delay = 0
            service.abort_with = None
            service.abort_details = None
            service.answers.clear()

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
        self,
        path: str,
        *headers: tuple[str, str],
        method: str = "POST",
        source: str = "127.0.0.1",
        content_type: str | None = "application/grpc-web+proto",
        body: bytes = bytes(5),
    ) -> tuple[int, dict[str, str], bytes]:
        """A call over HTTP/1.1, gRPC-web with an empty message; status, headers and body of the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.base_port, local_addr=(source, 0))
        writer.write(request_of(path, *headers, method=method, content_type=content_type, body=body))
        async with asyncio.timeout(PATIENCE):
            status, told = await answered(reader)
            # Where the length is known the end need not be waited for: Envoy keeps a refused connection for a second.
            length = int(told.get("content-length", -1))
            answer = await reader.read() if length < 0 else await reader.readexactly(length)
        writer.close()
        return status, told, answer

    async def refusal(self, path: str, *metadata: tuple[str, str]) -> tuple[grpc.StatusCode, dict[str, str]]:
        """The code that a plain gRPC call is refused with, and the headers and trailers that come along."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.call(path, *metadata)
        seen = [*caught.value.initial_metadata(), *caught.value.trailing_metadata()]
        return caught.value.code(), {key: str(value) for key, value in seen}

    @asynccontextmanager
    async def without(self, name: str) -> AsyncIterator[None]:
        """Stop one service for a while; afterwards the gateway has seen that it is back."""
        await self.servers[name].stop(0)
        try:
            yield
        finally:
            await self.start(name)
            await self._back(name)

    async def all_back(self) -> None:
        """Return once a call gets through to every service: one that was kept busy may count as away for a moment."""
        for name in SERVICES:
            await self._back(name)

    async def _back(self, name: str) -> None:
        """Return once a call gets through to a service again, and forget the calls that found out."""
        upstream = "config" if name == "tokens" else name  # without the check of tokens nothing gets through
        arrivals, begun = self.services[upstream].arrivals, self.services[upstream].begun
        seen = (len(arrivals), len(begun), len(self.check.requests))
        path = next(each.path for each in public_methods() if each.upstream == upstream and not each.server_streaming)

        async def gets_through() -> bool:
            with suppress(grpc.aio.AioRpcError):
                await self.call(path, SIGNED_IN)
                return True
            return False

        await until(gets_through)
        del arrivals[seen[0] :], begun[seen[1] :], self.check.requests[seen[2] :]

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
    try:
        async with envoy_running(settings_of(gateway), folder):
            await gateway.all_back()
            yield gateway
    finally:
        await asyncio.gather(*(server.stop(0) for server in gateway.servers.values()))


@asynccontextmanager
async def envoy_running(settings: GatewaySettings, folder: Path, *, patient: bool = True) -> AsyncIterator[None]:
    """An Envoy of its own that accepts connections, its configuration and log in `folder`.

    Unless it is `patient` with what is behind it, it waits no longer than in operation.
    """
    write = write_patient_configuration if patient else envoy.write_configuration
    write(folder / "envoy.json", settings)
    with (folder / "envoy.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*envoy.command(folder / "envoy.json"), stdout=log, stderr=log)
    try:
        await until(lambda: _accepts(settings.listen.port, process))
        yield
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
def gateway(running: Gateway) -> Gateway:
    """It, with nothing seen yet."""
    running.forget()
    return running


@pytest.fixture
async def hasty(gateway: Gateway, tmp_path: Path) -> AsyncIterator[Gateway]:
    """Another before the same services, which waits for them no longer than one in operation."""
    hasty = replace(gateway, base_port=free_base_port())
    settings = replace(settings_of(gateway), listen=Address("127.0.0.1", hasty.base_port), access_log=tmp_path / "log")
    async with envoy_running(settings, tmp_path, patient=False):
        await hasty.all_back()
        yield hasty


def settings_of(gateway: Gateway) -> GatewaySettings:
    """What its configuration is built from."""
    return GatewaySettings(
        listen=Address("127.0.0.1", gateway.base_port),
        upstreams={name: [Address("127.0.0.1", port_of(name, base_port=gateway.base_port))] for name in SERVICES},
        sign_in_check=[Address("127.0.0.1", port_of("tokens", base_port=gateway.base_port))],
        credentials=Credentials(gateway.tls / "gateway.pem", gateway.tls / "gateway.key", gateway.tls / "ca.pem"),
        access_log=gateway.access_log,
        takes_leaks=True,
    )


async def _accepts(port: int, process: asyncio.subprocess.Process) -> bool:
    assert process.returncode is None, "envoy died"
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
