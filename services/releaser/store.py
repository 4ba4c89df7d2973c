"""The SQL of apps and releases as requests see them: asking for releases, reading them, destroying apps.

Must not touch a lease or a running release: that is `work_store`. Locks are taken in one order everywhere, the app's
row before its row in `work`, and apps by tenant and id, as bytes.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from paaskit.db import Connection, Database
from paaskit.requests import RequestKey, begin_recall, finish_recall, remember
from paaskit.trail import Trail
from services.releaser.domain import AppKey, Kind, NewRelease, Order, Release, State

RELEASE_COLUMNS: Final = """number, state, kind, description, actor, created_at, started_at, finished_at,
    config_version, secrets_version, message, instances_ready, instances_total, superseded_by, reverted_to,
    revert_release, reverted_names, source_release, undo_due"""

_SET_TENANT: Final = "SELECT set_config('paas.tenant', %(tenant)s, true)"

# A name goes to the newest app of that name: whoever had it before was destroyed, or it could not have been given.
_TAKE_NAMES: Final = """
    UPDATE apps SET name = NULL FROM unnest(%(ids)s::text[], %(names)s::text[]) AS named (app_id, name)
    WHERE apps.tenant = %(tenant)s AND apps.name = named.name AND apps.app_id <> named.app_id
      AND NOT EXISTS (SELECT FROM apps known WHERE known.tenant = %(tenant)s AND known.app_id = named.app_id)"""
_REGISTER: Final = """
    INSERT INTO apps (tenant, app_id, name)
    SELECT %(tenant)s, named.app_id, named.name
    FROM unnest(%(ids)s::text[], %(names)s::text[]) AS named (app_id, name) ORDER BY named.app_id COLLATE "C"
    ON CONFLICT (tenant, app_id) DO NOTHING"""
_LOCK_APPS: Final = """
    SELECT app_id FROM apps WHERE tenant = %(tenant)s AND app_id = ANY(%(ids)s)
    ORDER BY app_id COLLATE "C" FOR NO KEY UPDATE"""
_QUEUE: Final = """
    WITH asked AS (
        SELECT DISTINCT ON (o.app_id, o.change_id) o.*
        FROM unnest(%(apps)s::text[], %(changes)s::text[], %(actors)s::text[], %(descriptions)s::text[])
            WITH ORDINALITY AS o (app_id, change_id, actor, description, place)
        WHERE NOT EXISTS (SELECT FROM releases r
            WHERE r.tenant = %(tenant)s AND r.app_id = o.app_id AND r.change_id = o.change_id)
        ORDER BY o.app_id, o.change_id, o.place),
    fresh AS (SELECT *, row_number() OVER (PARTITION BY app_id ORDER BY place) AS step FROM asked),
    counted AS (
        UPDATE apps SET last_number = last_number + f.many
        FROM (SELECT app_id, count(*) AS many FROM fresh GROUP BY app_id) f
        WHERE apps.tenant = %(tenant)s AND apps.app_id = f.app_id
        RETURNING apps.app_id, apps.last_number - f.many AS before, apps.removed_at IS NOT NULL AS gone)
    INSERT INTO releases (tenant, app_id, number, change_id, kind, state, description, actor, finished_at, message)
    SELECT %(tenant)s, app_id, before + step, change_id, 'change', CASE WHEN gone THEN 'failed' ELSE 'queued' END,
        description, actor, CASE WHEN gone THEN clock_timestamp() END,
        CASE WHEN gone THEN 'The app was destroyed.' ELSE '' END
    FROM fresh JOIN counted USING (app_id)"""
# A runner deletes the row only with the app locked, as it is here: a row that is there now will be looked at again.
_OPEN_WORK: Final = """
    INSERT INTO work (tenant, app_id)
    SELECT tenant, app_id FROM apps
    WHERE tenant = %(tenant)s AND app_id = ANY(%(ids)s) AND EXISTS (SELECT FROM releases r
        WHERE r.tenant = apps.tenant AND r.app_id = apps.app_id AND r.state = 'queued')
    ORDER BY app_id COLLATE "C"
    ON CONFLICT (tenant, app_id) DO NOTHING"""
_NUMBERS: Final = """
    SELECT r.app_id, r.change_id, r.number
    FROM releases r
    JOIN unnest(%(apps)s::text[], %(changes)s::text[]) AS o (app_id, change_id) USING (app_id, change_id)
    WHERE r.tenant = %(tenant)s"""

_FIND_APP: Final = "SELECT app_id FROM apps WHERE tenant = %s AND name = %s"
_NEXT_NUMBER: Final = """
    UPDATE apps SET last_number = last_number + 1 WHERE tenant = %(tenant)s AND app_id = %(app_id)s
    RETURNING last_number"""
_CREATE: Final = f"""
    INSERT INTO releases (tenant, app_id, number, change_id, kind, state, description, actor, source_release)
    VALUES (%(tenant)s, %(app_id)s, %(number)s, %(change_id)s, %(kind)s, 'queued', %(description)s, %(actor)s,
        %(source_release)s)
    RETURNING {RELEASE_COLUMNS}"""  # a constant of ours
_GET: Final = f"SELECT {RELEASE_COLUMNS} FROM releases WHERE tenant = %s AND app_id = %s AND number = %s"
_LIST: Final = f"""
    SELECT {RELEASE_COLUMNS} FROM releases WHERE tenant = %s AND app_id = %s AND number < %s
    ORDER BY number DESC LIMIT %s"""  # a constant of ours
_FORGET: Final = """
    INSERT INTO apps (tenant, app_id, removed_at) VALUES (%(tenant)s, %(app_id)s, clock_timestamp())
    ON CONFLICT (tenant, app_id) DO UPDATE SET name = NULL, removed_at = coalesce(apps.removed_at, clock_timestamp())"""
_OPEN_REMOVAL: Final = """
    INSERT INTO work (tenant, app_id, removal) VALUES (%(tenant)s, %(app_id)s, true)
    ON CONFLICT (tenant, app_id) DO UPDATE SET removal = true, not_before = clock_timestamp()"""
_HAS_WORK: Final = "SELECT 1 FROM work WHERE tenant = %s AND app_id = %s"


class Store:
    """Apps and releases, as far as requests reach."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database = database
        self._trail = trail

    async def queue(self, orders: Sequence[Order]) -> list[int]:
        """Queue a release per change id, all in one transaction; return the numbers in the order asked."""
        by_tenant: dict[str, list[Order]] = defaultdict(list)
        for order in orders:
            by_tenant[order.key.tenant].append(order)
        tenants = sorted(by_tenant)
        numbers: dict[tuple[str, str, str], int] = {}
        async with self._database.transaction(tenants[0]) as connection:
            cursors = [await _queue_tenant(connection, tenant, by_tenant[tenant]) for tenant in tenants]
            for tenant, cursor in zip(tenants, cursors, strict=True):
                for app_id, change_id, number in await cursor.fetchall():
                    numbers[tenant, app_id, change_id] = number
        return [numbers[order.key.tenant, order.key.app_id, order.change_id] for order in orders]

    async def find_app(self, tenant: str, name: str) -> AppKey | None:
        """Return the living app of this name, or None where releaser never heard of it."""
        rows = await self._database.fetch(tenant, _FIND_APP, (tenant, name))
        return AppKey(tenant=tenant, app_id=rows[0][0]) if rows else None

    async def register(self, key: AppKey, name: str) -> None:
        """Keep an app's name."""
        async with self._database.transaction(key.tenant) as connection:
            named = {"tenant": key.tenant, "ids": [key.app_id], "names": [name]}
            await connection.execute(_TAKE_NAMES, named)
            await connection.execute(_REGISTER, named)

    async def recall(self, tenant: str, request: RequestKey) -> int | None:
        """Return the number an earlier request with the same id got. Raises InvalidInput where it was another one."""
        async with self._database.transaction(tenant) as connection:
            answer = (await finish_recall(await begin_recall(connection, [request]))).answer(request)
        return None if answer is None else int(answer["number"])

    async def create(self, new: NewRelease) -> Release:
        """Queue one release with its audit event, once per request id."""
        tenant, app_id = new.key.tenant, new.key.app_id
        named = {"tenant": tenant, "app_id": app_id, "ids": [app_id]}
        async with self._database.transaction(tenant) as connection:
            await connection.execute(_LOCK_APPS, named)
            answer = (await finish_recall(await begin_recall(connection, [new.request]))).answer(new.request)
            if answer is not None:
                return await _only(await connection.execute(_GET, (tenant, app_id, answer["number"])))
            numbered = await (await connection.execute(_NEXT_NUMBER, named)).fetchone()
            assert numbered is not None
            values = named | {
                "number": numbered[0],
                "change_id": new.change_id,
                "kind": new.kind,
                "description": new.description,
                "actor": new.actor.name,
                "source_release": new.source_release,
            }
            created = await connection.execute(_CREATE, values)
            await connection.execute(_OPEN_WORK, named)
            version, request_id = numbered[0], new.request.request_id
            targets = (f"v{version}",)
            event = new.actor.event(new.action, app=new.app, targets=targets, version=version, request_id=request_id)
            await self._trail.add(connection, event)
            await remember(connection, new.request, tenant=tenant, answer={"number": numbered[0]})
            release = await _only(created)
        self._trail.committed()
        return release

    async def get(self, key: AppKey, number: int) -> Release | None:
        """Return one release, or None."""
        rows = await self._database.fetch(key.tenant, _GET, (key.tenant, key.app_id, number))
        return release_of(rows[0]) if rows else None

    async def page(self, key: AppKey, *, before: int, limit: int) -> list[Release]:
        """Return up to `limit` releases older than number `before`, newest first."""
        rows = await self._database.fetch(key.tenant, _LIST, (key.tenant, key.app_id, before, limit))
        return [release_of(row) for row in rows]

    async def mark_removed(self, key: AppKey) -> None:
        """Forget the app's name and have a runner stop it; works for an app never heard of."""
        async with self._database.transaction(key.tenant) as connection:
            named = {"tenant": key.tenant, "app_id": key.app_id}
            await connection.execute(_FORGET, named)
            await connection.execute(_OPEN_REMOVAL, named)

    async def has_work(self, key: AppKey) -> bool:
        """Whether a runner still has something to do for the app."""
        return bool(await self._database.fetch(key.tenant, _HAS_WORK, (key.tenant, key.app_id)))


async def _queue_tenant(connection: Connection, tenant: str, orders: Sequence[Order]) -> Any:
    """Send everything that queues one tenant's orders, and return the cursor of their numbers, not yet awaited."""
    owners = {order.app: order.key.app_id for order in orders}
    names = {order.key.app_id: order.app if owners[order.app] == order.key.app_id else None for order in orders}
    ids = sorted(names)
    values = {
        "tenant": tenant,
        "ids": ids,
        "names": [names[app_id] for app_id in ids],
        "apps": [order.key.app_id for order in orders],
        "changes": [order.change_id for order in orders],
        "actors": [order.actor for order in orders],
        "descriptions": [order.description for order in orders],
    }
    for statement in (_SET_TENANT, _TAKE_NAMES, _REGISTER, _LOCK_APPS, _QUEUE, _OPEN_WORK):
        await connection.execute(statement, values)
    return await connection.execute(_NUMBERS, values)


async def _only(cursor: Any) -> Release:
    return release_of(await cursor.fetchone())


def release_of(row: Sequence[Any]) -> Release:
    """Return the release in a row of RELEASE_COLUMNS."""
    return Release(
        number=row[0],
        state=State(row[1]),
        kind=Kind(row[2]),
        description=row[3],
        actor=row[4],
        created_at=row[5],
        started_at=row[6],
        finished_at=row[7],
        config_version=row[8],
        secrets_version=row[9],
        message=row[10],
        instances_ready=row[11],
        instances_total=row[12],
        superseded_by=row[13],
        reverted_to=row[14],
        revert_release=row[15],
        reverted_names=tuple(row[16]),
        source_release=row[17],
        undo_due=row[18],
    )
