"""The SQL of running releases: leases on apps with work to do, and what becomes of a release.

A lease is not a lock: whoever held it may wake up after it ran out. So every write here first renews the lease in the
same transaction, and raises LeaseLost where somebody else holds it by now; a runner that is late changes nothing.
Times are PostgreSQL's, since the machines of several runners need not agree.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from paas.audit.v1 import audit_pb2

from paaskit.audit import FAILED, OK, AuditEvent
from paaskit.db import Connection, Database
from paaskit.trail import Trail
from services.releaser.domain import (
    SERVICE_ACTOR,
    AppKey,
    Nothing,
    Release,
    Run,
    Standing,
    Step,
    Wait,
    choose_step,
)
from services.releaser.store import RELEASE_COLUMNS, release_of

_CLAIM: Final = """
    WITH due AS MATERIALIZED (
        SELECT tenant, app_id FROM work
        WHERE not_before <= clock_timestamp() AND (lease_until IS NULL OR lease_until < clock_timestamp())
          AND tenant || '/' || app_id <> ALL(%(running)s)
        ORDER BY not_before LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    UPDATE work SET lease_holder = %(holder)s, lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    FROM due WHERE work.tenant = due.tenant AND work.app_id = due.app_id RETURNING work.tenant, work.app_id"""
# Where several rows are waited for, they are locked in the order in which requests lock them.
_RENEW: Final = """
    WITH held AS MATERIALIZED (
        SELECT tenant, app_id FROM work
        WHERE lease_holder = %(holder)s AND tenant || '/' || app_id = ANY(%(running)s)
        ORDER BY tenant COLLATE "C", app_id COLLATE "C" FOR UPDATE)
    UPDATE work SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    FROM held WHERE work.tenant = held.tenant AND work.app_id = held.app_id
    RETURNING work.tenant, work.app_id, work.removal"""
_GIVE_UP: Final = """
    WITH held AS MATERIALIZED (
        SELECT tenant, app_id FROM work WHERE lease_holder = ANY(%(holders)s)
        ORDER BY tenant COLLATE "C", app_id COLLATE "C" FOR UPDATE)
    UPDATE work SET lease_holder = NULL, lease_until = NULL
    FROM held WHERE work.tenant = held.tenant AND work.app_id = held.app_id"""
_PARK: Final = """
    UPDATE work SET lease_holder = NULL, lease_until = NULL,
        not_before = clock_timestamp() + make_interval(secs => %(seconds)s)
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND lease_holder = %(holder)s"""
_HOLD: Final = """
    UPDATE work SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND lease_holder = %(holder)s RETURNING removal"""
_DONE: Final = "DELETE FROM work WHERE tenant = %(tenant)s AND app_id = %(app_id)s"
_LOCK_APP: Final = """
    SELECT 1 FROM apps WHERE tenant = %(tenant)s AND app_id = %(app_id)s FOR NO KEY UPDATE"""

_OPEN: Final = f"""
    SELECT {RELEASE_COLUMNS} FROM releases
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND (state IN ('queued', 'running') OR undo_due)
    ORDER BY number"""  # a constant of ours
_SINCE_START: Final = """
    SELECT extract(epoch FROM clock_timestamp() - started_at)::float8 FROM releases
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND started_at IS NOT NULL ORDER BY number DESC LIMIT 1"""
_START: Final = """
    UPDATE releases SET state = 'running', started_at = clock_timestamp()
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND state = 'queued'"""
_SUPERSEDE: Final = """
    UPDATE releases SET state = 'superseded', finished_at = clock_timestamp(), superseded_by = %(number)s,
        message = 'Superseded by v' || %(number)s::bigint || '.'
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = ANY(%(older)s) AND state = 'queued'"""
_PIN: Final = """
    UPDATE releases SET config_version = %(config_version)s, secrets_version = %(secrets_version)s,
        instances_total = %(total)s, message = ''
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND state = 'running'"""
_PROGRESS: Final = """
    UPDATE releases SET instances_ready = %(ready)s
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND state = 'running'"""
_NOTE: Final = """
    UPDATE releases SET message = %(message)s
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND state = 'running'"""
_END: Final = """
    UPDATE releases SET state = %(state)s, finished_at = clock_timestamp(), message = %(message)s,
        instances_ready = coalesce(%(ready)s, instances_ready), undo_due = %(undo)s
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND state = 'running'
    RETURNING (SELECT name FROM apps WHERE apps.tenant = releases.tenant AND apps.app_id = releases.app_id)"""
_QUEUE_REVERT: Final = """
    WITH counted AS (
        UPDATE apps SET last_number = last_number + 1 WHERE tenant = %(tenant)s AND app_id = %(app_id)s
        RETURNING last_number)
    INSERT INTO releases (tenant, app_id, number, change_id, kind, state, description, actor, source_release)
    SELECT %(tenant)s, %(app_id)s, last_number, %(change_id)s, 'revert', 'queued', %(description)s, %(actor)s,
        %(reverted_to)s
    FROM counted RETURNING number"""
_INTEND: Final = """
    UPDATE releases SET reverted_to = %(reverted_to)s
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND undo_due"""
_SETTLE: Final = """
    UPDATE releases SET undo_due = false, message = %(message)s, reverted_to = %(reverted_to)s,
        reverted_names = %(names)s, revert_release = %(revert_release)s
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND undo_due"""
_LAST_GOOD: Final = f"""
    SELECT {RELEASE_COLUMNS} FROM releases
    WHERE tenant = %s AND app_id = %s AND number < %s AND state = 'succeeded' ORDER BY number DESC LIMIT 1"""
_END_ALL: Final = """
    UPDATE releases SET state = 'failed', finished_at = clock_timestamp(), message = 'The app was destroyed.'
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND state IN ('queued', 'running')
    RETURNING number, actor, started_at IS NOT NULL"""
_END_UNDOING: Final = """
    UPDATE releases SET undo_due = false WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND undo_due"""


class LeaseLost(Exception):
    """Somebody else works on the app by now; nothing was written."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to work on one app, until it is not renewed in time."""

    key: AppKey
    holder: str


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What becomes of a failed release's change. `reverted_to` is 0 where nothing was taken back."""

    message: str
    reverted_to: int = 0
    names: tuple[str, ...] = ()
    change_id: str = ""


class WorkStore:
    """What runners read and write. `holder` is this process, and no other ever."""

    def __init__(self, database: Database, trail: Trail, *, holder: str, lease_seconds: float = 3.0) -> None:
        self._database = database
        self._trail = trail
        self._lease_seconds = lease_seconds
        self.holder = holder

    async def claim(self, running: Collection[AppKey], *, limit: int) -> list[Lease]:
        """Take up to `limit` apps that have something to do and that nobody works on, `running` excepted."""
        async with self._database.unscoped() as connection:
            values = {"holder": self.holder, "lease": self._lease_seconds, "limit": limit, "running": _keys(running)}
            rows = await (await connection.execute(_CLAIM, values)).fetchall()
        return [Lease(key=AppKey(tenant=row[0], app_id=row[1]), holder=self.holder) for row in rows]

    async def renew(self, running: Collection[AppKey]) -> Mapping[AppKey, bool]:
        """Renew the leases of `running`; return those still held, and whether the app is to be removed."""
        async with self._database.unscoped() as connection:
            values = {"holder": self.holder, "lease": self._lease_seconds, "running": _keys(running)}
            rows = await (await connection.execute(_RENEW, values)).fetchall()
        return {AppKey(tenant=row[0], app_id=row[1]): row[2] for row in rows}

    async def give_up(self, holders: Sequence[str]) -> None:
        """End the leases of these holders, which must be known not to run any more."""
        async with self._database.unscoped() as connection:
            await connection.execute(_GIVE_UP, {"holders": list(holders)})

    async def park(self, lease: Lease, seconds: float) -> None:
        """Let go of an app for a while."""
        async with self._database.unscoped() as connection:
            await connection.execute(_PARK, self._named(lease) | {"seconds": seconds})

    async def take_step(self, lease: Lease, *, spacing_seconds: float) -> Step:
        """Choose what to do next and write down that it began. Where nothing can be done now, the lease is over."""
        named = self._named(lease)
        async with self._database.transaction(lease.key.tenant) as connection:
            # Requests wait for this lock, so everything is asked for before anything is awaited.
            await connection.execute(_LOCK_APP, named)
            held = await connection.execute(_HOLD, named)
            opened = await connection.execute(_OPEN, named)
            started = await connection.execute(_SINCE_START, named)
            removal = _held_removal(await held.fetchone())
            rows, since = await opened.fetchall(), await started.fetchone()
            standing = Standing(
                removal=removal,
                open_releases=[release_of(row) for row in rows],
                since_start=since[0] if since else None,
            )
            step = choose_step(standing, spacing_seconds=spacing_seconds)
            if isinstance(step, Nothing):
                await connection.execute(_DONE, named)
            if isinstance(step, Wait):
                await connection.execute(_PARK, named | {"seconds": step.seconds})
            if isinstance(step, Run) and not step.resumed:
                number = step.release.number
                await connection.execute(_START, named | {"number": number})
                await connection.execute(_SUPERSEDE, named | {"number": number, "older": list(step.supersedes)})
        return step

    async def pin(self, lease: Lease, number: int, *, versions: tuple[int, int], total: int) -> None:
        """Write down which (config, secrets) versions a release is, before anything of it is applied."""
        async with self._held(lease) as (connection, _):
            values = {"number": number, "config_version": versions[0], "secrets_version": versions[1], "total": total}
            await connection.execute(_PIN, self._named(lease) | values)

    async def progress(self, lease: Lease, number: int, ready: int) -> None:
        """Write down how many instances run with the release."""
        async with self._held(lease) as (connection, _):
            await connection.execute(_PROGRESS, self._named(lease) | {"number": number, "ready": ready})

    async def note(self, lease: Lease, number: int, message: str) -> None:
        """Write down what a release waits for."""
        async with self._held(lease) as (connection, _):
            await connection.execute(_NOTE, self._named(lease) | {"number": number, "message": message})

    async def succeed(self, lease: Lease, release: Release, *, ready: int) -> None:
        """End a release well."""
        await self._end(lease, release, {"state": "succeeded", "message": "", "ready": ready, "undo": False}, OK)

    async def fail(self, lease: Lease, release: Release, *, message: str, undo: bool) -> None:
        """End a release badly; with `undo`, what becomes of its change is settled next."""
        await self._end(lease, release, {"state": "failed", "message": message, "ready": None, "undo": undo}, FAILED)

    async def last_good(self, key: AppKey, *, before: int) -> Release | None:
        """Return the newest release older than `before` that succeeded."""
        rows = await self._database.fetch(key.tenant, _LAST_GOOD, (key.tenant, key.app_id, before))
        return release_of(rows[0]) if rows else None

    async def intend_revert(self, lease: Lease, number: int, *, to: int) -> None:
        """Write down that a failed release's change is about to be taken back, before any of it is."""
        async with self._held(lease) as (connection, _):
            await connection.execute(_INTEND, self._named(lease) | {"number": number, "reverted_to": to})

    async def settle(self, lease: Lease, failed: Release, settlement: Settlement) -> None:
        """Write down what became of a failed release's change and, where it was taken back, queue that."""
        values = self._named(lease) | {
            "number": failed.number,
            "message": settlement.message,
            "reverted_to": settlement.reverted_to,
            "names": list(settlement.names),
            "revert_release": 0,
            "change_id": settlement.change_id,
            "description": f"Revert v{failed.number} to v{settlement.reverted_to}",
            "actor": SERVICE_ACTOR,
        }
        async with self._database.transaction(lease.key.tenant) as connection:
            await connection.execute(_LOCK_APP, values)
            await self._hold(connection, lease)
            if settlement.reverted_to:
                queued = await (await connection.execute(_QUEUE_REVERT, values)).fetchone()
                assert queued is not None
                values["revert_release"] = queued[0]
            await connection.execute(_SETTLE, values)

    async def finish_removal(self, lease: Lease) -> None:
        """End whatever was open of a destroyed app, and its work."""
        async with self._held(lease) as (connection, _):
            rows = await (await connection.execute(_END_ALL, self._named(lease))).fetchall()
            for number, actor, started in rows:
                if started:
                    await self._trail.add(connection, _finish(lease.key, "", number, actor=actor, outcome=FAILED))
            await connection.execute(_END_UNDOING, self._named(lease))
            await connection.execute(_DONE, self._named(lease))
        self._trail.committed()

    async def _end(
        self, lease: Lease, release: Release, values: dict[str, Any], outcome: audit_pb2.Outcome.ValueType
    ) -> None:
        async with self._held(lease) as (connection, _):
            cursor = await connection.execute(_END, self._named(lease) | values | {"number": release.number})
            row = await cursor.fetchone()
            if row is None:
                raise LeaseLost
            event = _finish(lease.key, row[0] or "", release.number, actor=release.actor, outcome=outcome)
            await self._trail.add(connection, event)
        self._trail.committed()

    @asynccontextmanager
    async def _held(self, lease: Lease) -> AsyncIterator[tuple[Connection, bool]]:
        async with self._database.transaction(lease.key.tenant) as connection:
            yield connection, await self._hold(connection, lease)

    async def _hold(self, connection: Connection, lease: Lease) -> bool:
        return _held_removal(await (await connection.execute(_HOLD, self._named(lease))).fetchone())

    def _named(self, lease: Lease) -> dict[str, Any]:
        return {
            "tenant": lease.key.tenant,
            "app_id": lease.key.app_id,
            "holder": lease.holder,
            "lease": self._lease_seconds,
        }


def _held_removal(row: tuple[Any, ...] | None) -> bool:
    """Return whether the app of a lease that was renewed is to be removed. Raises LeaseLost where it was not."""
    if row is None:
        raise LeaseLost
    return bool(row[0])


def _keys(running: Collection[AppKey]) -> list[str]:
    return [str(key) for key in running]


def _finish(key: AppKey, app: str, number: int, *, actor: str, outcome: audit_pb2.Outcome.ValueType) -> AuditEvent:
    return AuditEvent(
        tenant=key.tenant,
        action="releases.finish",
        actor=SERVICE_ACTOR,
        on_behalf_of="" if actor == SERVICE_ACTOR else actor,
        app=app,
        targets=(f"v{number}",),
        version=number,
        outcome=outcome,
    )
