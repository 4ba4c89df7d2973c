"""The SQL of running releases: what an app's next step is, and what becomes of a release. See `leases` for who may."""

from typing import Any, Final

from paas.audit.v1 import audit_pb2

from paaskit.audit import FAILED, OK, AuditEvent
from paaskit.db import Database
from paaskit.trail import Trail
from services.releaser.domain import SERVICE_ACTOR, AppKey, Release, Versions
from services.releaser.store.leases import HOLD, LOCK_APP, PARK, Lease, LeaseLost, LeaseStore, removal_of
from services.releaser.store.rows import RELEASE_COLUMNS, release_of
from services.releaser.work.steps import Nothing, Run, Standing, Step, Wait, choose_step

_DONE: Final = "DELETE FROM work WHERE tenant = %(tenant)s AND app_id = %(app_id)s"
_OPEN: Final = f"""
    SELECT {RELEASE_COLUMNS} FROM releases
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND (state IN ('queued', 'running') OR undo_due)
    ORDER BY number"""
_SINCE_START: Final = """
    SELECT extract(epoch FROM clock_timestamp() - started_at)::float8 AS seconds FROM releases
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND started_at IS NOT NULL ORDER BY number DESC LIMIT 1"""
# In an app that is not settled, what was ordered may lack what an order that named no version was for.
_START: Final = """
    UPDATE releases SET state = 'running', started_at = clock_timestamp(),
        config_version = CASE WHEN %(settled)s THEN config_version END,
        secrets_version = CASE WHEN %(settled)s THEN secrets_version END
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND state = 'queued'
    RETURNING config_version, secrets_version"""
_SUPERSEDE: Final = """
    UPDATE releases SET state = 'superseded', finished_at = clock_timestamp(), superseded_by = %(number)s,
        message = 'Superseded by v' || %(number)s::bigint || '.'
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = ANY(%(older)s) AND state = 'queued'"""
_SETTLE: Final = """
    UPDATE releases SET config_version = greatest(config_version, %(config_version)s::bigint),
        secrets_version = greatest(secrets_version, %(secrets_version)s::bigint)
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND (state = 'queued' OR number = %(number)s)
      AND number >= %(number)s"""
_SETTLE_APP: Final = """
    UPDATE apps SET settled = true, config_version = greatest(config_version, %(config_version)s::bigint),
        secrets_version = greatest(secrets_version, %(secrets_version)s::bigint)
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s"""
_BEGIN: Final = """
    UPDATE releases SET instances_total = %(total)s, message = ''
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
    RETURNING (SELECT name FROM apps WHERE apps.tenant = releases.tenant AND apps.app_id = releases.app_id) AS app"""
_END_ALL: Final = """
    UPDATE releases SET state = 'failed', finished_at = clock_timestamp(), message = 'The app was destroyed.'
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND state IN ('queued', 'running')
    RETURNING number, actor, started_at IS NOT NULL AS started"""
_END_UNDOING: Final = """
    UPDATE releases SET undo_due = false WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND undo_due"""
_END_INTENTS: Final = "DELETE FROM intents WHERE tenant = %(tenant)s AND app_id = %(app_id)s"


class WorkStore:
    """What a runner reads and writes of releases."""

    def __init__(self, database: Database, trail: Trail, leases: LeaseStore) -> None:
        self._database = database
        self._trail = trail
        self._leases = leases

    async def take_step(self, lease: Lease, *, spacing_seconds: float) -> Step:
        """Choose what to do next and write down that it began. Where nothing can be done now, the lease is over."""
        named = self._leases.named(lease)
        async with self._database.transaction(lease.key.tenant) as connection:
            # Requests wait for this lock, so everything is asked for before anything is awaited.
            locked = await connection.execute(LOCK_APP, named)
            held = await connection.execute(HOLD, named)
            opened = await connection.execute(_OPEN, named)
            started = await connection.execute(_SINCE_START, named)
            app, removal = await locked.fetchone(), removal_of(await held.fetchone())
            rows, since = await opened.fetchall(), await started.fetchone()
            standing = Standing(
                removal=removal,
                open_releases=[release_of(row) for row in rows],
                since_start=since.seconds if since else None,
                settled=app is not None and app.settled,
            )
            step = choose_step(standing, spacing_seconds=spacing_seconds)
            if isinstance(step, Nothing):
                await connection.execute(_DONE, named)
            if isinstance(step, Wait):
                await connection.execute(PARK, named | {"seconds": step.seconds})
            if isinstance(step, Run) and not step.resumed:
                number = step.release.number
                await connection.execute(_START, named | {"number": number, "settled": standing.settled})
                await connection.execute(_SUPERSEDE, named | {"number": number, "older": list(step.supersedes)})
        return step

    async def settle_versions(self, lease: Lease, number: int, versions: Versions) -> None:
        """Write down what a release is that was ordered without its versions, before anything of it is applied."""
        values = {"number": number, "config_version": versions.config, "secrets_version": versions.secrets}
        async with self._leases.locked(lease) as connection:
            await connection.execute(_SETTLE, self._leases.named(lease) | values)
            await connection.execute(_SETTLE_APP, self._leases.named(lease) | values)

    async def begin(self, lease: Lease, number: int, *, total: int) -> None:
        """Write down how many instances a release is to have, before anything of it is applied."""
        async with self._leases.held(lease) as connection:
            await connection.execute(_BEGIN, self._leases.named(lease) | {"number": number, "total": total})

    async def progress(self, lease: Lease, number: int, ready: int) -> None:
        """Write down how many instances run with the release."""
        async with self._leases.held(lease) as connection:
            await connection.execute(_PROGRESS, self._leases.named(lease) | {"number": number, "ready": ready})

    async def note(self, lease: Lease, number: int, message: str) -> None:
        """Write down what a release waits for."""
        async with self._leases.held(lease) as connection:
            await connection.execute(_NOTE, self._leases.named(lease) | {"number": number, "message": message})

    async def succeed(self, lease: Lease, release: Release, *, ready: int) -> None:
        """End a release well."""
        await self._end(lease, release, {"state": "succeeded", "message": "", "ready": ready, "undo": False}, OK)

    async def fail(self, lease: Lease, release: Release, *, message: str) -> None:
        """End a release badly; what becomes of its change is settled next."""
        await self._end(lease, release, {"state": "failed", "message": message, "ready": None, "undo": True}, FAILED)

    async def finish_removal(self, lease: Lease) -> None:
        """End whatever was open of a destroyed app, and its work."""
        named = self._leases.named(lease)
        async with self._leases.held(lease) as connection:
            for row in await (await connection.execute(_END_ALL, named)).fetchall():
                if row.started:
                    event = _finish(lease.key, "", row.number, actor=row.actor, outcome=FAILED)
                    await self._trail.add(connection, event)
            await connection.execute(_END_UNDOING, named)
            await connection.execute(_END_INTENTS, named)
            await connection.execute(_DONE, named)
        self._trail.committed()

    async def _end(
        self, lease: Lease, release: Release, values: dict[str, Any], outcome: audit_pb2.Outcome.ValueType
    ) -> None:
        async with self._leases.held(lease) as connection:
            named = self._leases.named(lease) | values | {"number": release.number}
            row = await (await connection.execute(_END, named)).fetchone()
            if row is None:
                raise LeaseLost
            event = _finish(lease.key, row.app or "", release.number, actor=release.actor, outcome=outcome)
            await self._trail.add(connection, event)
        self._trail.committed()


def _finish(key: AppKey, app: str, number: int, *, actor: str, outcome: audit_pb2.Outcome.ValueType) -> AuditEvent:
    return AuditEvent(
        tenant=key.tenant,
        action="releases.finish",
        actor=SERVICE_ACTOR,
        on_behalf_of="" if actor == SERVICE_ACTOR else actor,
        app=app,
        app_id=key.app_id,
        targets=(f"v{number}",),
        version=number,
        outcome=outcome,
    )
