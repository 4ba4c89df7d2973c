"""The SQL that makes, lists and destroys apps. Returns the domain's dataclasses, never rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from psycopg.errors import UniqueViolation

from paaskit import outbox, requests
from paaskit.audit import AuditEvent
from paaskit.db import Database
from paaskit.errors import AlreadyExists, Unavailable, app_not_found
from paaskit.releases import ReleaseOrder, Releases
from paaskit.requests import RequestKey
from paaskit.trail import Trail
from services.config.domain import App
from services.config.plan import AppSpec
from services.config.rows import APP_BY_NAME, APP_COLUMNS, LIVING, app_of, spec_columns

PURGE: Final = "secrets.purge"
REMOVE: Final = "releaser.remove"

_APPS_AFTER: Final = f"SELECT {APP_COLUMNS} FROM {LIVING} a.name > %s ORDER BY a.name LIMIT %s"
_INSERT: Final = """
    INSERT INTO apps (tenant, app_id, name, version, next_position, names, bytes) VALUES (%s, %s, %s, 1, 1, 0, 0)"""
_INSERT_SPEC: Final = """
    INSERT INTO specs (tenant, app_id, valid_from, command, image, instances, health_path)
    VALUES (%s, %s, 1, %s, %s, %s, %s)"""
_DESTROY: Final = "UPDATE apps SET destroyed_at = clock_timestamp() WHERE app_id = %s"
# An app's remains in the other services must be gone before its name means another app there.
_REMAINS: Final = """
    SELECT EXISTS (SELECT 1 FROM apps a JOIN outbox o ON o.key = a.app_id AND o.destination = ANY(%s)
                   WHERE a.name = %s AND a.destroyed_at IS NOT NULL)"""


Messages = Mapping[str, Callable[[str, str], bytes]]
"""For each destination in the outbox, what makes its message from a tenant and an app's id."""


class AppStore:
    """Apps as a whole; see `services.config.apps.Apps`."""

    def __init__(self, database: Database, *, trail: Trail, releases: Releases, farewells: Messages) -> None:
        self._database = database
        self._trail = trail
        self._releases = releases
        self._farewells = farewells

    async def create(
        self,
        tenant: str,
        *,
        app_id: str,
        name: str,
        spec: AppSpec,
        request: RequestKey,
        event: AuditEvent,
        order: ReleaseOrder | None,
        answer: Mapping[str, Any],
    ) -> Mapping[str, Any] | None:
        """Make an app, or return the answer an earlier request with this id got. Raises AlreadyExists, Unavailable."""
        try:
            async with self._database.transaction(tenant) as connection:
                recall = await requests.begin_recall(connection, [request])
                remains = await connection.execute(_REMAINS, ([PURGE, REMOVE], name))
                earlier = (await requests.finish_recall(recall)).answer(request)
                if earlier is not None:
                    return earlier
                if (await remains.fetchone()) == (True,):
                    raise Unavailable(
                        f"The former app {name} is still being cleaned up. Try again in a moment.",
                        metadata={"service": "config"},
                    )
                await connection.execute(_INSERT, (tenant, app_id, name))
                await connection.execute(_INSERT_SPEC, (tenant, app_id, *spec_columns(spec)))
                await self._trail.add(connection, event)
                if order is not None:
                    await self._releases.add(connection, order)
                await requests.remember(connection, request, tenant=tenant, answer=answer)
        except UniqueViolation:
            raise AlreadyExists(
                f"There is already an app named {name}. Choose another name.", reason="APP_EXISTS"
            ) from None
        self._trail.committed()
        return None

    async def get(self, tenant: str, name: str) -> App:
        """Return a living app. Raises NotFound."""
        rows = await self._database.fetch(tenant, APP_BY_NAME, (name,))
        if not rows:
            raise app_not_found(name)
        return app_of(rows[0])

    async def list_after(self, tenant: str, name: str, limit: int) -> Sequence[App]:
        """Return living apps whose name sorts after `name`."""
        return [app_of(row) for row in await self._database.fetch(tenant, _APPS_AFTER, (name, limit))]

    async def destroy(self, tenant: str, name: str, *, request: RequestKey, event: AuditEvent) -> None:
        """Destroy a living app, once per request id, and keep the farewells. Raises NotFound."""
        async with self._database.transaction(tenant) as connection:
            locked = await connection.execute(f"{APP_BY_NAME} FOR UPDATE OF a", (name,))
            recall = await requests.begin_recall(connection, [request])
            row = await locked.fetchone()
            if (await requests.finish_recall(recall)).answer(request) is not None:
                return
            if row is None:
                raise app_not_found(name)
            app_id = app_of(row).app_id
            await connection.execute(_DESTROY, (app_id,))
            await self._trail.add(connection, event)
            for destination, encode in self._farewells.items():
                await outbox.put(connection, outbox.Message(destination, app_id, encode(tenant, app_id)))
            await requests.remember(connection, request, tenant=tenant, answer={})
        self._trail.committed()
