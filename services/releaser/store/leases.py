"""The SQL of leases: who works on which app.

A lease is not a lock: whoever held it may wake up after it ran out. So every write of a runner first renews the lease
in the same transaction, and raises LeaseLost where somebody else holds it by now; one that is late changes nothing.
Times are PostgreSQL's, since the machines of several runners need not agree.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from paaskit.db import Connection, Database
from services.releaser.domain import AppKey

# A tenant has no more than its share under way, in all replicas together, so what it can do with stuck releases is to
# hold up its own; and all tenants have no more under way than is allowed at once, or a change of everybody's apps would
# restart everything. Two replicas that claim at the same moment may take too many together; that passes.
# Up to now(), which an index can be searched with, other than clock_timestamp(); to a single statement it is the same.
_CLAIM: Final = """
    WITH held AS MATERIALIZED (
        SELECT tenant, count(*) AS apps FROM work WHERE lease_until >= now() GROUP BY tenant),
    waiting AS MATERIALIZED (
        SELECT tenant, app_id, not_before FROM work
        WHERE not_before <= now() AND (lease_until IS NULL OR lease_until < clock_timestamp())
          AND tenant || '/' || app_id <> ALL(%(running)s)
          AND tenant <> ALL(ARRAY(SELECT tenant FROM held WHERE apps >= %(share)s))
        ORDER BY not_before LIMIT %(looked_at)s),
    placed AS (
        SELECT w.*, row_number() OVER (PARTITION BY tenant ORDER BY not_before) + coalesce(held.apps, 0) AS place
        FROM waiting w LEFT JOIN held USING (tenant)),
    due AS MATERIALIZED (
        SELECT tenant, app_id FROM placed JOIN work USING (tenant, app_id)
        WHERE place <= %(share)s AND (lease_until IS NULL OR lease_until < clock_timestamp())
        ORDER BY place, placed.not_before
        LIMIT least(%(limit)s, greatest(0, %(at_once)s - (SELECT coalesce(sum(apps), 0) FROM held)))
        FOR UPDATE OF work SKIP LOCKED)
    UPDATE work SET lease_holder = %(holder)s, lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    FROM due WHERE work.tenant = due.tenant AND work.app_id = due.app_id
    RETURNING work.tenant, work.app_id, (SELECT count(*) FROM waiting) AS looked_at"""
# Where several rows are waited for, they are locked in the order in which requests lock them: here that of the arrays.
_RENEW: Final = """
    WITH held AS MATERIALIZED (
        SELECT mine.* FROM unnest(%(tenants)s::text[], %(apps)s::text[]) AS running (tenant, app_id)
        CROSS JOIN LATERAL (
            SELECT tenant, app_id FROM work
            WHERE tenant = running.tenant AND app_id = running.app_id AND lease_holder = %(holder)s FOR UPDATE) AS mine)
    UPDATE work SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    FROM held WHERE work.tenant = held.tenant AND work.app_id = held.app_id
    RETURNING work.tenant, work.app_id, work.removal"""
_GIVE_UP: Final = """
    WITH held AS MATERIALIZED (
        SELECT tenant, app_id FROM work WHERE lease_holder = ANY(%(holders)s)
        ORDER BY tenant COLLATE "C", app_id COLLATE "C" FOR UPDATE)
    UPDATE work SET lease_holder = NULL, lease_until = NULL
    FROM held WHERE work.tenant = held.tenant AND work.app_id = held.app_id"""
PARK: Final = """
    UPDATE work SET lease_holder = NULL, lease_until = NULL,
        not_before = clock_timestamp() + make_interval(secs => %(seconds)s)
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND lease_holder = %(holder)s"""
_RECALL: Final = """
    UPDATE work SET not_before = clock_timestamp()
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND lease_holder IS NULL AND not_before > clock_timestamp()"""
HOLD: Final = """
    UPDATE work SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND lease_holder = %(holder)s RETURNING removal"""
_LOCK_APP: Final = """
    SELECT settled FROM apps WHERE tenant = %(tenant)s AND app_id = %(app_id)s FOR NO KEY UPDATE"""
# The app's row is locked before the lease is renewed, as by whoever takes orders: what is joined is there first.
LOCK_AND_HOLD: Final = f"""
    WITH app AS MATERIALIZED ({_LOCK_APP})
    UPDATE work SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s) FROM app
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND lease_holder = %(holder)s
    RETURNING removal, settled"""


# How many of those that wait are looked at in one statement. One tenant's may be all of them: then it gets its share,
# and the next statement passes it over.
_LOOKED_AT: Final = 256


def fenced(update: str) -> str:
    """Return an UPDATE as a statement that has an effect only for whoever holds the lease; see `LeaseStore.note`."""
    return f"WITH held AS ({HOLD}), noted AS ({update} AND EXISTS (SELECT FROM held)) SELECT removal FROM held"


class LeaseLost(Exception):
    """Somebody else works on the app by now; nothing was written."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to work on one app, until it is not renewed in time."""

    key: AppKey
    holder: str


class LeaseStore:
    """The leases of this process. `holder` is this process, and no other ever; `share` is how many apps of one tenant
    are worked on at the same time and `at_once` how many of all tenants, by whomever.
    """

    def __init__(
        self, database: Database, *, holder: str, share: int, at_once: int = 32, lease_seconds: float = 3.0
    ) -> None:
        self._database = database
        self._share = share
        self._at_once = at_once
        self._lease_seconds = lease_seconds
        self.holder = holder

    async def claim(self, running: Collection[AppKey], *, limit: int) -> list[Lease]:
        """Lease up to `limit` apps with something to do, whoever's they are, except those already `running` here.

        No tenant gets more than its share, all together no more than are worked on at once, and a tenant with nothing
        under way comes before one with something.
        """
        leases: list[Lease] = []
        while len(leases) < limit:
            parameters = {
                "holder": self.holder,
                "lease": self._lease_seconds,
                "limit": limit - len(leases),
                "share": self._share,
                "at_once": self._at_once,
                "looked_at": _LOOKED_AT,
                "running": [str(key) for key in (*running, *(lease.key for lease in leases))],
            }
            rows = await self._database.execute(_CLAIM, parameters)
            keys = [AppKey(tenant=row.tenant, app_id=row.app_id) for row in rows]
            leases += [Lease(key=key, holder=self.holder) for key in keys]
            if not rows or rows[0].looked_at < _LOOKED_AT:
                break
        return leases

    async def renew(self, running: Collection[AppKey]) -> Mapping[AppKey, bool]:
        """Renew the leases of `running`; return those still held, and whether the app is to be removed."""
        in_order = sorted((key.tenant, key.app_id) for key in running)
        parameters = {
            "holder": self.holder,
            "lease": self._lease_seconds,
            "tenants": [tenant for tenant, _ in in_order],
            "apps": [app_id for _, app_id in in_order],
        }
        rows = await self._database.execute(_RENEW, parameters)
        return {AppKey(tenant=row.tenant, app_id=row.app_id): row.removal for row in rows}

    async def give_up(self, holders: Sequence[str]) -> None:
        """End the leases of holders that are known not to run any more."""
        await self._database.execute(_GIVE_UP, {"holders": list(holders)})

    async def park(self, lease: Lease, seconds: float) -> None:
        """Let go of an app for a while."""
        await self._database.execute(PARK, self.named(lease) | {"seconds": seconds})

    async def recall(self, key: AppKey) -> None:
        """Have an app that waits its time looked at now."""
        await self._database.execute(_RECALL, {"tenant": key.tenant, "app_id": key.app_id})

    @asynccontextmanager
    async def held(self, lease: Lease) -> AsyncIterator[Connection]:
        """A transaction of whoever holds the lease. Raises LeaseLost where that is somebody else."""
        async with self._database.transaction(lease.key.tenant) as connection:
            removal_of(await (await connection.execute(HOLD, self.named(lease))).fetchone())
            yield connection

    async def note(self, lease: Lease, statement: str, values: Mapping[str, Any]) -> None:
        """Run a `fenced` statement in one round trip. Raises LeaseLost; then it had no effect."""
        rows = await self._database.execute_scoped(lease.key.tenant, statement, {**self.named(lease), **values})
        removal_of(rows[0] if rows else None)

    @asynccontextmanager
    async def locked(self, lease: Lease) -> AsyncIterator[Connection]:
        """The same with the app's row locked first, for what must not happen beside a request."""
        async with self._database.transaction(lease.key.tenant) as connection:
            removal_of(await (await connection.execute(LOCK_AND_HOLD, self.named(lease))).fetchone())
            yield connection

    def named(self, lease: Lease) -> dict[str, Any]:
        """Return what statements about an app of a lease take."""
        return {
            "tenant": lease.key.tenant,
            "app_id": lease.key.app_id,
            "holder": lease.holder,
            "lease": self._lease_seconds,
        }


def removal_of(row: Any) -> bool:
    """Return whether the app of a lease that was renewed is to be removed. Raises LeaseLost where it was not."""
    if row is None:
        raise LeaseLost
    return bool(row.removal)
