"""A gateway in one process: gRPC-web over HTTP/1.1, with dumb services that keep everything in memory.

For tests of the command line. It checks state, not calls; it knows no permissions, and validates only what a test
asks about. What it must get right is the wire: frames, trailers, chunks, statuses with details.
"""

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

TOKEN = "paas_pat_" + "T" * 36
LINKS = "/runtime/dashboard/sign-in/links"


class Fault(Exception):
    """What a handler raises to end a call with a status."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        reason: str = "",
        metadata: dict[str, str] | None = None,
        violations: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason
        self.metadata = metadata or {}
        self.violations = violations

    def details(self) -> str:
        """`grpc-status-details-bin`, without padding, as grpc-core sends it."""
        status = status_pb2.Status(code=self.code, message=self.message)
        if self.reason:
            info = error_details_pb2.ErrorInfo(domain="paas", reason=self.reason, metadata=self.metadata)
            status.details.add().Pack(info)
        if self.violations:
            bad = error_details_pb2.BadRequest()
            for name, description in self.violations:
                bad.field_violations.add(field=name, description=description)
            status.details.add().Pack(bad)
        return b64encode(status.SerializeToString()).decode().rstrip("=")


class Drop(Exception):
    """What a handler raises to close the connection without an answer."""


@dataclass(frozen=True)
class Plain:
    """An HTTP answer that is not gRPC at all, such as Envoy's own."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Any], Message | Plain | Iterator[Message]]


@dataclass
class Gateway:
    """Routes to handlers; `seen` has every (path, request, headers) in order."""

    routes: dict[str, tuple[type[Message], Handler]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    seen: list[tuple[str, Message, dict[str, str]]] = field(default_factory=list)
    address: str = ""
    sign_in: dict[str, Any] = field(default_factory=lambda: {"kind": "operator"})
    """What it tells whoever asks how to sign in."""
    accepts: Callable[[str], bool] = lambda _: False
    """Whether a bearer that is not among `tokens` is accepted."""
    for_anybody: set[str] = field(default_factory=set)
    """Paths that need no bearer, and whose methods are told of none."""
    links: Callable[[str, Any], tuple[int, Any]] | None = None
    """What the dashboard answers to a bearer and a document that ask for a link; without it there is no dashboard."""
    trailers: dict[str, str] = field(default_factory=dict)
    """What is told at the end of every answer besides its status."""
    _server: "_Server | None" = None

    def start(self) -> "Gateway":
        """Listen on a free port of this machine."""
        self._server = _Server(self)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def route(self, path: str, request: type[Message], handler: Handler) -> None:
        """Answer `/package.Service/Method` with `handler`."""
        self.routes[path] = (request, handler)

    def fail(self, method: str, fault: BaseException, *, times: int = 10**9) -> None:
        """Let the next `times` calls of a method end with `fault`, then answer as before.

        Where several services have one of that name, it is given as `Service/Method`.
        """
        path = next(path for path in self.routes if path.endswith(("/" + method, "." + method)))
        request, before = self.routes[path]
        left = [times]

        def failing(message: Any) -> Message | Plain | Iterator[Message]:
            if left[0] > 0:
                left[0] -= 1
                raise fault
            return before(message)

        self.routes[path] = (request, failing)

    def calls(self, method: str) -> list[Any]:
        """The requests of a method so far."""
        return [request for path, request, _ in self.seen if path.endswith("/" + method)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(("127.0.0.1", 0), _Http)
        self.gateway = gateway


class _Http(BaseHTTPRequestHandler):
    """One connection; its server knows the self.server.gateway."""

    server: "_Server"
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        fields = {name.lower(): value for name, value in self.headers.items()}
        try:
            self._answer(body, fields)
        except (Drop, ConnectionError):  # the latter: a client that has its answer may hang up
            self.close_connection = True

    def do_GET(self) -> None:
        found = self.path == "/.well-known/paas"
        self._document(200 if found else 404, {"sign_in": self.server.gateway.sign_in} if found else "")

    def _document(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, body: bytes, fields: dict[str, str]) -> None:
        bearer = fields.get("authorization", "").removeprefix("Bearer ")
        gateway = self.server.gateway
        if self.path == LINKS:
            status, document = gateway.links(bearer, json.loads(body)) if gateway.links is not None else (415, "")
            self._document(status, document)
            return
        if not (self.path in gateway.for_anybody or bearer in gateway.tokens or gateway.accepts(bearer)):
            self._trailers_only(Fault(16, "", reason="UNAUTHENTICATED"))
            return
        if self.path not in self.server.gateway.routes:
            self._trailers_only(Fault(12, "unknown method"))
            return
        kind, handler = self.server.gateway.routes[self.path]
        request = kind.FromString(body[5:])
        assert body[0] == 0
        assert int.from_bytes(body[1:5], "big") == len(body) - 5
        self.server.gateway.seen.append((self.path, request, fields))
        try:
            answer = handler(request)
        except Fault as fault:
            self._trailers_only(fault)
            return
        if isinstance(answer, Plain):
            self._plain(answer)
        elif isinstance(answer, Message):
            self._stream(iter([answer]))
        else:
            self._stream(answer)

    def _plain(self, answer: Plain) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", "0")
        self.end_headers()

    def _trailers_only(self, fault: Fault) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/grpc-web+proto")
        for name, value in _status_fields(fault):
            self.send_header(name, value)
        self.send_header("content-length", "0")
        self.end_headers()

    def _stream(self, answers: Iterator[Message]) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/grpc-web+proto")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        end = [("grpc-status", "0"), *self.server.gateway.trailers.items()]
        try:
            for answer in answers:
                payload = answer.SerializeToString()
                self._chunk(b"\0" + len(payload).to_bytes(4, "big") + payload)
        except Fault as fault:
            end = _status_fields(fault)
        trailer = "".join(f"{name}: {value}\r\n" for name, value in end).encode()
        self._chunk(b"\x80" + len(trailer).to_bytes(4, "big") + trailer)
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()


def _status_fields(fault: Fault) -> list[tuple[str, str]]:
    message = "".join(
        char if " " <= char <= "~" and char != "%" else "".join(f"%{byte:02X}" for byte in char.encode())
        for char in fault.message
    )
    fields = [("grpc-status", str(fault.code)), ("grpc-message", message)]
    return [*fields, ("grpc-status-details-bin", fault.details())] if fault.reason or fault.violations else fields
