"""HTTP/2 by hand, so that everything about a request can be wrong: headers, gRPC frames, and HTTP/2's own frames.

Writes what it is told to write and reads what comes back (RFC 9113); only header compression is a library's, and the
table for it is kept empty (RFC 7541, section 6.3), so that equal header blocks mean the same and are read once.
"""

import asyncio
import ssl
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from hpack import Decoder
from hpack.exceptions import HPACKError

from tests.abuse.requests.answers import Answer

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
ACK, END_STREAM, END_HEADERS, PADDED = 1, 1, 4, 8
_INITIAL_WINDOW: Final = 65_535
_LARGEST_WINDOW: Final = 2**31 - 1
_FRAME_BYTES: Final = 16_384
_CANCEL: Final = 8
_KEPT_BYTES: Final = 64 * 1024
# No header table, no push, as much as one likes to send on a stream.
_OUR_SETTINGS: Final = struct.pack(">HIHIHI", 1, 0, 2, 0, 4, _LARGEST_WINDOW)

Field = tuple[bytes, bytes]
"""A header's name and value, as they are to be on the wire."""


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame of HTTP/2."""
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def header_block(fields: Sequence[Field]) -> bytes:
    """Headers as literals that nobody is to remember (RFC 7541, section 6.2.2), whatever is in them."""
    return b"".join(b"\x00" + _literal(name) + _literal(value) for name, value in fields)


def message(raw: bytes, *, compressed: int = 0, length: int | None = None) -> bytes:
    """A gRPC message with its prefix of five bytes, which may lie."""
    return struct.pack(">BI", compressed, len(raw) if length is None else length) + raw


def _literal(text: bytes) -> bytes:
    if len(text) < 127:
        return bytes((len(text),)) + text
    rest, prefix = len(text) - 127, b"\x7f"
    while rest >= 128:
        prefix += bytes((rest % 128 + 128,))
        rest //= 128
    return prefix + bytes((rest,)) + text


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is sent on one stream: headers, DATA and, where there are any, trailers."""

    headers: bytes
    body: bytes = b""
    trailers: bytes | None = None


class Connection(asyncio.Protocol):
    """One connection. `ask` may be called as often at once as the server takes streams."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.usable = True
        self.closed = loop.create_future()
        self._ready = loop.create_future()
        self._streams: dict[int, tuple[Answer, asyncio.Future[Answer]]] = {}
        self._windows: dict[int, int] = {}
        self._window, self._initial_window = _INITIAL_WINDOW, _INITIAL_WINDOW
        self._moved = asyncio.Event()
        self._next = 1
        self._read = bytearray()
        self._block = b""

    @classmethod
    async def open(cls, host: str, port: int, *, tls: ssl.SSLContext | None, name: str | None) -> "Connection":
        """Connect and agree on settings."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, host, port, ssl=tls, server_hostname=name)
        await connection._ready
        return connection

    async def ask(self, request: Request, *, patience: float) -> Answer:
        """Send a request and return what came. Raises TimeoutError after `patience` seconds without an end."""
        if not self.usable:
            return Answer(gone=True)
        stream, self._next = self._next, self._next + 2
        answer = Answer()
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._streams[stream] = answer, done
        self._windows[stream] = self._initial_window
        ends = END_STREAM if not request.body and request.trailers is None else 0
        self._write_headers(stream, request.headers, ends)
        try:
            async with asyncio.timeout(patience):
                if request.body:
                    await self._write_body(stream, request.body, done, last=request.trailers is None)
                if request.trailers is not None and not done.done():
                    self._write_headers(stream, request.trailers, END_STREAM)
                return await done
        finally:
            if not done.done():
                self.write(frame(RST_STREAM, 0, stream, struct.pack(">I", _CANCEL)))
            del self._streams[stream], self._windows[stream]

    def write(self, raw: bytes) -> None:
        """Send bytes as they are."""
        self._transport.write(raw)

    def close(self) -> None:
        """End it."""
        self._transport.abort()

    def _write_headers(self, stream: int, block: bytes, flags: int) -> None:
        pieces = [block[start : start + _FRAME_BYTES] for start in range(0, len(block), _FRAME_BYTES)] or [b""]
        for place, piece in enumerate(pieces, start=1):
            last = END_HEADERS if place == len(pieces) else 0
            self.write(
                frame(CONTINUATION if place > 1 else HEADERS, last | (flags if place == 1 else 0), stream, piece)
            )

    async def _write_body(self, stream: int, body: bytes, done: "asyncio.Future[Answer]", *, last: bool) -> None:
        start = 0
        while start < len(body) and not done.done():
            room = min(self._window, self._windows[stream], _FRAME_BYTES)
            if room <= 0:
                self._moved.clear()
                moved = asyncio.ensure_future(self._moved.wait())
                waited: list[asyncio.Future[Any]] = [moved, done]
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                moved.cancel()
                continue
            piece = body[start : start + room]
            start += len(piece)
            self._window -= len(piece)
            self._windows[stream] -= len(piece)
            self.write(frame(DATA, END_STREAM if last and start == len(body) else 0, stream, piece))

    # What asyncio calls.

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        more = struct.pack(">I", _LARGEST_WINDOW - _INITIAL_WINDOW)
        self.write(PREFACE + frame(SETTINGS, 0, 0, _OUR_SETTINGS) + frame(WINDOW_UPDATE, 0, 0, more))

    def connection_lost(self, _error: Exception | None) -> None:
        self.usable = False
        for answer, done in self._streams.values():
            answer.gone = True
            _end(done, answer)
        for waiting in (self._ready, self.closed):
            if not waiting.done():
                waiting.set_result(None)
        self._moved.set()

    def data_received(self, data: bytes) -> None:
        read = self._read
        read += data
        start = 0
        while len(read) - start >= 9:
            size = int.from_bytes(read[start : start + 3], "big")
            if len(read) - start < 9 + size:
                break
            stream = int.from_bytes(read[start + 5 : start + 9], "big") & _LARGEST_WINDOW
            self._take(read[start + 3], read[start + 4], stream, bytes(read[start + 9 : start + 9 + size]))
            start += 9 + size
        del read[:start]

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if stream == 0 or kind == WINDOW_UPDATE:
            self._take_about_all(kind, flags, stream, payload)
            return
        if kind in (HEADERS, CONTINUATION):
            self._block += payload
            if flags & END_HEADERS:
                block, self._block = self._block, b""
                if stream in self._streams:
                    self._streams[stream][0].fields.update(_fields_of(block))
        if stream not in self._streams:
            return
        answer, done = self._streams[stream]
        if kind == DATA:
            answer.size += len(payload)
            answer.content += payload[: _KEPT_BYTES - len(answer.content)]
        if kind == RST_STREAM:
            answer.reset = int.from_bytes(payload, "big")
        if kind == RST_STREAM or (kind in (DATA, HEADERS) and flags & END_STREAM):
            _end(done, answer)

    def _take_about_all(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == SETTINGS:
            self._take_settings(flags, payload)
        elif kind == PING and not flags & ACK:
            self.write(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            # One that blames us is followed by the end of the connection, if a second later.
            self.usable = False
            if int.from_bytes(payload[4:8], "big"):
                self._transport.abort()
        elif kind == WINDOW_UPDATE:
            self._widen(stream, int.from_bytes(payload, "big"))

    def _take_settings(self, flags: int, payload: bytes) -> None:
        if flags & ACK:
            if not self._ready.done():
                self._ready.set_result(None)
            return
        for number, value in struct.iter_unpack(">HI", payload):
            if number == 4:
                for stream in self._windows:
                    self._windows[stream] += value - self._initial_window
                self._initial_window = value
        self.write(frame(SETTINGS, ACK, 0))
        self._moved.set()

    def _widen(self, stream: int, more: int) -> None:
        if stream == 0:
            self._window += more
        elif stream in self._windows:
            self._windows[stream] += more
        self._moved.set()


def _end(done: "asyncio.Future[Answer]", answer: Answer) -> None:
    if not done.done():
        done.set_result(answer)


@lru_cache(maxsize=4096)
def _fields_of(block: bytes) -> Mapping[str, str]:
    try:
        found = Decoder().decode(block, raw=True)
    except HPACKError:
        return {"grpc-message": "unreadable headers"}
    return {bytes(name).decode("latin-1"): bytes(value).decode("latin-1") for name, value in found}
