"""The SQL of apps and releases as requests see them: asking for releases, reading them, destroying apps.

Must not touch a lease or a running release: that is `work_store`. Locks are taken in one order everywhere, the app's
row before its row in `work`, and apps by tenant and id, as bytes.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from paaskit.db import Connection, Database, see_tenant
from paaskit.requests import RequestKey, begin_recall, finish_recall, remember
from paaskit.trail import Trail
from services.releaser.domain import AppKey, Kind, NewRelease, Order, Release, State

RELEASE_COLUMNS: Final = """number, state, kind, description, actor, created_at, started_at, finished_at,
    config_version, secrets_version, message, instances_ready, instances_total, superseded_by, reverted_to,
    revert_release, reverted_names, source_release, undo_due"""

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
    SELECT app_id, last_number, removed_at IS NOT NULL FROM apps WHERE tenant = %(tenant)s AND app_id = ANY(%(ids)s)
    ORDER BY app_id COLLATE "C" FOR NO KEY UPDATE"""
_GIVEN: Final = """
    SELECT app_id, change_id, number FROM releases
    WHERE tenant = %(tenant)s AND app_id = ANY(%(ids)s) AND change_id = ANY(%(changes)s)"""
_QUEUE: Final = """
    INSERT INTO releases (tenant, app_id, number, change_id, kind, state, description, actor, finished_at, message)
    SELECT %(tenant)s, o.app_id, o.number, o.change_id, 'change', CASE WHEN o.gone THEN 'failed' ELSE 'queued' END,
        o.description, o.actor, CASE WHEN o.gone THEN clock_timestamp() END,
        CASE WHEN o.gone THEN 'The app was destroyed.' ELSE '' END
    FROM unnest(%(apps)s::text[], %(numbers)s::bigint[], %(changes)s::text[], %(gone)s::bool[],
                %(descriptions)s::text[], %(actors)s::text[])
        AS o (app_id, number, change_id, gone, description, actor)"""
_COUNT: Final = """
    UPDATE apps SET last_number = greatest(last_number, o.number)
    FROM (SELECT app_id, max(number) AS number FROM unnest(%(apps)s::text[], %(numbers)s::bigint[])
          AS o (app_id, number) GROUP BY app_id) o
    WHERE apps.tenant = %(tenant)s AND apps.app_id = o.app_id"""
# A runner deletes the row only with the app locked, as it is here: a row that is there now will be looked at again.
_OPEN_WORK: Final = """
    INSERT INTO work (tenant, app_id) SELECT %(tenant)s, * FROM unnest(%(ids)s::text[])
    ON CONFLICT (tenant, app_id) DO NOTHING"""

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
        # Apps whose row is known to be there: rows of apps are never deleted, and orders come in crowds.
        self._registered: set[tuple[str, str, str]] = set()

    async def queue(self, orders: Sequence[Order]) -> list[int]:
        """Queue a release per change id, all in one transaction; return the numbers in the order asked."""
        by_tenant: dict[str, list[Order]] = defaultdict(list)
        for order in orders:
            by_tenant[order.key.tenant].append(order)
        tenants = sorted(by_tenant)
        numbers: dict[tuple[str, str, str], int] = {}
        async with self._database.transaction(tenants[0]) as connection:
            for tenant in tenants:
                numbers.update(await self._queue_tenant(connection, tenant, by_tenant[tenant]))
        self._registered |= {(order.key.tenant, order.key.app_id, order.app) for order in orders}
        return [numbers[order.key.tenant, order.key.app_id, order.change_id] for order in orders]

    async def _queue_tenant(
        self, connection: Connection, tenant: str, orders: Sequence[Order]
    ) -> dict[tuple[str, str, str], int]:
        """Queue one tenant's orders; return the number of each, by tenant, app and change."""
        await see_tenant(connection, tenant)
        ids = sorted({order.key.app_id for order in orders})
        if any((tenant, order.key.app_id, order.app) not in self._registered for order in orders):
            named = {"tenant": tenant, "ids": ids, "names": _names(ids, orders)}
            await connection.execute(_TAKE_NAMES, named)
            await connection.execute(_REGISTER, named)
        asked = {"tenant": tenant, "ids": ids, "changes": [order.change_id for order in orders]}
        locked = await connection.execute(_LOCK_APPS, asked)
        given = await connection.execute(_GIVEN, asked)
        apps = {app_id: (last, gone) for app_id, last, gone in await locked.fetchall()}
        numbers = {(app_id, change_id): number for app_id, change_id, number in await given.fetchall()}
        fresh: list[Order] = []
        for order in orders:
            if (order.key.app_id, order.change_id) not in numbers:
                last, gone = apps[order.key.app_id]
                apps[order.key.app_id] = (last + 1, gone)
                numbers[order.key.app_id, order.change_id] = last + 1
                fresh.append(order)
        if fresh:
            await _insert(
                connection, tenant, fresh, numbers=numbers, gone={key for key, (_, gone) in apps.items() if gone}
            )
        return {(tenant, *change): number for change, number in numbers.items()}

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


async def _insert(
    connection: Connection,
    tenant: str,
    orders: Sequence[Order],
    *,
    numbers: Mapping[tuple[str, str], int],
    gone: Collection[str],
) -> None:
    """Send what queues orders under the numbers they got, and has a runner look at their apps."""
    values = {
        "tenant": tenant,
        "apps": [order.key.app_id for order in orders],
        "numbers": [numbers[order.key.app_id, order.change_id] for order in orders],
        "changes": [order.change_id for order in orders],
        "gone": [order.key.app_id in gone for order in orders],
        "descriptions": [order.description for order in orders],
        "actors": [order.actor for order in orders],
        "ids": sorted({order.key.app_id for order in orders} - set(gone)),
    }
    for statement in (_QUEUE, _COUNT, _OPEN_WORK):
        await connection.execute(statement, values)


def _names(ids: Sequence[str], orders: Sequence[Order]) -> list[str | None]:
    """Return the name each app is to have: of two that claim one name, the later has it."""
    owners = {order.app: order.key.app_id for order in orders}
    names = {order.key.app_id: order.app for order in orders if owners[order.app] == order.key.app_id}
    return [names.get(app_id) for app_id in ids]


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
