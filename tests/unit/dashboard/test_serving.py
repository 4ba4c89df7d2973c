"""Who is spoken with: whoever holds the gateway's certificate. That TLS asks for one is tested in tests/e2e."""

import asyncio
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from dashboard.serving import FromGateway


class _Connection(asyncio.Transport):
    """One that was made with a certificate, and keeps whether it was closed."""

    def __init__(self, *names: tuple[str, str], certificate: bool = True) -> None:
        super().__init__({"peercert": {"subjectAltName": names} if certificate else None, "peername": ("::1", 1)})
        self.closed = False

    def close(self) -> None:
        self.closed = True


async def _is_spoken_with(connection: _Connection) -> bool:
    async def nothing(_scope: Any, _receive: Any, _send: Any) -> None: ...

    config = uvicorn.Config(nothing, log_config=None)
    config.load()
    FromGateway(config=config, server_state=ServerState(), app_state={}).connection_made(connection)
    return not connection.closed


async def test_the_gateway_is() -> None:
    assert await _is_spoken_with(_Connection(("URI", "spiffe://paas/gateway"), ("DNS", "gateway.paas.internal")))


@pytest.mark.parametrize(
    "connection",
    [
        _Connection(("URI", "spiffe://paas/config")),
        _Connection(("URI", "spiffe://paas/dashboard")),
        _Connection(("URI", "spiffe://paas/gateway/")),
        _Connection(("URI", "spiffe://elsewhere/gateway")),
        _Connection(("DNS", "spiffe://paas/gateway")),
        _Connection(),
        _Connection(certificate=False),
    ],
)
async def test_nobody_else_is(connection: _Connection) -> None:
    assert not await _is_spoken_with(connection)
