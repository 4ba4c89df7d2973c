"""What is wrong with HTTP/2 itself: bytes after which a connection may be closed, and after which others go on."""

import random
import struct
from typing import Final

from tests.abuse.requests.envelopes import Target
from tests.abuse.requests.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
    header_block,
    message,
)

_MANY: Final = 300


def frames(target: Target, raw: bytes, choice: random.Random) -> bytes:
    """What is written on a connection that has been agreed upon, whose first stream is 1."""
    block = header_block(target.fields())
    opened = frame(HEADERS, END_HEADERS, 1, block)
    body = message(raw)
    reset = struct.pack(">I", 8)
    return choice.choice((
        choice.randbytes(choice.choice((9, 100, 5_000))),
        PREFACE,
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        # Frames that are longer than allowed, cut, of no kind, on no stream, or on one that there is not.
        opened + struct.pack(">I", 2**24 - 1)[1:] + b"\0\0\0\0\0\1" + b"x" * 20_000,
        opened + frame(DATA, 0, 1, body)[:-1],
        opened + frame(choice.randint(10, 255), 255, 1, b"x" * 100),
        frame(DATA, END_STREAM, 0, body),
        frame(DATA, END_STREAM, 7, body),
        frame(HEADERS, END_HEADERS, 2, block),
        opened + frame(DATA, PADDED, 1, b"\xff" + body),
        opened + frame(DATA, END_STREAM, 1, body) + frame(DATA, END_STREAM, 1, body),
        # Headers that are no headers, never end, or go on for ever.
        frame(HEADERS, END_HEADERS, 1, choice.randbytes(100)),
        frame(HEADERS, END_HEADERS, 1, b"\xff" * 50),
        frame(HEADERS, 0, 1, block) + frame(DATA, END_STREAM, 1, body),
        frame(HEADERS, 0, 1, block) + frame(CONTINUATION, 0, 1, header_block([(b"a", b"x" * 1_000)])) * 100,
        opened + frame(CONTINUATION, END_HEADERS, 1, block),
        # Streams that are opened and reset at once (CVE-2023-44487), bounded.
        b"".join(frame(HEADERS, END_HEADERS, 2 * n + 1, block) + frame(RST_STREAM, 0, 2 * n + 1, reset)
                 for n in range(_MANY)),
        # Windows, settings and pings as they may not be, or too many.
        opened + frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\0"),
        opened + frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2,
        frame(SETTINGS, 0, 0, b"\0\4\xff\xff\xff\xff"),
        frame(SETTINGS, 0, 0, b"\0\5\0\0\0\0"),
        frame(SETTINGS, 0, 1, b""),
        frame(SETTINGS, 0, 0, b"\0\3\0\0\0\1") * _MANY,
        frame(SETTINGS, 0, 0, b"x" * 5),
        frame(PING, 0, 0, b"12345678") * _MANY,
        frame(PING, 0, 0, b"1"),
        frame(GOAWAY, 0, 0, b"\0" * 8),
        frame(RST_STREAM, 0, 9, reset),
        frame(2, 0, 1, b"\0\0\0\1\0"),
    ))  # fmt: skip
