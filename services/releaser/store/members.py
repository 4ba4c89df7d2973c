"""The SQL of a shared group's release: which apps it is for, and how their releases stand."""

from collections.abc import Sequence
from typing import Any, Final

from paaskit.db import Database
from services.releaser.contracts import GroupUse
from services.releaser.domain import AppKey, Kind, Release, State, Versions
from services.releaser.store import queue
from services.releaser.store.leases import HOLD, Lease, LeaseStore, fenced, removal_of
from services.releaser.store.rows import FOLLOWED, RELEASE_COLUMNS, release_of
from services.releaser.work.groups.reach import Reached
from services.releaser.work.groups.turns import Follow
from services.releaser.work.orders import Order, place

_SINCE_GOOD: Final = f"""
    SELECT {RELEASE_COLUMNS} FROM releases
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number <= %(number)s AND number > coalesce((
        SELECT number FROM releases
        WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND state = 'succeeded' AND number < %(number)s
        ORDER BY number DESC LIMIT 1), 0)
    ORDER BY number"""
_APPS: Final = f"""
    SELECT asked.app_id, good.*, running.number IS NOT NULL AS is_running
    FROM unnest(%(apps)s::text[]) AS asked (app_id)
    LEFT JOIN LATERAL (
        SELECT number FROM releases
        WHERE tenant = %(tenant)s AND app_id = asked.app_id AND state = 'running' LIMIT 1) AS running ON true
    LEFT JOIN LATERAL (
        SELECT {RELEASE_COLUMNS} FROM releases
        WHERE tenant = %(tenant)s AND app_id = asked.app_id AND state = 'succeeded'
        ORDER BY number DESC LIMIT 1) AS good ON true"""
_HAD: Final = f"""
    SELECT DISTINCT m.app_id FROM members m {FOLLOWED}
    WHERE m.tenant = %(tenant)s AND m.group_id = %(app_id)s AND m.number < %(number)s AND m.number >= %(since)s
      AND m.release IS NOT NULL AND NOT (r.state = 'failed' AND r.untouched)"""
_JOIN: Final = """
    INSERT INTO members (tenant, group_id, number, app_id, app)
    SELECT %(tenant)s, %(app_id)s, %(number)s, asked.app_id, asked.app
    FROM unnest(%(apps)s::text[], %(names)s::text[]) AS asked (app_id, app)
    ON CONFLICT DO NOTHING"""
_OPEN: Final = """
    UPDATE releases SET fan_out = 'open'
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND state = 'running'"""
_IS_GROUP: Final = "UPDATE apps SET is_group = true WHERE tenant = %(tenant)s AND app_id = %(app_id)s"
_LOOK: Final = f"""
    SELECT m.app_id, m.app, m.release AS ordered, r.*, gone.at IS NOT NULL AS gone, good.number IS NOT NULL AS works
    FROM members m {FOLLOWED}
    LEFT JOIN LATERAL (
        SELECT number FROM releases WHERE tenant = m.tenant AND app_id = m.app_id AND state = 'succeeded'
        ORDER BY number DESC LIMIT 1) AS good ON true
    LEFT JOIN LATERAL (
        SELECT removed_at AS at FROM apps WHERE tenant = m.tenant AND app_id = m.app_id OFFSET 0) AS gone ON true
    WHERE m.tenant = %(tenant)s AND m.group_id = %(app_id)s AND m.number = %(number)s
    ORDER BY m.app COLLATE "C", m.app_id"""
_LEAVE: Final = fenced("""
    DELETE FROM members
    WHERE tenant = %(tenant)s AND group_id = %(app_id)s AND number = %(number)s AND app_id = ANY(%(apps)s)
      AND release IS NULL""")
_NAME: Final = "SELECT name FROM apps WHERE tenant = %(tenant)s AND app_id = %(app_id)s"
_ORDERED: Final = """
    UPDATE members m SET release = given.release
    FROM unnest(%(apps)s::text[], %(releases)s::bigint[]) AS given (app_id, release)
    WHERE m.tenant = %(tenant)s AND m.group_id = %(app_id)s AND m.number = %(number)s AND m.app_id = given.app_id"""
_PIN: Final = """
    INSERT INTO pins (tenant, app_id, number, group_id, name, config_version, secrets_version)
    SELECT %(tenant)s, given.app_id, given.release, %(app_id)s, %(group)s, %(config)s, %(secrets)s
    FROM unnest(%(apps)s::text[], %(releases)s::bigint[]) AS given (app_id, release)
    ON CONFLICT DO NOTHING"""
# With the group's row locked, as it is by whoever joins: either that is seen here, or this is seen there.
_CLOSE: Final = """
    UPDATE releases SET fan_out = 'done'
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND state = 'running' AND NOT EXISTS (
        SELECT FROM members
        WHERE tenant = %(tenant)s AND group_id = %(app_id)s AND number = %(number)s AND release IS NULL)
    RETURNING number"""

_AT_ONCE: Final = 256
"""How many apps are ordered releases of in one transaction, which has the rows of all of them locked."""


class MemberStore:
    """The apps of groups' releases."""

    def __init__(self, database: Database, leases: LeaseStore) -> None:
        self._database = database
        self._leases = leases

    async def reached(self, key: AppKey, number: int, apps: Sequence[str]) -> Reached:
        """Return what is known of a group's release and of the apps that have the group."""
        asked = {"tenant": key.tenant, "app_id": key.app_id, "number": number, "apps": list(apps)}
        since_good = await self._database.fetch(key.tenant, _SINCE_GOOD, asked)
        of_apps = await self._database.fetch(key.tenant, _APPS, asked)
        since = since_good[0].number if since_good else number
        had = await self._database.fetch(key.tenant, _HAD, asked | {"since": since})
        return Reached(
            since_good=[release_of(row) for row in since_good],
            good={row.app_id: release_of(row) for row in of_apps if row.number is not None},
            running=frozenset(row.app_id for row in of_apps if row.is_running),
            had=frozenset(row.app_id for row in had),
        )

    async def open(self, lease: Lease, number: int, uses: Sequence[GroupUse]) -> None:
        """Write down which apps a group's release is for. Raises LeaseLost."""
        asked = self._leases.named(lease) | {
            "number": number,
            "apps": [use.key.app_id for use in uses],
            "names": [use.app for use in uses],
        }
        async with self._leases.locked(lease) as connection:
            await connection.execute(_IS_GROUP, asked)
            await connection.execute(_JOIN, asked)
            await connection.execute(_OPEN, asked)

    async def look(self, key: AppKey, number: int) -> list[Follow]:
        """Return how the apps' releases stand, by the apps' names."""
        asked = {"tenant": key.tenant, "app_id": key.app_id, "number": number}
        return [_follow(row) for row in await self._database.fetch(key.tenant, _LOOK, asked)]

    async def leave(self, lease: Lease, number: int, apps: Sequence[Follow]) -> None:
        """Leave apps out that do not have the group any more. Raises LeaseLost."""
        if apps:
            await self._leases.note(lease, _LEAVE, {"number": number, "apps": [each.app_id for each in apps]})

    async def order(self, lease: Lease, release: Release, apps: Sequence[Follow]) -> None:
        """Queue a release of each app, with the group's versions, and write down which; all or nothing.

        Once for each app, however often it is asked for. Raises LeaseLost.
        """
        for start in range(0, len(apps), _AT_ONCE):
            await self._order(lease, release, apps[start : start + _AT_ONCE])

    async def _order(self, lease: Lease, release: Release, apps: Sequence[Follow]) -> None:
        tenant, named = lease.key.tenant, self._leases.named(lease)
        change_id = f"{lease.key.app_id}-v{release.number}"
        keys = [AppKey(tenant=tenant, app_id=each.app_id) for each in apps]
        async with self._database.transaction(tenant) as connection:
            # The apps' rows before the group's row of work, as everywhere.
            looked = await queue.look(connection, tenant, [(key, change_id) for key in keys])
            held = await connection.execute(HOLD, named)
            found = await connection.execute(_NAME, named)
            lines, given = await looked.results()
            removal_of(await held.fetchone())
            row = await found.fetchone()
            group = (row.name if row else None) or lease.key.app_id
            orders = [
                Order(
                    key=key,
                    app=each.app,
                    change_id=change_id,
                    actor=release.actor,
                    description=f"{group} v{release.number}: {release.description}",
                    kind=Kind.GROUP,
                )
                for key, each in zip(keys, apps, strict=True)
            ]
            placement = place(orders, lines, given)
            await queue.write(connection, tenant, placement)
            ordered = named | {
                "number": release.number,
                "apps": [key.app_id for key in keys],
                "releases": list(placement.numbers),
                "group": group,
                **_versions_to(release.versions),
            }
            await connection.execute(_ORDERED, ordered)
            await connection.execute(_PIN, ordered)

    async def close(self, lease: Lease, number: int) -> bool:
        """Write down that every app has it, so that none joins any more; False where one did. Raises LeaseLost."""
        async with self._leases.locked(lease) as connection:
            closed = await connection.execute(_CLOSE, self._leases.named(lease) | {"number": number})
            return await closed.fetchone() is not None


def _follow(row: Any) -> Follow:
    return Follow(
        app_id=row.app_id,
        app=row.app,
        release=row.ordered if row.number is None else row.number,
        state=State(row.state) if row.state else None,
        message=row.message or "",
        untouched=bool(row.untouched),
        settled=not row.undo_due,
        gone=row.gone,
        works=row.works,
    )


def _versions_to(versions: Versions) -> dict[str, int | None]:
    return {"config": versions.config, "secrets": versions.secrets}
