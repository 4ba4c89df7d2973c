"""A server with the gate around methods that do what a test says."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

from paaskit.access import rules_of
from paaskit.audit import AuditEvent
from paaskit.clock import utc_now
from paaskit.gate import Bulkheads, Gate, Sessions, Shares
from paaskit.gate.sessions import TokenKey
from paaskit.identity import IdentityVerifier
from paaskit.limits import limits_of
from paaskit.traces import Tracer
from tests.fakes.neighbours import Signer
from tests.fixtures.serving import free_address
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE

LIST_VARS = "/paas.config.v1.ConfigService/ListVars"
SET_VARS = "/paas.config.v1.ConfigService/SetVars"
RESOLVE_APP = "/paas.config.v1.ConfigInternalService/ResolveApp"
WATCH = "/paas.releaser.v1.ReleaserService/WatchRelease"

Work = Callable[[Any], Awaitable[Any]]


@dataclass
class Gated:
    """The running server. `work` is what every method does; `requests` what reached it.

    The stream sends what `work` gives so many times as `backlog` says; `sent` counts.
    """

    address: str
    gate: Gate
    signer: Signer
    tls: Certificates
    sessions: Sessions
    requests: list[Any] = field(default_factory=list)
    denials: list[AuditEvent] = field(default_factory=list)
    ended: set[TokenKey] = field(default_factory=set)
    work: Work | None = None
    backlog: int = 1
    sent: int = 0

    async def do(self, request: Any, answer: Any) -> Any:
        """What a method of the servicers here does."""
        self.requests.append(request)
        return answer if self.work is None else await self.work(answer)

    async def call(self, path: str, raw: bytes, *, metadata: Any = None, caller: str = "gateway") -> bytes:
        """One unary call with the bytes given. Raises grpc.aio.AioRpcError."""
        async with self.tls.channel(self.address, service="config", caller=caller) as channel:
            unary: Any = channel.unary_unary(path)
            metadata = self.signer.user() if metadata is None else metadata
            return bytes(await unary(raw, metadata=metadata, timeout=PATIENCE))

    async def refused(self, path: str, raw: bytes, *, metadata: Any = None, caller: str = "gateway") -> Any:
        """The error that such a call ends with."""
        try:
            await self.call(path, raw, metadata=metadata, caller=caller)
        except grpc.aio.AioRpcError as error:
            return error
        raise AssertionError("the call was answered")


def _handlers(gated: Gated) -> Iterator[grpc.GenericRpcHandler]:
    """Four methods: of users, of services, a stream."""
    answers: dict[str, tuple[Any, Any]] = {
        LIST_VARS: (config_pb2.ListVarsRequest, config_pb2.ListVarsResponse(version=1)),
        SET_VARS: (config_pb2.SetVarsRequest, config_pb2.SetVarsResponse(change=config_pb2.Change(version=1))),
        RESOLVE_APP: (config_pb2.ResolveAppRequest, config_pb2.ResolveAppResponse(app_id="a1")),
    }
    for path, (request, answer) in answers.items():
        yield _generic(path, grpc.unary_unary_rpc_method_handler, _unary(gated, answer), request)
    yield _generic(WATCH, grpc.unary_stream_rpc_method_handler, _stream(gated), releaser_pb2.WatchReleaseRequest)


def _unary(gated: Gated, answer: Any) -> Any:
    async def method(request: Any, _context: Any) -> Any:
        return await gated.do(request, answer)

    return method


def _stream(gated: Gated) -> Any:
    async def method(request: Any, _context: Any) -> AsyncIterator[Any]:
        yield releaser_pb2.WatchReleaseResponse()
        answer = await gated.do(request, releaser_pb2.WatchReleaseResponse())
        for _ in range(gated.backlog):
            yield answer
            gated.sent += 1

    return method


def _generic(path: str, make: Any, method: Any, request: Any) -> grpc.GenericRpcHandler:
    _, service, name = path.split("/")
    handler = make(method, request.FromString, lambda answer: answer.SerializeToString())
    return grpc.method_handlers_generic_handler(service, {name: handler})


@asynccontextmanager
async def gated_server(
    tls: Certificates, *, shares: Shares | None = None, tracer: Tracer | None = None
) -> AsyncIterator[Gated]:
    """Serve with the rules of the protos, as the service `config`."""
    signer, address, files = Signer(), free_address(), tls.settings("config")

    async def keys() -> Mapping[str, Ed25519PublicKey]:
        return {"k1": signer.key.public_key()}

    async def record(event: AuditEvent) -> None:
        gated.denials.append(event)

    services = [
        config_pb2.DESCRIPTOR.services_by_name["ConfigService"],
        config_pb2.DESCRIPTOR.services_by_name["ConfigInternalService"],
        releaser_pb2.DESCRIPTOR.services_by_name["ReleaserService"],
    ]
    rules, limits = rules_of(services, foreign={}), limits_of(services)

    async def ended(keys: Collection[TokenKey]) -> Collection[TokenKey]:
        return [key for key in keys if key in gated.ended]

    sessions = Sessions(ended)
    gate = Gate(
        rules,
        limits=limits,
        verifier=IdentityVerifier(keys, clock=utc_now),
        record=record,
        bulkheads=Bulkheads(shares or Shares()),
        sessions=sessions,
        tracer=tracer,
    )
    gated = Gated(address, gate, signer, tls, sessions)
    server = grpc.aio.server(interceptors=[gate])
    server.add_generic_rpc_handlers(tuple(_handlers(gated)))
    credentials = grpc.ssl_server_credentials(
        [(files.tls_key_file.read_bytes(), files.tls_cert_file.read_bytes())],
        root_certificates=files.tls_ca_file.read_bytes(),
        require_client_auth=True,
    )
    server.add_secure_port(address, credentials)
    await server.start()
    try:
        yield gated
    finally:
        await server.stop(1)
        await gate.finish()
