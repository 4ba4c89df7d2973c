"""The SQL that makes and destroys apps and shared groups."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from paaskit import write_path
from paaskit.access import AppRef
from paaskit.changes import Answer
from paaskit.db import Connection
from paaskit.requests import RequestKey
from paaskit.write_path import Decision, Read, WritePath
from services.config.domain import Adopted, App, AppSpec
from services.config.store.look import LIVING_BY_NAME
from services.config.store.rows import APP, adopted_columns, app_of, spec_columns
from services.config.store.shared import LOCK_GROUPS

# Whoever makes an app of a name has the name to itself until it is done: there is no row yet to be locked.
_LOCK_NAME: Final = "SELECT pg_advisory_xact_lock(hashtextextended('app ' || %(tenant)s || ' ' || %(app)s, 0))"
_LIVING: Final = f"SELECT a.app_id, a.is_group FROM apps a WHERE {LIVING_BY_NAME}"
_LOCK: Final = f"SELECT {APP} FROM apps a WHERE {LIVING_BY_NAME} FOR UPDATE"
# An app's remains in the other services must be gone before its name means another app there; so of all that had the
# name, the last one alone may have any.
_REMAINS: Final = """
    SELECT a.app_id, a.is_group FROM (
        SELECT app_id, is_group FROM apps
        WHERE tenant = %(tenant)s AND name = %(app)s AND destroyed_at IS NOT NULL
        ORDER BY destroyed_at DESC LIMIT 1) AS a
    WHERE EXISTS (SELECT 1 FROM outbox o WHERE o.destination = ANY(%(farewells)s::text[]) AND o.key = a.app_id)"""
# Whoever adopts a Deployment, likewise; the name's lock is always taken first.
_LOCK_ADOPTED: Final = """
    SELECT pg_advisory_xact_lock(
        hashtextextended('adopted ' || %(tenant)s || ' ' || %(namespace)s || '/' || %(deployment)s, 0))"""
# No container named is the only one there is, and so any that is.
_ADOPTER: Final = """
    SELECT a.name FROM apps a
    WHERE a.tenant = %(tenant)s AND a.adopted_namespace = %(namespace)s AND a.adopted_deployment = %(deployment)s
      AND a.destroyed_at IS NULL AND ('' IN (%(container)s, a.adopted_container)
                                      OR a.adopted_container = %(container)s)
    ORDER BY a.adopted_container LIMIT 1"""
_INSERT: Final = """
    INSERT INTO apps (tenant, app_id, name, version, next_position, names, bytes, created_at, adopted_namespace,
                      adopted_deployment, adopted_container, is_group)
    VALUES (%s, %s, %s, 1, 1, 0, 0, %s, %s, %s, %s, %s)"""
_INSERT_SPEC: Final = """
    INSERT INTO specs (tenant, app_id, valid_from, command, image, instances, health_path, ready_timeout_seconds,
                       all_at_once, schema, group_ids, group_names)
    VALUES (%s, %s, 1, %s, %s, %s, %s, %s, %s, %s, %s::text[], %s::text[])"""
_DESTROY: Final = "UPDATE apps SET destroyed_at = clock_timestamp() WHERE tenant = %(tenant)s AND app_id = %(app_id)s"
_FORGET_DRAFTS: Final = tuple(
    f"DELETE FROM {table} WHERE tenant = %(tenant)s AND app_id = %(app_id)s"
    for table in ("drafts", "draft_specs", "attachments", "group_uses")
)
# Staged or not: of an app that has it both ways one row is enough.
_USED_BY: Final = """
    SELECT DISTINCT a.app_id, a.name
    FROM group_uses u
    CROSS JOIN LATERAL (SELECT * FROM apps WHERE tenant = %(tenant)s AND app_id = u.app_id OFFSET 0) AS a
    WHERE u.tenant = %(tenant)s
      AND u.group_id = (SELECT a.app_id FROM apps a WHERE a.tenant = %(tenant)s AND a.name = %(app)s
                                                     AND a.destroyed_at IS NULL)
    ORDER BY a.name"""


@dataclass(frozen=True, kw_only=True)
class NameHolder:
    """Who has the name of an app: a living app, and a destroyed one that the other services have not forgotten yet.

    `adopter` is the name of a living app that has what the new one is to adopt, `used_by` are the apps that have a
    group, live or staged, by id. A group's name is like an app's: `is_group` tells which of the two has it, or had it.
    """

    app: App | None = None
    living_id: str = ""
    remains_id: str = ""
    is_group: bool = False
    adopter: str = ""
    used_by: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NewApp:
    """An app or a group to be made."""

    app_id: str
    name: str
    spec: AppSpec = AppSpec()
    created_at: datetime
    is_group: bool = False


class AppStore:
    """Apps as a whole. `farewells` are the destinations in the outbox that are told of an app's end, under its id."""

    def __init__(self, path: WritePath, *, farewells: list[str]) -> None:
        self._path = path
        self._farewells = farewells

    async def create(
        self, tenant: str, new: NewApp, *, request: RequestKey, decide: Callable[[NameHolder], Decision[NewApp]]
    ) -> Answer:
        """Make an app, or give the answer an equal request got before. Raises what `decide` raises, and Unavailable."""
        given = {"tenant": tenant, "app": new.name, "farewells": self._farewells}

        async def look(connection: Connection) -> Read[NameHolder]:
            await connection.execute(_LOCK_NAME, given)
            living = await connection.execute(_LIVING, given)
            remains = await connection.execute(_REMAINS, given)
            adopters = await _look_for_adopter(connection, tenant, new.spec.adopted)

            async def read() -> NameHolder:
                app, rest = await living.fetchone(), await remains.fetchone()
                adopter = await adopters.fetchone() if adopters else None
                return NameHolder(
                    living_id=app.app_id if app else "",
                    remains_id=rest.app_id if rest else "",
                    is_group=app.is_group if app else False,
                    adopter=adopter.name if adopter else "",
                )

            return read

        async def write(connection: Connection, _: NameHolder, new: NewApp) -> None:
            adopted = adopted_columns(new.spec.adopted)
            await connection.execute(_INSERT, (tenant, new.app_id, new.name, new.created_at, *adopted, new.is_group))
            await connection.execute(_INSERT_SPEC, (tenant, new.app_id, *spec_columns(new.spec)))

        change: write_path.Change[NameHolder, NewApp] = write_path.Change(
            tenant=tenant, look=look, decide=decide, write=write, request=request
        )
        return (await self._path.make(change))[1]

    async def destroy(
        self, ref: AppRef, *, group: bool = False, request: RequestKey, decide: Callable[[NameHolder], Decision[App]]
    ) -> Answer:
        """Destroy an app, or a `group`, or give the answer an equal request got before.

        Raises what `decide` raises, PermissionDenied for a namesake of the app that the caller is limited to.
        """
        given = {"tenant": ref.tenant, "app": ref.name, "farewells": self._farewells}

        async def look(connection: Connection) -> Read[NameHolder]:
            locked = await connection.execute(_LOCK, given)
            remains = await connection.execute(_REMAINS, given)
            if group:
                await connection.execute(LOCK_GROUPS, given)
            users = await connection.execute(_USED_BY, given) if group else None

            async def read() -> NameHolder:
                row, rest = await locked.fetchone(), await remains.fetchone()
                found = row or rest
                if found is not None:
                    ref.accept(found.app_id)
                return NameHolder(
                    app=app_of(row) if row else None,
                    remains_id=rest.app_id if rest else "",
                    is_group=found.is_group if found else False,
                    used_by={each.app_id: each.name for each in await users.fetchall()} if users else {},
                )

            return read

        async def write(connection: Connection, _: NameHolder, app: App) -> None:
            here = {"tenant": ref.tenant, "app_id": app.app_id}
            for statement in (_DESTROY, *_FORGET_DRAFTS):
                await connection.execute(statement, here)

        change: write_path.Change[NameHolder, App] = write_path.Change(
            tenant=ref.tenant,
            look=look,
            decide=decide,
            write=write,
            request=request,
            about=lambda holder: holder.app.app_id if holder.app else None,
        )
        return (await self._path.make(change))[1]


async def _look_for_adopter(connection: Connection, tenant: str, adopted: Adopted | None) -> Any:
    """Send what locks a Deployment and finds the app that has it; None where there is none to be adopted."""
    if adopted is None:
        return None
    given = {
        "tenant": tenant,
        "namespace": adopted.namespace,
        "deployment": adopted.deployment,
        "container": adopted.container,
    }
    await connection.execute(_LOCK_ADOPTED, given)
    return await connection.execute(_ADOPTER, given)
