"""The composition root of the dashboard: what it is made of."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import grpc
import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from dashboard.pages.routes import page_routes
from dashboard.sessions.keeper import Sessions
from dashboard.sessions.store import Store
from dashboard.settings import PREFIX, Settings
from dashboard.sign_in.link_pages import LINKS_PATH, LOOK_PATH
from dashboard.sign_in.links import Links
from dashboard.sign_in.pages import SignIns
from dashboard.sign_in.provider import Provider
from dashboard.web.failures import failed, not_found
from dashboard.web.headers import Headers
from dashboard.web.measured import Measured
from dashboard.web.origin import OwnOrigin
from dashboard.web.render import Templates
from dashboard.web.statics import static_route
from dashboard.web.visit import Site
from paaskit.clock import Clock
from paaskit.db import Database
from paaskit.errors import Unavailable
from paaskit.logs import describe_exception

log = structlog.get_logger()

READY: Final = "/ready"
"""Where the gateway asks whether to send anybody here."""
_SWEPT_EVERY_SECONDS: Final = 300.0


def application(settings: Settings, *, database: Database, channel: grpc.aio.Channel, clock: Clock) -> ASGIApp:
    """Return the dashboard, over a database that is open and a channel to the gateway."""
    store = Store(database)
    provider = Provider(settings, channel, clock) if settings.sso_issuer else None
    sessions = Sessions(
        store,
        idle=timedelta(minutes=settings.idle_minutes),
        longest=timedelta(hours=settings.session_hours),
        renewal=provider,
        clock=clock,
    )
    sign_ins = SignIns(provider=provider, links=Links(store, clock), url=settings.url)

    async def ready(_: Request) -> Response:
        return PlainTextResponse("ready\n") if await database.ready() else PlainTextResponse("not ready\n", 503)

    app = Starlette(
        routes=[
            Route(READY, ready, methods=["GET"]),
            Mount(PREFIX.rstrip("/"), routes=[static_route(), *sign_ins.routes(), *page_routes()]),
        ],
        # A page of 500 variables is hardly less at slower levels, which take more than twice as long. What is told bit
        # by bit goes as it is.
        middleware=[Middleware(GZipMiddleware, minimum_size=1000, compresslevel=3)],
        exception_handlers={404: not_found, 405: not_found, Exception: failed},
        lifespan=lambda _: _swept(sessions),
    )
    app.state.site = Site(
        sessions=sessions, database=database, channel=channel, templates=Templates(PREFIX), prefix=PREFIX
    )
    # Around all of it, so that what fails is answered with them as well.
    own = OwnOrigin(
        app,
        origin=settings.origin,
        url=settings.url,
        exempt=frozenset({READY, PREFIX + LINKS_PATH}),
        from_anywhere=frozenset({PREFIX + LOOK_PATH}),
    )
    return Headers(Measured(own), hsts=settings.hsts if settings.url.startswith("https://") else "")


@contextlib.asynccontextmanager
async def _swept(sessions: Sessions) -> AsyncIterator[None]:
    sweeping = asyncio.create_task(_sweep(sessions))
    try:
        yield
    finally:
        sweeping.cancel()


async def _sweep(sessions: Sessions) -> None:
    while True:
        try:
            await sessions.sweep()
        except Unavailable as error:
            log.warning("sessions_not_swept", **describe_exception(error))
        await asyncio.sleep(_SWEPT_EVERY_SECONDS)
