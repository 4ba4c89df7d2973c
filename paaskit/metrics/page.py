"""The pages for whoever watches a process: what is measured, whether it works, and whether it should get work."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from paaskit.metrics.measured import REGISTRY
from paaskit.settings import SettingsError

_PATIENCE_SECONDS: Final = 5.0
_LONGEST_HEAD_BYTES: Final = 8192
_OK: Final = "200 OK"
_TEXT: Final = "text/plain; charset=utf-8"

Answer = tuple[str, str, bytes]
"""The status line's end, the content type and the body."""


@asynccontextmanager
async def served(address: str, *, ready: Callable[[], bool]) -> AsyncIterator[None]:
    """Serve `/metrics`, `/alive` and `/ready` at host:port for the block; nothing where `address` is empty.

    `/alive` is 200 as long as the process works, `/ready` only while it should be sent work, else 503: what asks them
    is a kubelet, whose probes have no certificate to show. It is plain HTTP and asks nobody who they are: the address
    must be one that only the operator's network reaches. Raises SettingsError where it can't be listened on.
    """
    if not address:
        yield
        return
    host, _, port = address.rpartition(":")
    try:
        server = await asyncio.start_server(partial(_answer, ready=ready), host, int(port), limit=_LONGEST_HEAD_BYTES)
    except (OSError, ValueError, OverflowError):
        raise SettingsError(
            f"PAAS_METRICS_LISTEN: {address} cannot be listened on; it is host:port, and nobody else's."
        ) from None
    async with server:
        yield


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, ready: Callable[[], bool]) -> None:
    with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            status, content_type, body = _page(head.split(b"\r\n", 1)[0].split(b" ")[:2], ready=ready)
            writer.write(
                f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
    writer.close()


def _page(asked: list[bytes], *, ready: Callable[[], bool]) -> Answer:
    match asked:
        case [b"GET", b"/metrics"]:
            return _OK, CONTENT_TYPE_LATEST, generate_latest(REGISTRY)
        case [b"GET", b"/alive"]:
            return _OK, _TEXT, b"alive\n"
        case [b"GET", b"/ready"]:
            return (_OK, _TEXT, b"ready\n") if ready() else ("503 Service Unavailable", _TEXT, b"not ready\n")
        case _:
            return "404 Not Found", _TEXT, b""
