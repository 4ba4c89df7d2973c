"""A witness's HTTP: `add-checkpoint`, and the checkpoint that was cosigned last of each log for monitors.

Anybody may ask, so what one of them takes is bounded: bytes, seconds, and how many are served at once. Put it behind
whatever serves TLS. Must not decide anything: that is `transparency.witness`.
"""

import io
import re
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, cast

from paas_cli.witness.record import Damaged, Record
from transparency.witness import LARGEST_REQUEST, Answer, Witness, add_checkpoint

_AT_ONCE: Final = 64
_REQUEST_SECONDS: Final = 10.0
"""Within which a request has arrived, and then its answer has left; a connection without one is closed then."""
_LENGTH: Final = re.compile(r"[0-9]{1,9}")
_MONITORED: Final = re.compile(r"/([0-9a-f]{64})/checkpoint")
_ADD: Final = "/add-checkpoint"
_NOTE: Final = "text/plain; charset=utf-8"

Log = Callable[[str], None]
"""Is told a line of each request, with nothing in it that was sent."""


class WitnessServer(ThreadingHTTPServer):
    """Serves a witness at an address of this machine, until it is shut down."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], witness: Witness, record: Record, log: Log) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)
        self.witness = witness
        self.record = record
        self.log = log
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def process_request(self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object) -> None:
        """Serve a connection in a thread of its own, and hang up where there are too many."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(
        self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object
    ) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a connection that broke."""

    def answer(self, body: bytes) -> Answer:
        """Answer `add-checkpoint`; where what is kept can't be read or written, nothing is cosigned."""
        try:
            return add_checkpoint(body, self.witness, self.record)
        except Damaged:
            return Answer(500, b"what was cosigned of this log before can't be read\n")
        except OSError:
            return Answer(500, b"what is cosigned can't be kept\n")


class _Arriving(io.RawIOBase):
    """What a client sends, until the time for it is over, however slowly it comes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.deadline = 0.0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any buffer will do
        """Read some. Raises TimeoutError once the time is over."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "paas-witness"
    sys_version = ""

    def setup(self) -> None:
        """Have all that arrives go by the deadline of its request."""
        super().setup()
        self._arriving = _Arriving(self.connection)
        self.rfile = io.BufferedReader(self._arriving)  # type: ignore[type-var]  # readinto takes any buffer

    def handle_one_request(self) -> None:
        """Serve the next request of the connection."""
        self._arriving.deadline = time.monotonic() + _REQUEST_SECONDS
        super().handle_one_request()

    def do_POST(self) -> None:
        """`add-checkpoint`."""
        body = self._body()
        if body is None:
            return
        if self.path == _ADD:
            self._send(self._witness_server.answer(body))
        else:
            self._send(Answer(404, b"a checkpoint is posted to /add-checkpoint\n"))

    def do_GET(self) -> None:
        """The checkpoint that was cosigned last of a log (tlog-witness, "Monitor Retrieval Mechanism")."""
        match = _MONITORED.fullmatch(self.path)
        note = self._witness_server.record.note_of(match[1]) if match is not None else None
        self._send(Answer(404, b"no checkpoint was cosigned of it\n") if note is None else Answer(200, note, _NOTE))

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the standard library's name
        """Say nothing of what was sent; `_send` tells what was answered."""

    @property
    def _witness_server(self) -> WitnessServer:
        return cast("WitnessServer", self.server)

    def _body(self) -> bytes | None:
        """The whole body; None where it was refused, and the connection is to end."""
        length = self.headers.get("content-length", "")
        if "transfer-encoding" in self.headers or not _LENGTH.fullmatch(length):
            self._refuse(Answer(411, b"a request says how long it is, with content-length\n"))
        elif int(length) > LARGEST_REQUEST:
            self._refuse(Answer(413, f"a request has at most {LARGEST_REQUEST} bytes\n".encode()))
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                return body
            self._refuse(Answer(400, b"the request is cut\n"))
        return None

    def _refuse(self, answer: Answer) -> None:
        self.close_connection = True
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.connection.settimeout(_REQUEST_SECONDS)
        self.send_response(answer.status)
        self.send_header("content-type", answer.content_type)
        self.send_header("content-length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)
        self._witness_server.log(f"{self.command} {answer.status}")
