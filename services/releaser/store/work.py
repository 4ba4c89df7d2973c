"""The SQL of running releases: what an app's next step is, and what becomes of a release. See `leases` for who may."""

from typing import Any, Final

from paas.audit.v1 import audit_pb2

from paaskit.audit import FAILED, OK, AuditEvent
from paaskit.db import Connection, Database
from paaskit.trail import Trail
from services.releaser.domain import SERVICE_ACTOR, AppKey, State, Versions
from services.releaser.runtimes.protocol import Progress
from services.releaser.store.leases import LOCK_AND_HOLD, PARK, Lease, LeaseLost, LeaseStore, fenced, removal_of
from services.releaser.store.rows import RELEASE_COLUMNS, release_of
from services.releaser.work.steps import Ended, Nothing, Run, Standing, Step, Wait, choose_step

_DONE: Final = "DELETE FROM work WHERE tenant = %(tenant)s AND app_id = %(app_id)s"
# Hundreds may be queued, of which the newest alone is looked at. One row without a number where nothing is open.
_LOOK: Final = f"""
    SELECT since.seconds, since.stood_for, r.* FROM (
        SELECT extract(epoch FROM clock_timestamp() - max(started_at))::float8 AS seconds,
               greatest(max(number) - min(number), 1) AS stood_for
        FROM (SELECT number, started_at FROM releases
              WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND started_at IS NOT NULL
              ORDER BY number DESC LIMIT 2) AS last_two) since
    LEFT JOIN LATERAL (
        SELECT {RELEASE_COLUMNS} FROM releases
        WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND (state IN ('queued', 'running') OR undo_due)
          AND (state <> 'queued' OR number = (
            SELECT max(number) FROM releases
            WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND state = 'queued'))) r ON true
    ORDER BY r.number"""
# In an app that is not settled, what was ordered may lack what an order that named no version was for.
_START: Final = """
    UPDATE releases SET
        state = CASE WHEN number = %(number)s THEN 'running' ELSE 'superseded' END,
        started_at = CASE WHEN number = %(number)s THEN clock_timestamp() END,
        finished_at = CASE WHEN number < %(number)s THEN clock_timestamp() END,
        superseded_by = CASE WHEN number < %(number)s THEN %(number)s::bigint END,
        message = CASE WHEN number < %(number)s THEN 'Superseded by v' || %(number)s::bigint || '.' ELSE message END,
        config_version = CASE WHEN number < %(number)s OR %(settled)s THEN config_version END,
        secrets_version = CASE WHEN number < %(number)s OR %(settled)s THEN secrets_version END
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number <= %(number)s AND state = 'queued'"""
_SETTLE: Final = """
    UPDATE releases SET config_version = greatest(config_version, %(config_version)s::bigint),
        secrets_version = greatest(secrets_version, %(secrets_version)s::bigint)
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND (state = 'queued' OR number = %(number)s)
      AND number >= %(number)s"""
_SETTLE_APP: Final = """
    UPDATE apps SET settled = true, config_version = greatest(config_version, %(config_version)s::bigint),
        secrets_version = greatest(secrets_version, %(secrets_version)s::bigint)
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s"""
_BEGIN: Final = fenced("""
    UPDATE releases SET instances_total = %(total)s
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND state = 'running'""")
# Where it goes on, it waits for nothing any more; that it is only tried again does not say so.
_PROGRESS: Final = fenced("""
    UPDATE releases SET message = '',
        instances_updated = %(updated)s, instances_ready = %(ready)s, instances_old = %(old)s,
        instances_total = coalesce(%(total)s, instances_total)
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND state = 'running'""")
_NOTE: Final = fenced("""
    UPDATE releases SET message = %(message)s
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND state = 'running'""")
_END: Final = """
    UPDATE releases SET state = %(state)s, finished_at = clock_timestamp(), message = %(message)s,
        instances_updated = coalesce(%(updated)s, instances_updated),
        instances_ready = coalesce(%(ready)s, instances_ready), instances_old = coalesce(%(old)s, instances_old),
        instances_total = coalesce(%(total)s, instances_total), undo_due = %(undo)s,
        output = %(output)s, untouched = %(untouched)s, stopped_by = %(stopped_by)s
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND state = 'running'
    RETURNING (SELECT name FROM apps WHERE apps.tenant = releases.tenant AND apps.app_id = releases.app_id) AS app"""
_END_ALL: Final = """
    UPDATE releases SET state = 'failed', finished_at = clock_timestamp(), message = CASE WHEN EXISTS (
        SELECT FROM apps WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND is_group)
        THEN 'The group was destroyed.' ELSE 'The app was destroyed.' END
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

    async def take_step(self, lease: Lease, *, spacing_seconds: float, ended: Ended | None = None) -> Step:
        """Write down how the release that ran `ended`, choose what to do next, and write down that it began.

        One transaction. Where nothing can be done now, the lease is over. Raises LeaseLost.
        """
        named = self._leases.named(lease)
        async with self._database.transaction(lease.key.tenant) as connection:
            # Requests wait for this lock, so everything is asked for before anything is awaited.
            held = await connection.execute(LOCK_AND_HOLD, named)
            finished = await connection.execute(_END, named | _columns(ended)) if ended else None
            looked = await connection.execute(_LOOK, named)
            renewed: Any = await held.fetchone()
            removal = removal_of(renewed)
            if ended and finished:
                await self._tell(connection, lease, ended, await finished.fetchone())
            rows = await looked.fetchall()
            standing = Standing(
                removal=removal,
                open_releases=[release_of(row) for row in rows if row.number is not None],
                since_start=rows[0].seconds,
                stood_for=rows[0].stood_for or 1,
                settled=renewed.settled,
            )
            step = choose_step(standing, spacing_seconds=spacing_seconds)
            if isinstance(step, Nothing):
                await connection.execute(_DONE, named)
            if isinstance(step, Wait):
                await connection.execute(PARK, named | {"seconds": step.seconds})
            if isinstance(step, Run) and not step.resumed:
                await connection.execute(_START, named | {"number": step.release.number, "settled": standing.settled})
        if ended:
            self._trail.committed()
        return step

    async def _tell(self, connection: Connection, lease: Lease, ended: Ended, row: Any) -> None:
        if row is None:
            raise LeaseLost
        outcome = OK if ended.state is State.SUCCEEDED else FAILED
        release = ended.release
        event = _finish(lease.key, row.app or "", release.number, actor=release.actor, outcome=outcome)
        await self._trail.add(connection, event)

    async def settle_versions(self, lease: Lease, number: int, versions: Versions) -> None:
        """Write down what a release is that was ordered without its versions, before anything of it is applied."""
        values = {"number": number, "config_version": versions.config, "secrets_version": versions.secrets}
        async with self._leases.locked(lease) as connection:
            await connection.execute(_SETTLE, self._leases.named(lease) | values)
            await connection.execute(_SETTLE_APP, self._leases.named(lease) | values)

    async def begin(self, lease: Lease, number: int, *, total: int) -> None:
        """Write down how many instances a release is to have, before anything of it is applied."""
        await self._leases.note(lease, _BEGIN, {"number": number, "total": total})

    async def progress(self, lease: Lease, number: int, progress: Progress) -> None:
        """Write down how far a rollout is."""
        await self._leases.note(lease, _PROGRESS, {"number": number, **_counts(progress)})

    async def hold(self, lease: Lease) -> None:
        """Renew the lease. Raises LeaseLost where somebody else has it."""
        async with self._leases.held(lease):
            pass

    async def note(self, lease: Lease, number: int, message: str) -> None:
        """Write down what a release waits for."""
        await self._leases.note(lease, _NOTE, {"number": number, "message": message})

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


def _columns(ended: Ended) -> dict[str, Any]:
    """Return what is written of how a release ended. What becomes of the change of a failed one is settled next."""
    return {
        "number": ended.release.number,
        "state": ended.state.value,
        "message": ended.message,
        "undo": ended.state is State.FAILED,
        "output": ended.output,
        "untouched": ended.untouched,
        "stopped_by": ended.stopped_by,
        **_counts(ended.progress),
    }


def _counts(progress: Progress | None) -> dict[str, int | None]:
    """Return how far a rollout is as columns; None leaves what is written."""
    if progress is None:
        return {"updated": None, "ready": None, "old": None, "total": None}
    return {"updated": progress.updated, "ready": progress.ready, "old": progress.old, "total": progress.total}


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
