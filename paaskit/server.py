"""Serving: a gRPC server with mTLS, health, reflection and the gate, until SIGTERM.

A server with a method that lacks an access rule, or a certificate file that is missing, does not start.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import grpc
import structlog
import uvloop
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.internal import api_implementation
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from paas.operations.v1 import operations_pb2, operations_pb2_grpc

from paaskit import metrics, operations, process_memory
from paaskit.access import Rule, rules_of
from paaskit.identity import IdentityVerifier
from paaskit.interceptors import ANY_SERVICE, Gate, Record
from paaskit.limits import limits_of
from paaskit.logs import configure_logs, describe_exception
from paaskit.outbox import Outbox
from paaskit.settings import ServiceSettings, SettingsError

MAX_REQUEST_BYTES: Final = 1024 * 1024
# An identity limited to a hundred apps with long names has 11 KiB; grpc's own limit is 8.
_MAX_METADATA_BYTES: Final = 16 * 1024
_GRACE_SECONDS: Final = 4.0
_ASK_AGAIN_SECONDS: Final = 2.0
_MAX_CONCURRENT_REQUESTS: Final = 1000

log = structlog.get_logger()

Background = Callable[[], Coroutine[Any, Any, None]]
"""Work that goes on for as long as the server does."""


@dataclass(frozen=True)
class Exposed:
    """One proto service with the object that implements it."""

    descriptor: ServiceDescriptor
    register: Callable[[Any, grpc.aio.Server], None]
    servicer: Any


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """What a composition root builds: what is served, who is admitted, what runs beside it, how it ends."""

    exposed: Sequence[Exposed]
    verifier: IdentityVerifier | None
    record: Record | None
    background: Mapping[str, Background]
    close: Callable[[], Awaitable[None]]
    foreign_rules: Mapping[str, Rule]
    """Rules of methods whose proto is not ours and can't carry one."""
    outbox: Outbox | None = None
    """The outbox of a service that has one: it is watched, and its operator may ask about it."""
    stopping: Callable[[], None] = lambda: None
    """Called before the server waits for requests to end, so that streams without an end of their own end now."""

    @property
    def everything_exposed(self) -> Sequence[Exposed]:
        """What is served, with what every service has."""
        return self.exposed if self.outbox is None else [*self.exposed, _operations(self.outbox)]

    @property
    def all_background(self) -> Mapping[str, Background]:
        """What runs beside the server, with what every service has."""
        return self.background if self.outbox is None else {**self.background, "outbox": self.outbox.run}


def _operations(outbox: Outbox) -> Exposed:
    return Exposed(
        operations_pb2.DESCRIPTOR.services_by_name["OperationsInternalService"],
        operations_pb2_grpc.add_OperationsInternalServiceServicer_to_server,
        operations.OperationsInternalServicer(outbox),
    )


def run(service: str, settings: ServiceSettings, assemble: Callable[[], Awaitable[Assembly]]) -> int:
    """Serve until SIGTERM or SIGINT and return the exit code. Call from `__main__`."""
    configure_logs(service=service, level=settings.log_level)
    process_memory.keep_private()
    if api_implementation.Type() != "upb":
        raise SettingsError("protobuf runs without its C implementation; reinstall it from its binary package")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings, assemble))


async def _serve(settings: ServiceSettings, assemble: Callable[[], Awaitable[Assembly]]) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    assembly = await assemble()
    server, gate, status = build_server(settings, assembly)
    tasks = [asyncio.create_task(_keep_running(name, work)) for name, work in assembly.all_background.items()]
    try:
        async with metrics.served(settings.metrics_listen):
            await server.start()
            await status.set("", health_pb2.HealthCheckResponse.SERVING)
            log.info("serving", address=settings.listen)
            await stopping.wait()
            log.info("stopping")
            await status.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
            assembly.stopping()
            await server.stop(_GRACE_SECONDS)
            await gate.finish()
    finally:
        await end_background(tasks)
        await assembly.close()
    return 0


async def end_background(tasks: Collection["asyncio.Task[None]"]) -> None:
    """Cancel what runs beside the server and return once it has ended, however it did.

    One that goes on is asked again: before Python 3.12 `asyncio.wait_for`, which psycopg's pool waits with, loses a
    cancellation that comes at the very moment of what it waits for, and the service would never stop.
    """
    going: set[asyncio.Task[None]] = set(tasks)
    while going:
        for task in going:
            task.cancel()
        _, going = await asyncio.wait(going, timeout=_ASK_AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)


def build_server(settings: ServiceSettings, assembly: Assembly) -> tuple[grpc.aio.Server, Gate, Any]:
    """Return the server, ready to start. Raises RuleError or SettingsError where it must not."""
    exposed = assembly.everything_exposed
    rules = rules_of((each.descriptor for each in exposed), foreign=assembly.foreign_rules) | _OUR_OWN
    gate = Gate(
        rules, limits=limits_of(each.descriptor for each in exposed), verifier=assembly.verifier, record=assembly.record
    )
    server = grpc.aio.server(
        interceptors=[gate],
        maximum_concurrent_rpcs=_MAX_CONCURRENT_REQUESTS,
        options=[
            ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
            ("grpc.max_metadata_size", _MAX_METADATA_BYTES),
            ("grpc.so_reuseport", 0),
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ],
    )
    for each in exposed:
        each.register(each.servicer, server)
    status = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    names = [each.descriptor.full_name for each in exposed]
    reflection.enable_server_reflection([*names, health.SERVICE_NAME, reflection.SERVICE_NAME], server)
    credentials = grpc.ssl_server_credentials(
        [(settings.tls_key_file.read_bytes(), settings.tls_cert_file.read_bytes())],
        root_certificates=settings.tls_ca_file.read_bytes(),
        require_client_auth=True,
    )
    try:
        server.add_secure_port(settings.listen, credentials)
    except RuntimeError:
        raise SettingsError(
            f"PAAS_LISTEN: {settings.listen} cannot be listened on; is another program there?"
        ) from None
    return server, gate, status


_OUR_OWN: Final = {
    "/grpc.health.v1.Health/Check": ANY_SERVICE,
    "/grpc.health.v1.Health/Watch": ANY_SERVICE,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": ANY_SERVICE,
}


async def _keep_running(name: str, work: Background) -> None:
    """Run background work again whenever it fails; a service without it would look well and lose things."""
    while True:
        try:
            await work()
        except Exception as error:
            log.error("background_failed", task=name, **describe_exception(error))
        await asyncio.sleep(1)


def main(service: str, start: Callable[[], int]) -> None:
    """Run `start` and exit with its code; a setting that is wrong is one sentence on standard error."""
    try:
        sys.exit(start())
    except (SettingsError, OSError) as error:
        print(f"{service}: {error}", file=sys.stderr)
        sys.exit(1)
