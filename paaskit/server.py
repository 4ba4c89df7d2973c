"""Serving: a service's gRPC servers and what runs beside them, until SIGTERM.

A server with a method that lacks an access rule, or a certificate file that is missing, does not start.
"""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

import structlog
import uvloop
from google.protobuf.internal import api_implementation
from paas.operations.v1 import operations_pb2, operations_pb2_grpc

from paaskit import metrics, operations, process_memory
from paaskit.access import Rule
from paaskit.audit import Record
from paaskit.background import end_background
from paaskit.gate import Bulkheads, Gate, Sessions, Shares
from paaskit.identity import IdentityVerifier
from paaskit.listeners import Exposed, Listeners, build_listeners
from paaskit.logs import configure_logs, describe_exception, refuse_traces_of_grpc
from paaskit.outbox import Outbox
from paaskit.settings import ServiceSettings, SettingsError
from paaskit.traces import Tracer, exported

_GRACE_SECONDS: Final = 4.0
_LOOK_EVERY_SECONDS: Final = 1.0
_DOUBTS: Final = 2
# Objects made and kept between two looks for cycles of them; Python's own 700 is soon there under load, and nearly
# nothing that a request makes is in a cycle.
_COLLECT_AFTER: Final = 20_000

log = structlog.get_logger()

Ready = Callable[[], Awaitable[bool]]


class Told(Protocol):
    """Whoever is to know whether a process can do its work."""

    async def __call__(self, *, ready: bool) -> None:
        """Know it."""


Background = Callable[[], Coroutine[Any, Any, None]]
"""Work that goes on for as long as the server does."""


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """What a composition root builds: what is served, who is admitted, what runs beside it, how it ends."""

    exposed: Sequence[Exposed]
    verifier: IdentityVerifier | None
    record: Record | None
    background: Mapping[str, Background]
    ready: Ready
    """Whether the service can do its work now."""
    close: Callable[[], Awaitable[None]]
    foreign_rules: Mapping[str, Rule]
    """Rules of methods whose proto is not ours and can't carry one."""
    sessions: Sessions | None = None
    """What ends users' streams with their tokens, where there are such streams."""
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
        ours = {"sessions": self.sessions.run} if self.sessions is not None else {}
        return {**self.background, **ours, **({} if self.outbox is None else {"outbox": self.outbox.run})}


def _operations(outbox: Outbox) -> Exposed:
    return Exposed(
        operations_pb2.DESCRIPTOR.services_by_name["OperationsInternalService"],
        operations_pb2_grpc.add_OperationsInternalServiceServicer_to_server,
        operations.OperationsInternalServicer(outbox),
    )


def run(service: str, settings: ServiceSettings, assemble: Callable[[], Awaitable[Assembly]]) -> int:
    """Serve until SIGTERM or SIGINT and return the exit code. Call from `__main__`. Raises SettingsError."""
    refuse_traces_of_grpc(os.environ)
    configure_logs(service=service, level=settings.log_level)
    process_memory.keep_private()
    if api_implementation.Type() != "upb":
        raise SettingsError("protobuf runs without its C implementation; reinstall it from its binary package")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(service, settings, assemble))


async def _serve(service: str, settings: ServiceSettings, assemble: Callable[[], Awaitable[Assembly]]) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with exported(settings.traces_endpoint, service=service) as tracer:
        assembly = await assemble()
        listeners = build_server(settings, assembly, tracer=tracer)
        await _serve_until(stopping, settings, assembly, listeners)
    return 0


async def _serve_until(
    stopping: asyncio.Event, settings: ServiceSettings, assembly: Assembly, listeners: Listeners
) -> None:
    readiness: Background = partial(watch_readiness, assembly.ready, listeners.set_ready)
    background = {**assembly.all_background, "readiness": readiness}
    collect_seldom()
    tasks = [asyncio.create_task(_keep_running(name, work)) for name, work in background.items()]
    try:
        async with metrics.served(settings.metrics_listen, ready=lambda: listeners.ready):
            await listeners.start()
            log.info("serving", address=settings.listen)
            await stopping.wait()
            log.info("stopping")
            await listeners.leave()
            # grpc cancels what comes to a server that stops, so nothing should: others have to learn of it first.
            await asyncio.sleep(settings.drain_seconds)
            assembly.stopping()
            await listeners.stop(_GRACE_SECONDS)
    finally:
        await end_background(tasks)
        await assembly.close()


def collect_seldom() -> None:
    """Look for cycles of garbage less often, and never again among what there is now: it stays until the process ends.

    It was some three per cent of what config did under load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


def build_server(settings: ServiceSettings, assembly: Assembly, *, tracer: Tracer | None = None) -> Listeners:
    """Return the servers, ready to start. Raises RuleError or SettingsError where they must not."""
    return build_listeners(
        settings,
        assembly.everything_exposed,
        foreign_rules=assembly.foreign_rules,
        make_gate=partial(
            Gate,
            verifier=assembly.verifier,
            record=assembly.record,
            bulkheads=Bulkheads(Shares()),
            sessions=assembly.sessions,
            tracer=tracer,
        ),
        watched=assembly.sessions is not None,
    )


async def watch_readiness(ready: Ready, told: Told) -> None:
    """Say again and again whether a process can do its work: it stays alive without its database, but isn't ready.

    Once it was, it is taken for ready until two looks in a row say otherwise: a database that ends its sessions, as
    in a failover, is there again at the next.
    """
    doubts = _DOUBTS
    while True:
        doubts = 0 if await ready() else doubts + 1
        metrics.READY.set(doubts < _DOUBTS)
        await told(ready=doubts < _DOUBTS)
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


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
