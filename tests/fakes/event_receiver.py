"""Whoever takes events over HTTP, on a real socket: keeps what came, and answers as it is told to, or not at all."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final


@dataclass(frozen=True)
class Reply:
    """What one request is answered. `dies` closes the connection once half of the request was read."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    dies: bool = False


OK: Final = Reply()
DIES: Final = Reply(dies=True)


@dataclass(frozen=True)
class Request:
    """What came. The names of headers are in small letters."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class EventReceiver:
    """Answers each request with the next of `replies`, and when there is none with `always`.

    `taken` has those that were answered as taken, `seen` all that came whole. While `hold` is not set, nothing is
    answered.
    """

    always: Reply = OK
    replies: list[Reply] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)
    taken: list[Request] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def __post_init__(self) -> None:
        self.hold.set()
        self._turn = threading.Lock()

    def reply(self) -> Reply:
        """What the next request is answered."""
        with self._turn:
            return self.replies.pop(0) if self.replies else self.always

    @contextmanager
    def serving(
        self, trusted_by: ssl.SSLContext | None = None, *, host: str = "127.0.0.1"
    ) -> Iterator["EventReceiver"]:
        """Serve it at `url` for the block, with TLS where there is a context."""
        server = _Server((host, 0), _handler(self))
        if trusted_by is not None:
            server.socket = trusted_by.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        scheme = "http" if trusted_by is None else "https"
        self.url = f"{scheme}://{host}:{server.server_address[1]}/events"
        try:
            yield self
        finally:
            self.hold.set()
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever went away was meant to."""


def _handler(receiver: EventReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            reply, length = receiver.reply(), int(self.headers["content-length"])
            if reply.dies:
                self.rfile.read(length // 2)
                self.close_connection = True
                return
            body = self.rfile.read(length)
            request = Request(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            receiver.seen.append(request)
            receiver.hold.wait()
            if 200 <= reply.status < 300:
                receiver.taken.append(request)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the name it has there
            """Say nothing."""

    return Handler
