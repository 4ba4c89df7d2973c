"""What stands before a gateway where people install it: it ends TLS, and passes on what comes, HTTP/2 or HTTP/1.1."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from local.certificates import ensure_certificates
from tests.fixtures.waiting import PATIENCE

_NAME = "front"
_CHUNK = 64 * 1024


def trusting(authority: Path) -> dict[str, str]:
    """The environment of a program in Go that trusts this CA and no other."""
    return {"SSL_CERT_FILE": str(authority), "SSL_CERT_DIR": "/nowhere"}


@contextmanager
def front(gateway: str, folder: Path) -> Iterator[str]:
    """Stand before the gateway at this URL until the block ends; the URL with https. `folder` gets `ca.pem`."""
    ensure_certificates(folder, [_NAME], now=datetime.now(UTC), hosts=["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{_NAME}.pem", folder / f"{_NAME}.key")
    context.set_alpn_protocols(["h2", "http/1.1"])
    host, port = urlsplit(gateway).hostname, urlsplit(gateway).port

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_gateway = await asyncio.open_connection(host, port)
        await asyncio.gather(_pass_on(reader, to_gateway[1]), _pass_on(to_gateway[0], writer))

    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        listening = asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        server = asyncio.run_coroutine_threadsafe(listening, loop).result(PATIENCE)
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(PATIENCE)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side hangs up, which is then told to the other."""
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    for task in (going_on := asyncio.all_tasks() - {asyncio.current_task()}):
        task.cancel()
    await asyncio.gather(*going_on, return_exceptions=True)
