"""The gateway's configuration in a real Envoy, with small fakes behind it.

Covers: what is routed and what never is, header cleaning, the sign-in check and its failure, mTLS to exactly the
right service, retries, deadlines, framing, the access log. Leaves out what the services do with a call.
"""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio

from gateway.routes import PublicMethod, public_methods
from gateway.settings import Address, Credentials, GatewaySettings
from local import envoy
from local.certificates import ensure_certificates
from local.ports import SERVICES, free_base_port, port_of
from tests.integration.gateway_fakes import (
    ANSWER,
    GOOD_TOKEN,
    IDENTITY,
    FakeService,
    FakeSignInCheck,
    Resetting,
    resetting,
    serve,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(60)]

LIST_VARS = "/paas.config.v1.ConfigService/ListVars"
SIGNED_IN = ("authorization", GOOD_TOKEN)
# RFC 9113, section 7.
INTERNAL_ERROR, REFUSED_STREAM, CANCEL = 2, 7, 8


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

    def forget(self) -> None:
        self.check.requests.clear()
        self.check.delay = 0
        self.check.more_headers.clear()
        for service in self.services.values():
            service.arrivals.clear()
            service.delay = 0
            service.abort_with = None

    async def call(self, path: str, *metadata: tuple[str, str]) -> bytes:
        """A plain gRPC call of a unary method."""
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.base_port}") as channel:
            unary: Any = channel.unary_unary(path)
            return bytes(await unary(b"", metadata=metadata, timeout=10))

    async def stream(self, path: str, *metadata: tuple[str, str]) -> list[bytes]:
        """A plain gRPC call of a streaming method."""
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.base_port}") as channel:
            streaming: Any = channel.unary_stream(path)
            return [answer async for answer in streaming(b"", metadata=metadata, timeout=10)]

    async def raw(
        self, path: str, *headers: tuple[str, str], method: str = "POST"
    ) -> tuple[int, dict[str, str], bytes]:
        """A gRPC-web call over HTTP/1.1 with an empty message; status, headers and body of the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.base_port)
        lines = [f"{method} {path} HTTP/1.1", "host: gateway", "content-type: application/grpc-web+proto"]
        lines += ["x-grpc-web: 1", "content-length: 5", "connection: close", *(f"{k}: {v}" for k, v in headers)]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + bytes(5))
        async with asyncio.timeout(20):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n")
            first, *rest = head.split("\r\n")
            answered = dict(line.lower().split(": ", 1) for line in rest)
            # Where the length is known the end need not be waited for: Envoy keeps a refused connection for a second.
            length = int(answered.get("content-length", -1))
            body = await reader.read() if length < 0 else await reader.readexactly(length)
        writer.close()
        return int(first.split()[1]), answered, body

    @asynccontextmanager
    async def without(self, name: str) -> AsyncIterator[None]:
        """Stops one service for a while."""
        await self.servers[name].stop(0)
        try:
            yield
        finally:
            await self.start(name)

    async def start(self, name: str, *, tls: Path | None = None, certificate: str | None = None) -> None:
        self.servers[name] = await serve(
            self.services[name],
            tls=tls or self.tls,
            name=certificate or name,
            port=port_of(name, base_port=self.base_port),
            check=self.check if name == "tokens" else None,
        )
        await asyncio.sleep(0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
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
        await _accepting(base_port, process)
        yield gateway
    finally:
        process.terminate()
        await process.wait()
        await asyncio.gather(*(server.stop(0) for server in gateway.servers.values()))


@pytest.fixture
def gateway(running: Gateway) -> Gateway:
    running.forget()
    return running


def _settings(gateway: Gateway) -> GatewaySettings:
    return GatewaySettings(
        listen=Address("127.0.0.1", gateway.base_port),
        upstreams={name: Address("127.0.0.1", port_of(name, base_port=gateway.base_port)) for name in SERVICES},
        credentials=Credentials(gateway.tls / "gateway.pem", gateway.tls / "gateway.key", gateway.tls / "ca.pem"),
        access_log=gateway.access_log,
    )


async def _accepting(port: int, process: asyncio.subprocess.Process) -> None:
    for _ in range(200):
        assert process.returncode is None, "envoy died"
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise AssertionError("envoy does not listen")


async def _code(gateway: Gateway, path: str, *metadata: tuple[str, str]) -> tuple[grpc.StatusCode, dict[str, str]]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await gateway.call(path, *metadata)
    seen = [*caught.value.initial_metadata(), *caught.value.trailing_metadata()]
    return caught.value.code(), {key: str(value) for key, value in seen}


@pytest.mark.parametrize("method", public_methods(), ids=lambda method: method.path)
async def test_a_public_method_reaches_its_service_with_the_identity_and_no_bearer(
    gateway: Gateway, method: PublicMethod
) -> None:
    if method.server_streaming:
        assert await gateway.stream(method.path, SIGNED_IN) == [ANSWER] * 3
    else:
        assert await gateway.call(method.path, SIGNED_IN) == ANSWER
    (arrival,) = gateway.services[method.upstream].arrivals
    assert arrival.path == method.path
    assert gateway.arrivals() == [method.path]
    assert arrival.metadata["x-paas-identity"] == IDENTITY
    assert "authorization" not in arrival.metadata
    assert gateway.check.requests[0].attributes.request.http.path == method.path


NOT_PUBLIC = [
    "/paas.config.v1.ConfigInternalService/GetDesiredState",
    "/paas.secrets.v1.SecretsInternalService/ResolveForRelease",
    "/paas.tokens.v1.TokensInternalService/IssueSignIn",
    "/paas.audit.v1.AuditInternalService/AppendEvents",
    "/paas.releaser.v1.ReleaserInternalService/RequestReleases",
    "/envoy.service.auth.v3.Authorization/Check",
    "/grpc.health.v1.Health/Check",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "/paas.config.v1.ConfigService/NoSuchMethod",
    "/paas.config.v1.ConfigService/listvars",
    "/paas.config.v1.ConfigService/",
    "/paas.config.v1.ConfigService/ListVars/",
    "/paas.config.v1.ConfigService/ListVars/x",
    "/",
]


@pytest.mark.parametrize("path", NOT_PUBLIC)
async def test_nothing_else_is_routed(gateway: Gateway, path: str) -> None:
    code, _ = await _code(gateway, path, SIGNED_IN)
    assert code is grpc.StatusCode.UNIMPLEMENTED
    assert gateway.arrivals() == []
    assert gateway.check.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "paas.config.v1.ConfigService/ListVars",
        "paas.config.v1.ConfigInternalService/GetDesiredState",
        "/x/../paas.config.v1.ConfigInternalService/GetDesiredState",
        "//paas.config.v1.ConfigInternalService//GetDesiredState",
        "/paas.config.v1.ConfigService/ListVars/../../paas.config.v1.ConfigInternalService/GetDesiredState",
        "/paas.config.v1.ConfigService%2fListVars",
        "/paas.config.v1.ConfigInternalService\\GetDesiredState",
        "/paas.config.v1.ConfigService/ListVars;x",
        "http://elsewhere/paas.config.v1.ConfigInternalService/GetDesiredState",
        "*",
    ],
)
async def test_odd_paths_reach_no_service(gateway: Gateway, path: str) -> None:
    status, headers, _ = await gateway.raw(path, SIGNED_IN)
    assert status in (400, 404) or headers["grpc-status"] == "12"
    assert gateway.arrivals() == []


@pytest.mark.parametrize("slash", ["%2f", "%2F", "%5c", "%5C"])
async def test_an_escaped_slash_is_refused_before_any_route_is_looked_for(gateway: Gateway, slash: str) -> None:
    """What comes later might undo the escape and see another path than the one that was let through."""
    for path in (f"/paas.config.v1.ConfigService{slash}ListVars", f"{LIST_VARS}{slash}x", f"{LIST_VARS}{slash}.."):
        status, _, _ = await gateway.raw(path, SIGNED_IN)
        assert status == 400, path
    assert gateway.arrivals() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS", "DELETE"])
async def test_only_post_is_routed(gateway: Gateway, method: str) -> None:
    await gateway.raw(LIST_VARS, SIGNED_IN, method=method)
    assert gateway.arrivals() == []


async def test_forged_headers_change_nothing(gateway: Gateway) -> None:
    forged = [("x-paas-identity", "forged"), ("x-paas-tenant", "other"), ("X-PaaS-Identity", "forged-again")]
    more = [("x-forwarded-for", "6.6.6.6"), ("x-envoy-retry-on", "5xx"), ("x-envoy-external-address", "6.6.6.6")]
    status, _, body = await gateway.raw(LIST_VARS, SIGNED_IN, *forged, *more)
    assert (status, ANSWER in body) == (200, True)
    (arrival,) = gateway.services["config"].arrivals
    assert arrival.metadata["x-paas-identity"] == IDENTITY
    assert "forged" not in str(arrival.metadata)
    assert "6.6.6.6" not in str(arrival.metadata)
    assert "x-paas-tenant" not in arrival.metadata
    assert "x-envoy-retry-on" not in arrival.metadata
    asked = gateway.check.requests[0].attributes
    assert asked.source.address.socket_address.address == "127.0.0.1"
    assert set(asked.request.http.headers) == {"authorization"}


async def test_a_header_with_an_underscore_is_refused(gateway: Gateway) -> None:
    status, _, _ = await gateway.raw(LIST_VARS, SIGNED_IN, ("x_paas_identity", "forged"))
    assert status == 400
    assert gateway.arrivals() == []


async def test_no_bearer_is_a_denial_and_not_an_outage(gateway: Gateway) -> None:
    code, headers = await _code(gateway, LIST_VARS)
    assert code is grpc.StatusCode.UNAUTHENTICATED
    assert "x-paas-unavailable" not in headers
    assert gateway.arrivals() == []


async def test_a_forged_identity_does_not_replace_a_bearer(gateway: Gateway) -> None:
    code, _ = await _code(gateway, LIST_VARS, ("x-paas-identity", IDENTITY))
    assert code is grpc.StatusCode.UNAUTHENTICATED
    assert gateway.arrivals() == []


async def test_without_tokens_nobody_enters_and_the_answer_says_why(gateway: Gateway) -> None:
    async with gateway.without("tokens"):
        code, headers = await _code(gateway, LIST_VARS, SIGNED_IN)
        assert code is grpc.StatusCode.UNAVAILABLE
        assert headers["x-paas-unavailable"] == "tokens"
        status, web_headers, _ = await gateway.raw(LIST_VARS, SIGNED_IN)
        assert (status, web_headers["grpc-status"], web_headers["x-paas-unavailable"]) == (200, "14", "tokens")
    assert gateway.arrivals() == []


async def test_a_slow_check_is_given_up_after_two_seconds(gateway: Gateway) -> None:
    gateway.check.delay = 8
    started = asyncio.get_running_loop().time()
    code, headers = await _code(gateway, LIST_VARS, SIGNED_IN)
    assert asyncio.get_running_loop().time() - started < 4
    assert (code, headers["x-paas-unavailable"]) == (grpc.StatusCode.UNAVAILABLE, "tokens")
    assert gateway.arrivals() == []


@pytest.mark.parametrize("name", ["x-paas-tenant", "x-other", "content-type", ":path", "grpc-timeout"])
async def test_tokens_sets_the_identity_and_no_other_header(gateway: Gateway, name: str) -> None:
    gateway.check.more_headers[name] = "set-by-tokens"
    with pytest.raises(grpc.aio.AioRpcError):
        await gateway.call(LIST_VARS, SIGNED_IN)
    assert gateway.arrivals() == []


async def test_a_dead_service_is_unavailable_and_not_the_sign_in_check(gateway: Gateway) -> None:
    async with gateway.without("config"):
        code, headers = await _code(gateway, LIST_VARS, SIGNED_IN)
    assert code is grpc.StatusCode.UNAVAILABLE
    assert "x-paas-unavailable" not in headers


async def test_another_services_certificate_is_not_accepted(gateway: Gateway) -> None:
    await gateway.servers["config"].stop(0)
    await gateway.start("config", certificate="releaser")
    try:
        code, _ = await _code(gateway, LIST_VARS, SIGNED_IN)
    finally:
        await gateway.servers["config"].stop(0)
        await gateway.start("config")
    assert code is grpc.StatusCode.UNAVAILABLE
    assert gateway.arrivals() == []


async def test_another_authoritys_certificate_is_not_accepted(gateway: Gateway, tmp_path: Path) -> None:
    ensure_certificates(tmp_path / "tls", ["config"], now=datetime.now(UTC))
    await gateway.servers["config"].stop(0)
    await gateway.start("config", tls=tmp_path / "tls")
    try:
        code, _ = await _code(gateway, LIST_VARS, SIGNED_IN)
    finally:
        await gateway.servers["config"].stop(0)
        await gateway.start("config")
    assert code is grpc.StatusCode.UNAVAILABLE
    assert gateway.arrivals() == []


async def test_what_a_service_may_have_done_is_not_done_twice(gateway: Gateway) -> None:
    gateway.services["config"].abort_with = grpc.StatusCode.UNAVAILABLE
    more = [("x-envoy-retry-grpc-on", "unavailable"), ("x-envoy-max-retries", "5")]
    code, _ = await _code(gateway, LIST_VARS, SIGNED_IN, *more)
    assert code is grpc.StatusCode.UNAVAILABLE
    assert gateway.arrivals() == [LIST_VARS]


@pytest.mark.parametrize(("error", "requests"), [(INTERNAL_ERROR, 1), (CANCEL, 1), (REFUSED_STREAM, 3)])
async def test_a_request_is_sent_again_only_where_its_service_did_not_take_it(
    gateway: Gateway, error: int, requests: int
) -> None:
    """A stream that was refused had no effect (RFC 9113, 8.7); of one that was reset otherwise nobody knows."""
    behaviour = Resetting(error)
    port = port_of("config", base_port=gateway.base_port)
    await gateway.servers["config"].stop(0)
    try:
        async with resetting(behaviour, tls=gateway.tls, name="config", port=port):
            code, _ = await _code(gateway, LIST_VARS, SIGNED_IN)
    finally:
        await gateway.start("config")
    assert (code, behaviour.requests) == (grpc.StatusCode.UNAVAILABLE, requests)


async def test_the_clients_deadline_is_kept_and_passed_on(gateway: Gateway) -> None:
    gateway.services["config"].delay = 5
    started = asyncio.get_running_loop().time()
    _, headers, _ = await gateway.raw(LIST_VARS, SIGNED_IN, ("grpc-timeout", "500m"))
    assert asyncio.get_running_loop().time() - started < 2
    assert headers["grpc-status"] == "4"
    (arrival,) = gateway.services["config"].arrivals
    assert arrival.time_left is not None
    assert arrival.time_left < 1


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
    for _ in range(120):
        lines = [json.loads(line) for line in gateway.access_log.read_text().splitlines()]
        if lines and lines[-1]["grpc_status"] == "OK" and lines[-1]["route"] == LIST_VARS[1:]:
            break
        await asyncio.sleep(0.1)
    text = gateway.access_log.read_text()
    assert planted not in text
    assert "good" not in text
    assert IDENTITY not in text
    assert lines[-1]["status"] == 200


async def test_the_bundled_envoy_accepts_the_configuration(running: Gateway) -> None:
    configuration = running.access_log.parent / "envoy.json"
    checked = await asyncio.create_subprocess_exec(
        *envoy.command(configuration), "--mode", "validate", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = (await checked.communicate())[0].decode()
    assert checked.returncode == 0, output
    assert "warn" not in output.lower()
    assert "admin" not in json.loads(configuration.read_text())
