"""One HTTP/1.1 request over a socket of its own, its answer read as it comes (RFC 9112).

The standard library's client imports the e-mail package, which costs more than the rest of a command. Must not
know gRPC, follow redirects or keep connections.
"""

import socket
import time
from collections.abc import Mapping
from typing import Self

from paas_transport.address import Address, Unusable
from paas_transport.connection import NotSent, NotTrusted, OtherProtocol, connect, refusal_of, spoken

__all__ = [
    "Broken",
    "NotSent",
    "NotTrusted",
    "OtherProtocol",
    "Response",
    "Silent",
    "TimedOut",
    "Unusable",
    "get",
    "post",
]

_MAX_HEAD = 64 * 1024


class Broken(Exception):
    """The connection ended, or spoke nonsense, after the request was at least partly sent."""


class Silent(Broken):
    """The connection ended before a byte of an answer came."""


class TimedOut(Exception):
    """No answer in time after the request was sent."""


class Response:
    """An answer whose head has been read. Use as a context manager: leaving it closes the connection."""

    def __init__(self, sock: socket.socket, *, deadline: float | None, idle: float | None) -> None:
        self._socket = sock
        self._deadline = deadline
        self._idle = idle
        self._buffer = bytearray()
        self._ended = False
        self._left: int | None = None  # bytes left of the body or of the chunk; None: until the end of the stream
        self._chunked = False
        self.status, self.headers = self._read_head()
        self._frame_body()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def read_some(self) -> bytes:
        """The next bytes of the body, empty at its end. Raises Broken or TimedOut."""
        if self._ended:
            return b""
        if self._chunked and self._left == 0 and not self._next_chunk():
            return b""
        if self._left is None:
            data = self._take() or self._receive()
            self._ended = not data
            return data
        if not self._buffer and not self._fill():
            raise Broken("the answer ended before it was complete")
        data = self._take(self._left)
        self._left -= len(data)
        if self._chunked and self._left == 0:
            if self._line() != b"":
                raise Broken("a chunk of the answer has no end")
        elif self._left == 0:
            self._ended = True
        return data

    def _read_head(self) -> tuple[int, dict[str, str]]:
        while True:
            status = self._status(self._first_line())
            headers: dict[str, str] = {}
            size = 0
            while line := self._line():
                size += len(line)
                name, colon, value = line.decode("latin-1").partition(":")
                if not colon or size > _MAX_HEAD:
                    raise Broken("the head of the answer is not HTTP")
                headers[name.lower()] = value.strip()
            if status >= 200:  # 1xx answers announce the real one
                return status, headers

    def _first_line(self) -> bytes:
        """The line of the status. Raises OtherProtocol where what comes is of a protocol we know."""
        while b"\n" not in self._buffer and len(self._buffer) <= _MAX_HEAD and self._fill_first():
            self._refuse_other()  # which may send no line, and wait
        self._refuse_other()
        return self._line()

    def _fill_first(self) -> bool:
        try:
            more = self._fill()
        except Broken as error:
            if self._buffer:
                raise
            raise Silent(str(error)) from None
        if not more and not self._buffer:
            raise Silent("the connection was closed before an answer came")
        return more

    def _refuse_other(self) -> None:
        if (other := spoken(self._buffer)) is not None:
            raise other

    @staticmethod
    def _status(line: bytes) -> int:
        parts = line.split(None, 2)
        if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit():
            raise Broken("the answer is not HTTP/1.1")
        return int(parts[1])

    def _frame_body(self) -> None:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            self._chunked, self._left = True, 0
        elif (length := self.headers.get("content-length")) is not None:
            if not length.isdigit():
                raise Broken("the answer has an impossible length")
            self._left = int(length)
            self._ended = self._left == 0
        elif self.status in (204, 304):
            self._ended = True

    def _next_chunk(self) -> bool:
        size = self._line().split(b";")[0].strip().replace(b"_", b"?")  # int() reads underscores, HTTP does not
        try:
            self._left = int(size, 16)
        except ValueError:
            raise Broken("a chunk of the answer has no size") from None
        if self._left < 0:
            raise Broken("a chunk of the answer has no size")
        if self._left == 0:
            while self._line():  # trailer fields; gRPC-web has its own inside the body
                pass
            self._ended = True
        return not self._ended

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _MAX_HEAD:
                raise Broken("a line of the answer's head is too long")
            if not self._fill():
                raise Broken("the connection was closed before an answer came")
        line = self._take(end + 1)
        return line.rstrip(b"\r\n")

    def _take(self, count: int | None = None) -> bytes:
        data = bytes(self._buffer[:count])
        del self._buffer[: len(data)]
        return data

    def _fill(self) -> bool:
        data = self._receive()
        self._buffer += data
        return bool(data)

    def _receive(self) -> bytes:
        wait = self._idle
        if self._deadline is not None:
            wait = self._deadline - time.monotonic()
            if wait <= 0:
                raise TimedOut
        self._socket.settimeout(wait)
        try:
            return self._socket.recv(65536)
        except TimeoutError:
            raise TimedOut from None
        except OSError as error:
            raise refusal_of(error) or Broken(error.strerror or "the connection broke") from None


def post(
    address: Address,
    path: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    timeout: float | None = None,
    idle: float | None = None,
    ca_file: str | None = None,
) -> Response:
    """Send `body` and read the head of the answer.

    `timeout` bounds the whole exchange and `idle` each wait, in seconds. `ca_file` names authorities that are trusted
    beside the system's. Raises NotSent, OtherProtocol, Broken or TimedOut, and Unusable where
    the environment names a proxy that is none.
    """
    fields = {"content-length": str(len(body)), **headers}
    return _send("POST", address, path, headers=fields, body=body, timeout=timeout, idle=idle, ca_file=ca_file)


def get(
    address: Address, path: str, *, headers: Mapping[str, str], timeout: float, ca_file: str | None = None
) -> Response:
    """Ask for `path`, with the rest as in `post`."""
    return _send("GET", address, path, headers=headers, body=b"", timeout=timeout, idle=None, ca_file=ca_file)


def _send(
    method: str,
    address: Address,
    path: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    timeout: float | None,
    idle: float | None,
    ca_file: str | None,
) -> Response:
    deadline = None if timeout is None else time.monotonic() + timeout
    sock = connect(address, ca_file)
    try:
        fields = {"host": address.authority, "connection": "close", **headers}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        head = "\r\n".join(lines) + "\r\n\r\n"
        sock.settimeout(timeout if timeout is not None else idle)
        try:
            sock.sendall(head.encode("latin-1") + body)
        except TimeoutError:
            raise TimedOut from None
        except OSError:
            pass  # a server that refuses a large body answers first and closes; its answer may be waiting
        return Response(sock, deadline=deadline, idle=idle)
    except BaseException:
        sock.close()
        raise
