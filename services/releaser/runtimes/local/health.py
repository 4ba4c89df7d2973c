"""Asking an instance whether it is ready: HTTP GET on its port, often at first, since most programs start quickly."""

import asyncio
from contextlib import suppress
from typing import Final
from urllib.parse import quote

_FIRST_PAUSE_SECONDS: Final = 0.01
_EAGER_TRIES: Final = 60
_LONGEST_PAUSE_SECONDS: Final = 0.1
_ANSWER_SECONDS: Final = 5.0


async def until_healthy(port: int, path: str) -> None:
    """Return once the instance answers 2xx. Never gives up; the caller sets the time limit."""
    pause, tries = _FIRST_PAUSE_SECONDS, 0
    while not await answers(port, path):
        await asyncio.sleep(pause)
        tries += 1
        if tries > _EAGER_TRIES:
            pause = min(pause * 1.3, _LONGEST_PAUSE_SECONDS)


async def answers(port: int, path: str) -> bool:
    """Whether GET `path` on 127.0.0.1:`port` is answered with a 2xx status now."""
    with suppress(OSError, TimeoutError, ValueError):
        async with asyncio.timeout(_ANSWER_SECONDS):
            return 200 <= await _status(port, path) < 300
    return False


async def _status(port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
    try:
        target = quote(path, safe="/?&=%:@!$'()*+,;~")
        request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        writer.write(request.encode("ascii"))
        line = await reader.readline()
        version, status, *_ = line.split(b" ", 2)
        return int(status) if version.startswith(b"HTTP/1.") else 0
    finally:
        writer.close()
