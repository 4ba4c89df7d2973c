"""config as secrets uses it: apps' ids, and the names that secrets claims and gives up.

A name is given up only while no value is stored under it, checked with the app locked: a message that arrives late
must not free a name that was taken again in between.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import grpc
import structlog
from paas.config.v1 import config_pb2, config_pb2_grpc

from paaskit.channels import call
from paaskit.db import Database
from paaskit.errors import NotFound, Unavailable

_LOCK: Final = "SELECT 1 FROM apps WHERE app_id = %s FOR UPDATE"
_TAKEN: Final = """
    SELECT name FROM sealed WHERE app_id = %(app_id)s AND valid_to IS NULL AND name = ANY(%(names)s)
    UNION SELECT name || '_PREVIOUS' FROM overlap_ends WHERE tenant = %(tenant)s AND app_id = %(app_id)s"""

log = structlog.get_logger()


class Names:
    """See `services.secrets.domain.Names`."""

    def __init__(self, database: Database, config_channel: grpc.aio.Channel) -> None:
        self._database = database
        self._config = config_pb2_grpc.ConfigInternalServiceStub(config_channel)

    async def resolve(self, tenant: str, app: str) -> str:
        """Return an app's id. Raises NotFound or Unavailable."""
        request = config_pb2.ResolveAppRequest(tenant=tenant, app=app)
        return (await call(self._config.ResolveApp, request, service="config")).app_id

    async def claim(
        self, tenant: str, app: str, claims: Sequence[tuple[str, int]], *, validate_only: bool = False
    ) -> None:
        """Claim names with the sizes of their values: all or none. Raises Refused, LimitExceeded, NotFound."""
        if not claims:
            return
        request = config_pb2.ClaimNamesRequest(
            tenant=tenant,
            app=app,
            claims=[config_pb2.Claim(name=name, size=size) for name, size in claims],
            validate_only=validate_only,
        )
        await call(self._config.ClaimNames, request, service="config")

    async def settle(self, tenant: str, app_id: str, names: Sequence[str]) -> None:
        """Give up those of `names` that hold no value, now if config can be reached."""
        try:
            await self._give_up(tenant, app_id, names)
        except Unavailable:
            log.warning("names_given_up_later")

    async def deliver(self, payloads: Sequence[bytes]) -> None:
        """Give up names as kept in the outbox; each payload is a `ReleaseNamesRequest`."""
        for payload in payloads:
            message = config_pb2.ReleaseNamesRequest.FromString(payload)
            await self._give_up(message.tenant, message.app_id, message.names)

    async def _give_up(self, tenant: str, app_id: str, names: Sequence[str]) -> None:
        async with self._without_value(tenant, app_id, names) as free:
            if not free:
                return
            request = config_pb2.ReleaseNamesRequest(tenant=tenant, app_id=app_id, names=free)
            try:
                await call(self._config.ReleaseNames, request, service="config")
            except NotFound:
                log.info("names_of_a_destroyed_app")

    @asynccontextmanager
    async def _without_value(self, tenant: str, app_id: str, names: Sequence[str]) -> AsyncIterator[list[str]]:
        """Those of `names` without a stored value; none can get one while this lasts."""
        async with self._database.transaction(tenant) as connection:
            await connection.execute(_LOCK, (app_id,))
            parameters = {"tenant": tenant, "app_id": app_id, "names": list(names)}
            rows = await (await connection.execute(_TAKEN, parameters)).fetchall()
            taken = {name for (name,) in rows}
            yield [name for name in names if name not in taken]
