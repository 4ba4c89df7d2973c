"""The fake Cloud KMS as a gRPC server on this machine, with threads of its own, so that any test can have one.

    with FakeCloudKms() as kms:
        ... kms.endpoint ...
        with kms.wrong(Fault(method="Decrypt", what="is away", status=grpc.StatusCode.UNAVAILABLE)):
            ...
        kms.stop(); kms.start()    # at the same address, with the same keys

A refused call says in its text what real ones could say: names, and what was sent.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import inf
from socket import socket
from typing import Any, Final, Self

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2

from local.ports import HOST, reserve
from tests.fakes.cloud_kms.faults import CANARY, Fault
from tests.fakes.cloud_kms.keys import Keys, Refusal
from tests.fakes.cloud_kms.messages import METHODS, SERVICE
from tests.fixtures.waiting import PATIENCE

KEY_RING: Final = "projects/fake/locations/global/keyRings/paas"
REASON: Final = "FAKE_REASON"
_GARBLED: Final = b"\xff" * 9


class FakeCloudKms:
    """Implements google.cloud.kms.v1.KeyManagementService, as far as it is used, and counts the calls.

    Served without TLS, or with `credentials`.
    """

    def __init__(self, credentials: grpc.ServerCredentials | None = None) -> None:
        self.keys = Keys(KEY_RING)
        self.bearers: set[str] = set()
        """What callers showed for who they are; it is not looked at."""
        self.calls: Counter[str] = Counter()
        self.at_once: Counter[str] = Counter()
        self.patience: list[float] = []
        """How many seconds each caller would have waited, infinity where it gave no deadline."""
        self.endpoint = ""
        self._reserved: socket | None = None
        self._credentials = credentials
        self._server: grpc.Server | None = None
        self._fault: Fault | None = None
        self._hits = 0
        self._over = threading.Event()
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._reserved is not None:
            self._reserved.close()

    def start(self) -> None:
        """Serve; the second time at the address of the first, which nobody else is given meanwhile."""
        if self._reserved is None:
            self._reserved = reserve(0)
            assert self._reserved is not None, "no port is free"
            self.endpoint = f"{HOST}:{self._reserved.getsockname()[1]}"
        server = grpc.server(ThreadPoolExecutor(max_workers=16), options=[("grpc.so_reuseport", 0)])
        handlers: dict[str, Any] = {
            method: grpc.unary_unary_rpc_method_handler(
                self._answering(method),
                request_deserializer=asked.FromString,
            )
            for method, (asked, _) in METHODS.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        if self._credentials is None:
            server.add_insecure_port(self.endpoint)
        else:
            server.add_secure_port(self.endpoint, self._credentials)
        server.start()
        self._server = server

    def stop(self) -> None:
        """Be gone at once, with whatever is under way."""
        if self._server is not None:
            self._over.set()
            self._server.stop(0).wait()
            self._server = None

    def ask(self, method: str, **fields: object) -> Any:
        """Call a method as an administrator does, with Google's messages over a channel. Raises grpc.RpcError."""
        asked, answered = METHODS[method]
        with grpc.insecure_channel(self.endpoint) as channel:
            call = channel.unary_unary(
                f"/{SERVICE}/{method}",
                request_serializer=asked.SerializeToString,
                response_deserializer=answered.FromString,
            )
            return call(asked(**fields), timeout=PATIENCE)

    @contextmanager
    def wrong(self, fault: Fault) -> Iterator[None]:
        """Have this fault until the end of the block, and see that it happened."""
        with self._lock:
            self._fault, self._hits = fault, 0
            self._over = threading.Event()
        try:
            yield
        finally:
            with self._lock:
                self._fault, hits = None, self._hits
            self._over.set()
        assert hits, f"nothing called {fault.method}"

    def _answering(self, method: str) -> Callable[[Any, grpc.ServicerContext], Any]:
        work = getattr(self.keys, _snake(method))

        def answer(asked: Any, context: grpc.ServicerContext) -> Any:
            self.patience.append(inf if context.time_remaining() is None else context.time_remaining())
            self.bearers |= {str(value) for name, value in context.invocation_metadata() if name == "authorization"}
            fault = self._counted(method, asked)
            try:
                if fault is not None:
                    self._happens(fault, asked, context)
                with self._lock:
                    answered = work(asked)
            except Refusal as refusal:
                self._refuse(context, refusal.status, f"{refusal} {CANARY}")
            finally:
                self._under_way[_whose(method, asked)] -= 1
            if fault is not None and fault.answered is not None:
                fault.answered(answered)
            return _GARBLED if fault is not None and fault.garbled else answered.SerializeToString()

        return answer

    def _counted(self, method: str, asked: Any) -> Fault | None:
        """Count a call, and return what is to happen to it."""
        with self._lock:
            self.calls[method] += 1
            whose = _whose(method, asked)
            self._under_way[whose] += 1
            self.at_once[whose] = max(self.at_once[whose], self._under_way[whose])
            fault = self._fault
            if fault is None or fault.method != method or (fault.times is not None and self._hits >= fault.times):
                return None
            self._hits += 1
            return fault

    def _happens(self, fault: Fault, asked: Any, context: grpc.ServicerContext) -> None:
        if fault.lags:
            self._over.wait()
        if fault.status is not None:
            self._refuse(context, fault.status, f"{CANARY} for {asked}")
        if fault.asked is not None:
            fault.asked(asked)

    def _refuse(self, context: grpc.ServicerContext, status: grpc.StatusCode, text: str) -> None:
        """Fail as Google does: a text, and details for machines with a text as well."""
        detail = AnyMessage()
        detail.Pack(error_details_pb2.ErrorInfo(reason=REASON, domain="fake", metadata={"text": text}))
        details = status_pb2.Status(code=status.value[0], message=text, details=[detail])
        context.set_trailing_metadata((("grpc-status-details-bin", details.SerializeToString()),))
        context.abort(status, text)


def _snake(method: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", method).lower()


def _whose(method: str, asked: Any) -> str:
    return f"{method} {getattr(asked, 'name', '') or asked.parent}"
