"""What is measured, all of it in one place, and the page on which Prometheus reads it.

A label is one of a few names of ours: never a tenant, an app or a variable, which would tell one reader about all
tenants and grow without end.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from paaskit.settings import SettingsError

REGISTRY: Final = CollectorRegistry()

OUTBOX_ROWS: Final = Gauge(
    "paas_outbox_rows", "Messages that wait for a destination.", ["destination"], registry=REGISTRY
)
OUTBOX_OLDEST_SECONDS: Final = Gauge(
    "paas_outbox_oldest_seconds",
    "The age of the oldest message that waits for a destination; 0 where none waits.",
    ["destination"],
    registry=REGISTRY,
)
OUTBOX_PARKED: Final = Gauge(
    "paas_outbox_parked",
    "Messages that a destination refused, put aside until they are given back.",
    ["destination"],
    registry=REGISTRY,
)
OUTBOX_DELIVERED: Final = Counter(
    "paas_outbox_delivered", "Messages that a destination acknowledged.", ["destination"], registry=REGISTRY
)
OUTBOX_FAILED: Final = Counter(
    "paas_outbox_failed", "Attempts to deliver that failed, by reason.", ["destination", "reason"], registry=REGISTRY
)

_PATIENCE_SECONDS: Final = 5.0
_LONGEST_HEAD_BYTES: Final = 8192


@asynccontextmanager
async def served(address: str) -> AsyncIterator[None]:
    """Serve `/metrics` at host:port for the block; nothing where `address` is empty.

    It is plain HTTP and asks nobody who they are: the address must be one that only the operator's network reaches.
    Raises SettingsError where it can't be listened on.
    """
    if not address:
        yield
        return
    host, _, port = address.rpartition(":")
    try:
        server = await asyncio.start_server(_answer, host, int(port), limit=_LONGEST_HEAD_BYTES)
    except (OSError, ValueError, OverflowError):
        raise SettingsError(
            f"PAAS_METRICS_LISTEN: {address} cannot be listened on; it is host:port, and nobody else's."
        ) from None
    async with server:
        yield


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            known = head.split(b"\r\n", 1)[0].split(b" ")[:2] == [b"GET", b"/metrics"]
            body = generate_latest(REGISTRY) if known else b""
            status = "200 OK" if known else "404 Not Found"
            writer.write(
                f"HTTP/1.1 {status}\r\ncontent-type: {CONTENT_TYPE_LATEST}\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
    writer.close()
