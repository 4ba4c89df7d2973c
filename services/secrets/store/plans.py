"""Writing what was decided: a plan's rows, in the transaction that decided on it."""

from typing import Final

from paaskit.db import Connection
from services.secrets.rules.plan import Plan
from services.secrets.rules.stored import Snapshot
from services.secrets.store.rows import opened_columns, staged_columns, terms_columns

_CLOSE: Final = """
    UPDATE sealed SET valid_to = %(version)s
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND valid_to IS NULL AND name = ANY(%(names)s)"""
_OPEN: Final = """
    INSERT INTO sealed (tenant, app_id, valid_from, name, kind, generation, sealed, size, position, previous,
                        previous_until, attachment_id, expires_at, expires_seconds, rotate_seconds, rotate_at,
                        created_by)
    SELECT %(tenant)s, %(app_id)s, %(version)s, o.*, %(by)s FROM unnest(
        %(names)s::text[], %(kinds)s::text[], %(generations)s::int[], %(blobs)s::bytea[], %(sizes)s::int[],
        %(positions)s::bigint[], %(previous)s::bigint[], %(untils)s::timestamptz[], %(attachments)s::text[],
        %(ends)s::timestamptz[], %(spans)s::int[], %(intervals)s::int[], %(rotations)s::timestamptz[]) AS o"""
_TERMS: Final = """
    UPDATE sealed s SET expires_at = w.expires_at, expires_seconds = w.expires_seconds,
                        rotate_seconds = w.rotate_seconds, rotate_at = w.rotate_at
    FROM unnest(%(names)s::text[], %(ends)s::timestamptz[], %(spans)s::int[], %(intervals)s::int[],
                %(rotations)s::timestamptz[]) AS w (name, expires_at, expires_seconds, rotate_seconds, rotate_at)
    WHERE s.tenant = %(tenant)s AND s.app_id = %(app_id)s AND s.valid_to IS NULL AND s.name = w.name"""
_REMIND: Final = """
    INSERT INTO reminders (tenant, app_id, name, due)
    SELECT %(tenant)s, %(app_id)s, w.name, w.due
    FROM unnest(%(names)s::text[], %(dues)s::timestamptz[]) AS w (name, due)
    ON CONFLICT (tenant, app_id, name) DO UPDATE SET due = EXCLUDED.due"""
_END_REMINDERS: Final = """
    DELETE FROM reminders WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND name = ANY(%(names)s)"""
_REATTACH: Final = """
    UPDATE sealed s SET attachment_id = w.attachment_id
    FROM unnest(%(names)s::text[], %(attachments)s::text[]) AS w (name, attachment_id)
    WHERE s.tenant = %(tenant)s AND s.app_id = %(app_id)s AND s.valid_to IS NULL AND s.name = w.name"""
_NEW_VERSION: Final = """
    UPDATE apps SET version = %(version)s, next_position = %(next_position)s
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s"""
_NEW_REVISION: Final = """
    UPDATE apps SET draft_revision = %(revision)s WHERE tenant = %(tenant)s AND app_id = %(app_id)s"""
_STAGE: Final = """
    INSERT INTO drafts (tenant, app_id, name, action, revision, base_from, generation, sealed, size, overlap_seconds,
                        staged_by, staged_at, expires_at, expires_seconds, rotate_seconds)
    SELECT %(tenant)s, %(app_id)s, * FROM unnest(
        %(names)s::text[], %(actions)s::text[], %(revisions)s::bigint[], %(bases)s::bigint[], %(generations)s::int[],
        %(blobs)s::bytea[], %(sizes)s::int[], %(overlaps)s::int[], %(stagers)s::text[], %(times)s::timestamptz[],
        %(ends)s::timestamptz[], %(spans)s::int[], %(intervals)s::int[])
    ON CONFLICT (tenant, app_id, name) DO UPDATE SET
        action = EXCLUDED.action, revision = EXCLUDED.revision, base_from = EXCLUDED.base_from,
        generation = EXCLUDED.generation, sealed = EXCLUDED.sealed, size = EXCLUDED.size,
        overlap_seconds = EXCLUDED.overlap_seconds, staged_by = EXCLUDED.staged_by, staged_at = EXCLUDED.staged_at,
        expires_at = EXCLUDED.expires_at, expires_seconds = EXCLUDED.expires_seconds,
        rotate_seconds = EXCLUDED.rotate_seconds"""
_UNSTAGE: Final = "DELETE FROM drafts WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND name = ANY(%(names)s)"
_OVERLAP: Final = """
    INSERT INTO overlap_ends (tenant, app_id, name, version, due)
    SELECT %(tenant)s, %(app_id)s, w.name, %(version)s, w.due
    FROM unnest(%(names)s::text[], %(dues)s::timestamptz[]) AS w (name, due)
    ON CONFLICT (tenant, app_id, name) DO UPDATE SET version = EXCLUDED.version, due = EXCLUDED.due"""
_END_OVERLAPS: Final = """
    DELETE FROM overlap_ends WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND name = ANY(%(names)s)"""
# Most names are held under one claim, the same for all that were set together.
_HOLD: Final = """
    INSERT INTO held_names (tenant, app_id, name, claim_ids)
    SELECT %(tenant)s, %(app_id)s, w.name, %(ids)s::text[] FROM unnest(%(names)s::text[]) AS w (name)
    ON CONFLICT (tenant, app_id, name) DO UPDATE SET claim_ids = EXCLUDED.claim_ids"""
_LET_GO: Final = "DELETE FROM held_names WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND name = ANY(%(names)s)"
_SETTLED: Final = """
    DELETE FROM claims c USING unnest(%(names)s::text[], %(ids)s::text[]) AS w (name, claim_id)
    WHERE c.tenant = %(tenant)s AND c.app_id = %(app_id)s AND c.name = w.name AND c.claim_id = w.claim_id"""
_PARK: Final = """
    INSERT INTO claims (tenant, app_id, name, claim_id)
    SELECT %(tenant)s, %(app_id)s, * FROM unnest(%(names)s::text[], %(ids)s::text[]) ON CONFLICT DO NOTHING"""

_IS_GROUP: Final = "UPDATE apps SET is_group = true WHERE tenant = %(tenant)s AND app_id = %(app_id)s"


async def write(connection: Connection, tenant: str, snapshot: Snapshot, plan: Plan) -> None:
    """Write a plan that was decided on `snapshot`."""
    where = {"tenant": tenant, "app_id": snapshot.app.app_id, "version": snapshot.app.version + 1}
    if plan.close:
        await connection.execute(_CLOSE, {**where, "names": list(plan.close)})
    if plan.open:
        await connection.execute(_OPEN, {**where, **opened_columns(plan.open), "by": plan.by})
    if plan.makes_version:
        await connection.execute(_NEW_VERSION, {**where, "next_position": plan.next_position})
    if plan.reattach:
        columns = {"names": list(plan.reattach), "attachments": list(plan.reattach.values())}
        await connection.execute(_REATTACH, {**where, **columns})
    if plan.is_group and not snapshot.app.is_group:
        await connection.execute(_IS_GROUP, where)
    if plan.unstage:
        await connection.execute(_UNSTAGE, {**where, "names": list(plan.unstage)})
    if plan.stage:
        await connection.execute(_STAGE, {**where, **staged_columns(plan.stage)})
        await connection.execute(_NEW_REVISION, {**where, "revision": max(each.revision for each in plan.stage)})
    if plan.overlaps:
        dues = list(plan.overlaps.values())
        await connection.execute(_OVERLAP, {**where, "names": list(plan.overlaps), "dues": dues})
    if plan.end_overlaps:
        await connection.execute(_END_OVERLAPS, {**where, "names": list(plan.end_overlaps)})
    await _write_terms(connection, where, plan)
    await _write_names(connection, where, plan)


async def _write_terms(connection: Connection, where: dict[str, object], plan: Plan) -> None:
    if plan.terms:
        columns = {"names": list(plan.terms), **terms_columns(list(plan.terms.values()))}
        await connection.execute(_TERMS, {**where, **columns})
    if plan.reminders:
        dues = list(plan.reminders.values())
        await connection.execute(_REMIND, {**where, "names": list(plan.reminders), "dues": dues})
    if plan.end_reminders:
        await connection.execute(_END_REMINDERS, {**where, "names": list(plan.end_reminders)})


async def _write_names(connection: Connection, where: dict[str, object], plan: Plan) -> None:
    for ids in dict.fromkeys(plan.hold.values()):
        names = [name for name, held in plan.hold.items() if held == ids]
        await connection.execute(_HOLD, {**where, "names": names, "ids": list(ids)})
    if plan.let_go:
        await connection.execute(_LET_GO, {**where, "names": list(plan.let_go)})
    for statement, claims in ((_SETTLED, plan.settled), (_PARK, plan.parked)):
        if claims:
            columns = {"names": [each.name for each in claims], "ids": [each.claim_id for each in claims]}
            await connection.execute(statement, {**where, **columns})
