"""Serving the pages to the gateway, and to nobody else, until SIGTERM."""

import asyncio
import os
import ssl
from typing import Any, Final, cast

import structlog
import uvicorn
import uvloop
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from dashboard.server import application
from dashboard.settings import Settings
from paaskit import metrics, process_memory
from paaskit.background import end_background
from paaskit.channels import open_channel
from paaskit.clock import utc_now
from paaskit.db import Database
from paaskit.logs import configure_logs, refuse_traces_of_grpc
from paaskit.server import collect_seldom, watch_readiness
from paaskit.settings import SettingsError

log = structlog.get_logger()

_GATEWAY: Final = ("URI", "spiffe://paas/gateway")
_GRACE_SECONDS: Final = 4
# A page is a few statements; what people do at once, one replica does with these.
_CONNECTIONS: Final = 4


class Readiness:
    """Whether pages can be had of this process, with its database, as it was last looked at."""

    def __init__(self) -> None:
        self.ready = False

    async def tell(self, *, ready: bool) -> None:
        """Know it."""
        self.ready = ready


class FromGateway(H11Protocol):
    """HTTP/1.1 with whoever holds the gateway's certificate. Anybody else is turned away before they say a word."""

    def connection_made(self, transport: Any) -> None:
        """Begin, or close."""
        certificate = transport.get_extra_info("peercert") or {}
        if _GATEWAY not in certificate.get("subjectAltName", ()):
            log.warning("turned_away")
            transport.close()
            return
        super().connection_made(transport)


def run(settings: Settings) -> int:
    """Serve until told to stop and return the exit code. Raises SettingsError."""
    refuse_traces_of_grpc(os.environ)
    configure_logs(service="dashboard", level=settings.log_level)
    process_memory.keep_private()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    database = Database(
        settings.database_url,
        password_file=settings.database_password_file,
        service="dashboard",
        writers=_CONNECTIONS,
        readers=_CONNECTIONS,
    )
    channel = open_channel(settings.gateway_address, service="gateway", tls=settings)
    readiness = Readiness()
    watching = asyncio.create_task(watch_readiness(database.ready, readiness.tell))
    try:
        await database.open()
        server = uvicorn.Server(
            _configuration(settings, application(settings, database=database, channel=channel, clock=utc_now))
        )
        collect_seldom()
        async with metrics.served(settings.metrics_listen, ready=lambda: server.started and readiness.ready):
            log.info("serving", address=settings.listen)
            await server.serve()
            log.info("stopping")
    finally:
        await end_background([watching])
        await channel.close()
        await database.close()
    return 0


def _configuration(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    host, _, port = settings.listen.rpartition(":")
    if not host or not port.isdecimal():
        raise SettingsError("PAAS_LISTEN is unusable: it is host:port.")
    configuration = uvicorn.Config(
        cast("Any", app),
        host=host,
        port=int(port),
        http=FromGateway,
        ws="none",
        # Logs are ours: uvicorn's would have every address that is asked for.
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_certfile=str(settings.tls_cert_file),
        ssl_keyfile=str(settings.tls_key_file),
        ssl_ca_certs=str(settings.tls_ca_file),
        ssl_cert_reqs=ssl.CERT_REQUIRED,
    )
    configuration.load()
    if configuration.ssl is None:
        raise SettingsError("The dashboard has no certificate, and does not serve without.")
    configuration.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
    return configuration
