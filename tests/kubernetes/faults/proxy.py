"""A proxy before an API server that does to calls what networks, quotas and busy servers do to them.

What it forwards is answered by the real server; a fault is chosen for each request by the test.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp import web

_PASSED_ON: Final = ("Authorization", "Content-Type", "Accept")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to a request: an answer of the proxy's own with `status`, or none at all where that is 0.

    `written` says that the real server gets it first, so that only its answer is lost. `event` is sent in place of
    what a watch would say.
    """

    status: int = 0
    reason: str = ""
    retry_after: str = ""
    written: bool = False
    event: bytes = b""


Choose = Callable[[web.Request], Fault | None]


@dataclass
class Proxy:
    """Where it listens, what it does to requests, and what came by: methods and paths, faults apart.

    `answered` is told of each request that the real server has answered, before anybody else knows.
    """

    url: str = ""
    choose: Choose = field(default=lambda _: None)
    answered: Callable[[web.Request], object] = field(default=lambda _: None)
    seen: list[tuple[str, str]] = field(default_factory=list)
    faults: int = 0


@asynccontextmanager
async def proxy(upstream: str, *, trust: ssl.SSLContext, serve: ssl.SSLContext) -> AsyncIterator[Proxy]:
    """Stand before the API server at `upstream`, on a free port of this machine."""
    state = Proxy()
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust, limit=0), timeout=aiohttp.ClientTimeout(total=None)
    ) as session:

        async def handle(request: web.Request) -> web.StreamResponse:
            return await _handle(request, state, session, upstream)

        runner = web.AppRunner(_application(handle), handler_cancellation=True)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=serve, shutdown_timeout=1.0)
            await site.start()
            state.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
            yield state
        finally:
            await runner.cleanup()


def _application(handle: Callable[[web.Request], object]) -> web.Application:
    application = web.Application(client_max_size=8 * 1024 * 1024)
    application.router.add_route("*", "/{path:.*}", handle)  # type: ignore[arg-type]
    return application


async def _handle(
    request: web.Request, state: Proxy, session: aiohttp.ClientSession, upstream: str
) -> web.StreamResponse:
    state.seen.append((request.method, request.path))
    fault = state.choose(request)
    if fault is not None:
        state.faults += 1
    if fault is not None and not fault.written and not fault.event:
        return await _answer(fault, request)
    body = await request.read()
    headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
    async with session.request(
        request.method, f"{upstream}{request.raw_path}", headers=headers, data=body or None
    ) as answer:
        state.answered(request)
        if fault is not None and fault.written:
            await answer.read()
            return await _answer(fault, request)
        response = web.StreamResponse(status=answer.status)
        for name in ("Content-Type", "Retry-After"):
            if name in answer.headers:
                response.headers[name] = answer.headers[name]
        await response.prepare(request)
        if fault is not None:
            await response.write(fault.event)
        else:
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
        return response


async def _answer(fault: Fault, request: web.Request) -> web.Response:
    if not fault.status:
        assert request.transport is not None
        request.transport.abort()
        await asyncio.sleep(0)
        raise web.HTTPServiceUnavailable
    status = {"kind": "Status", "code": fault.status, "reason": fault.reason, "message": "hunter2 is quoted here"}
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    return web.Response(
        status=fault.status, headers=headers, body=json.dumps(status).encode(), content_type="application/json"
    )
