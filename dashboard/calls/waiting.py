"""Calls for code that waits for them, and so runs in a thread: what is shared with the command line asks like that."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol, TypeVar

from google.rpc import code_pb2
from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from dashboard.calls.caller import PATIENCE_SECONDS, Caller
from dashboard.calls.refusals import Refusal
from paas_cli.incident.source import Answer
from paas_transport.grpcweb import Encodable
from transparency.encoding import HASH_SIZE
from transparency.failures import Misfit, NotServed
from transparency.tiles.bundles import LARGEST_BUNDLE
from transparency.tiles.paths import WIDTH, Bundle, parsed

# Longer than a call may take: a thread waits for no loop that is gone.
_LONGEST: Final = 2 * PATIENCE_SECONDS
_GONE: Final = "Whoever asked for this page has left it."
_SLOW: Final = "It takes too long just now; try again in a moment."

# What heals is asked again after these many seconds, as the command line does.
_PAUSES: Final = (0.2, 1.0, 3.0)
_HEALS: Final = (code_pb2.UNAVAILABLE, code_pb2.RESOURCE_EXHAUSTED)

T = TypeVar("T")


class Asks(Protocol):
    """Asks the gateway as one person. Raises Refusal."""

    async def ask(self, path: str, request: Encodable, answer: type[Answer], /) -> Answer:
        """Ask `path` something."""

    async def file(self, path: str, /) -> bytes:
        """Return a file of the log. Raises Misfit where it is too large."""


class Waiting:
    """Calls of one person, made where one waits for them: a `paas_cli.incident.source.Source`.

    It may be shared by threads. Once it has ended, nothing more is asked. What heals is asked again, after `sleep`.
    """

    def __init__(self, caller: Asks, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._caller = caller
        self._sleep = sleep
        self._loop = asyncio.get_running_loop()
        self._has_ended = False

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def read(self, path: str, request: Encodable, answer: type[Answer], /) -> Answer:
        """Ask. Raises Refusal."""
        return self._waited(lambda: self._caller.ask(path, request, answer))

    def find(self, path: str, request: Encodable, answer: type[Answer], /) -> Answer | None:
        """Ask; None where it is not there. Raises Refusal."""
        try:
            return self.read(path, request, answer)
        except Refusal as refusal:
            if refusal.code == code_pb2.NOT_FOUND:
                return None
            raise

    def file(self, path: str) -> bytes:
        """Return a file of the log: a `Fetch`. Raises NotServed, Misfit where it is too large, and Refusal."""
        try:
            return self._waited(lambda: self._caller.file(path))
        except Refusal as refusal:
            if refusal.code == code_pb2.NOT_FOUND:
                raise NotServed(path) from None
            raise

    def end(self) -> None:
        """Have nothing more asked."""
        self._has_ended = True

    def _waited(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        for pause in _PAUSES:
            try:
                return self._once(ask)
            except Refusal as refusal:
                if refusal.code not in _HEALS:
                    raise
            self._sleep(pause)
        return self._once(ask)

    def _once(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._has_ended:
            raise Refusal(code=code_pb2.CANCELLED, sentence=_GONE)
        future = asyncio.run_coroutine_threadsafe(ask(), self._loop)
        try:
            return future.result(_LONGEST)
        except TimeoutError:
            future.cancel()
            raise Refusal(code=code_pb2.DEADLINE_EXCEEDED, sentence=_SLOW) from None


class _OfCaller:
    """What a caller is asked."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def ask(self, path: str, request: Encodable, answer: type[Answer], /) -> Answer:
        return await self._caller.ask(path, request, answer)

    async def file(self, path: str, /) -> bytes:
        stub = audit_pb2_grpc.AuditServiceStub(self._caller.channel)
        most = LARGEST_BUNDLE if isinstance(parsed(path), Bundle) else WIDTH * HASH_SIZE
        content = bytearray()
        async for piece in self._caller.stream(stub.ReadLogFile, audit_pb2.ReadLogFileRequest(path=path)):
            content += piece.body.data
            if len(content) > most:
                raise Misfit(f"{path} is larger than it may be", path=path)
        return bytes(content)


async def in_thread(caller: Caller, work: Callable[[Waiting], T]) -> T:
    """Do work that waits for calls. Where nobody waits for it any more it ends with the call it is at."""
    waiting = Waiting(_OfCaller(caller))
    try:
        return await asyncio.to_thread(work, waiting)
    finally:
        waiting.end()
