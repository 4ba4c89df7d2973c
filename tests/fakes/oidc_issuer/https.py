"""HTTP over TLS as the issuer needs it: forms and queries in, JSON, pages and redirects out."""

import base64
import json
import ssl
import threading
from binascii import Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from local.ports import reserve
from tests.fakes.oidc_issuer.faults import Answer


@dataclass(frozen=True)
class Request:
    """What was asked: the form of a POST or the query of a GET, and who said to be who with HTTP Basic."""

    method: str
    path: str
    fields: Mapping[str, str]
    basic: tuple[str, str] | None
    bearer: str = ""

    @staticmethod
    def back(redirect_uri: str, parameters: Mapping[str, str]) -> str:
        """Where a browser is sent with the outcome of a sign-in."""
        return f"{redirect_uri}?{urlencode(parameters)}"


Work = Callable[[Request], Answer | None]


class Https:
    """A server with the certificate in `folder`; `work` answers, from many threads at once."""

    def __init__(self, folder: Path, work: Work) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "issuer.pem", folder / "issuer.key")
        self._work = work
        self._reserved: socket | None = None
        self._server: _Server | None = None

    def start(self) -> int:
        """Listen, and return the port, which stays the same the second time, and nobody else's meanwhile."""
        self._reserved = self._reserved or reserve(0)
        assert self._reserved is not None, "no port is free"
        port: int = self._reserved.getsockname()[1]
        self._server = _Server(port, self._context, self._work)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return port

    def stop(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def close(self) -> None:
        """Give the port back."""
        self.stop()
        if self._reserved is not None:
            self._reserved.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, context: ssl.SSLContext, work: Work) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.context = context
        self.work = work

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up, or does not trust the certificate, is its own business."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        """Shake hands here, in the connection's own thread, so that nobody waits for a slow one."""
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self._write(self.server.work(Request("GET", parts.path, _fields(parts.query), self._basic(), self._bearer())))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
        self._write(self.server.work(Request("POST", urlsplit(self.path).path, _fields(body), self._basic())))

    def _basic(self) -> tuple[str, str] | None:
        kind, _, rest = self.headers.get("authorization", "").partition(" ")
        try:
            name, colon, secret = base64.b64decode(rest).decode().partition(":")
        except (Error, UnicodeDecodeError):
            return None
        return (name, secret) if kind.lower() == "basic" and colon else None

    def _bearer(self) -> str:
        kind, _, rest = self.headers.get("authorization", "").partition(" ")
        return rest if kind.lower() == "bearer" else ""

    def _write(self, answer: Answer | None) -> None:
        self.close_connection = True
        if answer is None:
            return
        body = json.dumps(answer.document) if answer.document is not None else answer.page
        self.send_response(answer.status)
        self.send_header("content-type", "application/json" if answer.document is not None else "text/html")
        self.send_header("cache-control", "no-store")
        if answer.location is not None:
            self.send_header("location", answer.location)
        self.send_header("content-length", str(len(body.encode())))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body.encode())


def _fields(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))
