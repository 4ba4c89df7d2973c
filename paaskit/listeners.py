"""The gRPC servers of one service: one for what users call, one for what services call, one for the sign-in check.

So one is never refused because another is full, and a network can be told who may reach which. All have mTLS, health,
reflection and the gate. Must not know what a method does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from paaskit.access import Rule, RuleError, rules_of
from paaskit.gate import ANY_SERVICE, Gate
from paaskit.limits import limits_of
from paaskit.settings import ServiceSettings, SettingsError

MAX_REQUEST_BYTES: Final = 1024 * 1024
LIVENESS: Final = "liveness"
"""The name to ask health for whether the process works, as the empty name does; what restarts it asks for this."""
READINESS: Final = "readiness"
"""The name to ask health for whether it can do its work now, with its database; what sends it work asks for this."""
# An identity limited to a hundred apps with long names has 11 KiB; grpc's own limit is 8.
_MAX_METADATA_BYTES: Final = 16 * 1024
# The gate refuses users before, with words; this is for what it doesn't count.
_MAX_CONCURRENT_CALLS: Final = 4000
_INTERNAL: Final = "InternalService"
_OUR_OWN: Final = {
    "/grpc.health.v1.Health/Check": ANY_SERVICE,
    "/grpc.health.v1.Health/Watch": ANY_SERVICE,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": ANY_SERVICE,
}


@dataclass(frozen=True)
class Exposed:
    """One proto service with the object that implements it; `listen` is the address of a server of its own, if any."""

    descriptor: ServiceDescriptor
    register: Callable[[Any, grpc.aio.Server], None]
    servicer: Any
    listen: str = ""

    @property
    def internal(self) -> bool:
        """Whether services call it, and not users."""
        return self.descriptor.name.endswith(_INTERNAL)

    @property
    def has_streams(self) -> bool:
        """Whether a method of it answers with a stream."""
        return any(method.server_streaming for method in self.descriptor.methods)

    def address(self, settings: ServiceSettings) -> str:
        """Where it is served."""
        return self.listen or ("" if self.internal else settings.public_listen) or settings.listen


class Listeners:
    """The servers of one service."""

    def __init__(self, servers: Sequence[grpc.aio.Server], gate: Gate, statuses: Sequence[Any]) -> None:
        self._servers = servers
        self._gate = gate
        self._statuses = statuses
        self._leaving = False
        self._ready = False

    @property
    def ready(self) -> bool:
        """Whether work should be sent here: what `set_ready` said last, and not any more once this process ends."""
        return self._ready and not self._leaving

    async def start(self) -> None:
        """Begin to answer. Alive at once; ready when `set_ready` says so."""
        for server in self._servers:
            await server.start()
        await self._set(("", LIVENESS), serving=True)

    async def set_ready(self, *, ready: bool) -> None:
        """Say whether work should be sent here. Not any more once this process ends."""
        self._ready = ready
        await self._set((READINESS,), serving=self.ready)

    async def stop(self, grace: float) -> None:
        """Take no more calls; return when those under way have ended or `grace` seconds have passed."""
        for server in self._servers:
            await server.stop(grace)
        await self._gate.finish()

    async def leave(self) -> None:
        """Say that this process ends."""
        self._leaving = True
        await self._set(("", LIVENESS, READINESS), serving=False)

    async def _set(self, names: Iterable[str], *, serving: bool) -> None:
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for each in self._statuses:
            for name in names:
                await each.set(name, status)


def build_listeners(
    settings: ServiceSettings,
    exposed: Sequence[Exposed],
    *,
    foreign_rules: Mapping[str, Rule],
    make_gate: Callable[..., Gate],
    watched: bool,
) -> Listeners:
    """Return the servers, ready to start. Raises RuleError or SettingsError where they must not.

    `watched` is whether the streams of users end with their tokens.
    """
    if not watched and any(each.has_streams and not each.internal for each in exposed):
        raise RuleError("users' streams would go on after their tokens ended")
    rules = rules_of((each.descriptor for each in exposed), foreign=foreign_rules) | _OUR_OWN
    gate = make_gate(rules, limits=limits_of(each.descriptor for each in exposed))
    at: dict[str, list[Exposed]] = {settings.listen: []}
    for each in exposed:
        at.setdefault(each.address(settings), []).append(each)
    statuses = [health.aio.HealthServicer() for _ in at]
    servers = [
        _server(settings, address, some, gate=gate, status=status)
        for (address, some), status in zip(at.items(), statuses, strict=True)
    ]
    return Listeners(servers, gate, statuses)


def _server(
    settings: ServiceSettings, address: str, exposed: Sequence[Exposed], *, gate: Gate, status: Any
) -> grpc.aio.Server:
    server = grpc.aio.server(
        interceptors=[gate],
        maximum_concurrent_rpcs=_MAX_CONCURRENT_CALLS,
        options=[
            ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
            ("grpc.max_metadata_size", _MAX_METADATA_BYTES),
            ("grpc.so_reuseport", 0),
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ],
    )
    for each in exposed:
        each.register(each.servicer, server)
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    names = [each.descriptor.full_name for each in exposed]
    reflection.enable_server_reflection([*names, health.SERVICE_NAME, reflection.SERVICE_NAME], server)
    credentials = grpc.ssl_server_credentials(
        [(settings.tls_key_file.read_bytes(), settings.tls_cert_file.read_bytes())],
        root_certificates=settings.tls_ca_file.read_bytes(),
        require_client_auth=True,
    )
    try:
        server.add_secure_port(address, credentials)
    except RuntimeError:
        raise SettingsError(f"{address} cannot be listened on; is another program there?") from None
    return server
