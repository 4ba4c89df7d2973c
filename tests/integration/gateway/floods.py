"""Many requests that come to the gateway at once, be the machine that they come from as slow as it may."""

import asyncio
from collections.abc import Sequence

from tests.fixtures.waiting import PATIENCE


def request_of(
    path: str,
    *headers: tuple[str, str],
    method: str = "POST",
    content_type: str | None = "application/grpc-web+proto",
    body: bytes = bytes(5),
) -> bytes:
    """A request over HTTP/1.1, the only one on its connection: gRPC-web with an empty message."""
    lines = [f"{method} {path} HTTP/1.1", "host: gateway", "x-grpc-web: 1", f"content-length: {len(body)}"]
    lines += ["connection: close", *(f"{k}: {v}" for k, v in headers)]
    lines += [] if content_type is None else [f"content-type: {content_type}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def answered(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """The status and the headers of an answer."""
    first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n").split("\r\n")
    return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in rest)


async def at_once(
    port: int, requests: Sequence[bytes], *, source: str = "127.0.0.1"
) -> list[tuple[int, dict[str, str]]]:
    """What each is answered of as many requests, the last of which is sent before the first is looked for.

    They are on connections of their own, which are there before any is sent: a second is soon over otherwise, and
    limits are of what comes in a second.
    """
    connections = [await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0)) for _ in requests]
    for (_, writer), request in zip(connections, requests, strict=True):
        writer.write(request)
    try:
        async with asyncio.timeout(PATIENCE):
            return [await answered(reader) for reader, _ in connections]
    finally:
        for _, writer in connections:
            writer.close()
