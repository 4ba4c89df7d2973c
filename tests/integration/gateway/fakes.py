"""Servers of twenty lines behind a real Envoy: they answer anything and remember what reached them."""

import asyncio
import functools
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import hpack
from envoy.config.core.v3 import base_pb2
from envoy.service.auth.v3 import external_auth_pb2, external_auth_pb2_grpc
from envoy.type.v3 import http_status_pb2
from google.rpc import status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

ANSWER = b"\x0a\x06answer"
GOOD_TOKEN = "Bearer good"
IDENTITY = "signed-by-tokens"


@dataclass(frozen=True)
class Arrival:
    """One call that reached a service."""

    path: str
    metadata: dict[str, str]
    # Seconds that were left when it arrived; None without a deadline.
    time_left: float | None
    message: bytes = b""


@dataclass
class FakeService(grpc.GenericRpcHandler):
    """Answers every method, known or not, so that only the gateway can be what refuses one."""

    arrivals: list[Arrival] = field(default_factory=list)
    delay: float = 0
    abort_with: grpc.StatusCode | None = None
    abort_details: bytes | None = None
    """A google.rpc.Status that comes along."""
    streaming: frozenset[str] = frozenset()
    begun: list[str] = field(default_factory=list)
    """The paths of calls whose headers came, with a message or without one."""
    answers: dict[str, bytes] = field(default_factory=dict)
    """What is answered to calls of some paths, where it has to be a message of theirs."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any] | None":
        path = handler_call_details.method
        self.begun.append(path)
        if path in self.streaming:
            return grpc.unary_stream_rpc_method_handler(functools.partial(self._stream, path))
        return grpc.unary_unary_rpc_method_handler(functools.partial(self._unary, path))

    async def _unary(self, path: str, request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        self._remember(path, context, request)
        await asyncio.sleep(self.delay)
        if self.abort_with is not None:
            details = self.abort_details
            await context.abort(
                self.abort_with, "as told", () if details is None else (("grpc-status-details-bin", details),)
            )
        return self.answers.get(path, ANSWER)

    async def _stream(
        self, path: str, request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]
    ) -> AsyncIterator[bytes]:
        self._remember(path, context, request)
        for _ in range(3):
            yield ANSWER

    def _remember(self, path: str, context: grpc.aio.ServicerContext[bytes, bytes], message: bytes) -> None:
        metadata = {key: value if isinstance(value, str) else "" for key, value in context.invocation_metadata() or ()}
        self.arrivals.append(Arrival(path, metadata, context.time_remaining(), message))


class FakeSignInCheck(external_auth_pb2_grpc.AuthorizationServicer):  # type: ignore[misc]  # Envoy's modules have no types
    """Knows one good bearer; says what it was asked and can be told to be slow."""

    def __init__(self) -> None:
        self.requests: list[external_auth_pb2.CheckRequest] = []
        self.delay: float = 0
        self.more_headers: dict[str, str] = {}
        self.holds_seconds: float | None = None
        self.identity = IDENTITY

    async def Check(  # noqa: N802 - the contract's name
        self, request: external_auth_pb2.CheckRequest, context: object
    ) -> external_auth_pb2.CheckResponse:
        self.requests.append(request)
        await asyncio.sleep(self.delay)
        if request.attributes.request.http.headers.get("authorization") != GOOD_TOKEN:
            return external_auth_pb2.CheckResponse(
                status=status_pb2.Status(code=grpc.StatusCode.UNAUTHENTICATED.value[0]),
                denied_response=external_auth_pb2.DeniedHttpResponse(
                    status=http_status_pb2.HttpStatus(code=http_status_pb2.Unauthorized), body="Not signed in."
                ),
            )
        headers = [
            base_pb2.HeaderValueOption(
                header=base_pb2.HeaderValue(key=key, value=value),
                append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
            )
            for key, value in {"x-paas-identity": self.identity, **self.more_headers}.items()
        ]
        answer = external_auth_pb2.OkHttpResponse(headers=headers, headers_to_remove=["authorization"])
        response = external_auth_pb2.CheckResponse(ok_response=answer)
        if self.holds_seconds is not None:
            response.dynamic_metadata.update({"identity": self.identity, "holds_seconds": self.holds_seconds})
        return response


@dataclass
class Resetting:
    """HTTP/2 by hand (RFC 9113): takes each request to its end, counts it, and resets its stream with `error`.

    Asked how it is, it says that it is well: a service that isn't would be sent no request.
    """

    error: int
    requests: int = 0
    asked_how_it_is: int = 0
    connections: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(writer)
        read, write = hpack.Decoder(), hpack.Encoder()
        looks: set[bytes] = set()
        with suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            await reader.readexactly(len(_PREFACE))
            writer.write(_frame(_SETTINGS, b""))
            while True:
                head = await reader.readexactly(9)
                payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
                kind, flags, stream = head[3], head[4], head[5:]
                if kind == _SETTINGS and not flags & _ACK:
                    writer.write(_frame(_SETTINGS, b"", flags=_ACK))
                if kind == _HEADERS and _path_of(read.decode(payload)) == _HOW_ARE_YOU:
                    looks.add(stream)
                if kind in (_DATA, _HEADERS) and flags & _END_STREAM:
                    if stream in looks:
                        self._is_well(writer, write, stream)
                    else:
                        self.requests += 1
                        writer.write(_frame(_RST_STREAM, self.error.to_bytes(4, "big"), stream=stream))

    def _is_well(self, writer: asyncio.StreamWriter, write: hpack.Encoder, stream: bytes) -> None:
        self.asked_how_it_is += 1
        message = health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING).SerializeToString()
        head = write.encode([(":status", "200"), ("content-type", "application/grpc")])
        writer.write(_frame(_HEADERS, head, flags=_END_HEADERS, stream=stream))
        writer.write(_frame(_DATA, b"\0" + len(message).to_bytes(4, "big") + message, stream=stream))
        trailers = write.encode([("grpc-status", "0")])
        writer.write(_frame(_HEADERS, trailers, flags=_END_HEADERS | _END_STREAM, stream=stream))


def _path_of(headers: Iterable[tuple[str | bytes, str | bytes]]) -> str | bytes:
    return next((value for name, value in headers if name == ":path"), "")


_HOW_ARE_YOU = "/grpc.health.v1.Health/Check"
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS = 0, 1, 3, 4
_END_STREAM = _ACK = 1
_END_HEADERS = 4


def _frame(kind: int, payload: bytes, *, flags: int = 0, stream: bytes = bytes(4)) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream + payload


@asynccontextmanager
async def resetting(behaviour: Resetting, *, tls: Path, name: str, port: int) -> AsyncIterator[None]:
    """Serve it on 127.0.0.1 with the certificate of `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / f"{name}.pem", tls / f"{name}.key")
    context.set_alpn_protocols(["h2"])
    server = await asyncio.start_server(behaviour, "127.0.0.1", port, ssl=context)
    try:
        yield
    finally:
        server.close()
        for connection in behaviour.connections:
            connection.close()


async def serve(
    handler: FakeService, *, tls: Path, name: str, port: int, check: FakeSignInCheck | None = None
) -> grpc.aio.Server:
    """A server on 127.0.0.1 with the certificate of `name`, asking its callers for theirs."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    health_pb2_grpc.add_HealthServicer_to_server(status := health.aio.HealthServicer(), server)
    await status.set("readiness", health_pb2.HealthCheckResponse.SERVING)
    if check is not None:
        external_auth_pb2_grpc.add_AuthorizationServicer_to_server(check, server)
    server.add_generic_rpc_handlers((handler,))
    pair = ((tls / f"{name}.key").read_bytes(), (tls / f"{name}.pem").read_bytes())
    credentials = grpc.ssl_server_credentials([pair], (tls / "ca.pem").read_bytes(), require_client_auth=True)
    assert server.add_secure_port(f"127.0.0.1:{port}", credentials) == port
    await server.start()
    return server
