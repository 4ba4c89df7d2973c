"""Writing what a change of an app's registry comes to. No statement waits for another's result."""

from collections.abc import Sequence
from typing import Any, Final

from paaskit.db import Connection
from services.config.domain import Entry, GroupRef, Rows, Snapshot
from services.config.store.rows import as_array, spec_columns

_HERE: Final = "tenant = %(tenant)s AND app_id = %(app_id)s"
# What ends goes before what begins, since a name has one current row: none begins before `ended` has counted them.
# Rows are updated by inserting what is there: an UPDATE joined with what is asked leaves the planner to choose which of
# the two is gone through first, and a plan that was made for an empty table then goes through all rows of a tenant.
# What conflicts is found in the unique index, and OFFSET 0 has each looked up by all of its key.
_ENTRIES: Final = """
    WITH closed AS (
        INSERT INTO vars (tenant, app_id, name, valid_from, valid_to, kind, value, addon, size, position, claims)
        SELECT v.tenant, v.app_id, v.name, v.valid_from, asked.version, v.kind, v.value, v.addon, v.size, v.position,
               v.claims
        FROM unnest(%(close_apps)s::text[], %(close_at)s::bigint[], %(close)s::text[])
             AS asked (app_id, version, name)
        CROSS JOIN LATERAL (
            SELECT * FROM vars
            WHERE tenant = %(tenant)s AND app_id = asked.app_id AND name = asked.name AND valid_to IS NULL
            OFFSET 0) AS v
        ON CONFLICT (tenant, app_id, name, valid_from) DO UPDATE SET valid_to = excluded.valid_to
        RETURNING 1),
    ended AS (SELECT count(*) AS rows FROM closed),
    numbered AS (
        INSERT INTO apps (tenant, app_id, name, version, draft_revision, names, bytes, next_position)
        SELECT a.tenant, a.app_id, a.name, n.version, n.draft_revision, n.names, n.bytes, n.next_position
        FROM unnest(%(apps)s::text[], %(versions)s::bigint[], %(draft_revisions)s::bigint[], %(counts)s::int[],
                    %(bytes)s::bigint[], %(next_positions)s::bigint[])
             AS n (app_id, version, draft_revision, names, bytes, next_position)
        CROSS JOIN LATERAL (
            SELECT * FROM apps WHERE tenant = %(tenant)s AND app_id = n.app_id OFFSET 0) AS a
        ON CONFLICT (tenant, app_id) DO UPDATE
        SET version = excluded.version, draft_revision = excluded.draft_revision, names = excluded.names,
            bytes = excluded.bytes, next_position = excluded.next_position)
    INSERT INTO vars (tenant, app_id, valid_from, changed_by, name, kind, value, addon, size, position, claims)
    SELECT %(tenant)s::text, o.app_id, o.valid_from, o.changed_by,
           o.name, o.kind, o.value, o.addon, o.size, o.position, o.claims::text[]
    FROM ended, unnest(%(open_apps)s::text[], %(open_at)s::bigint[], %(open_by)s::text[], %(names)s::text[],
                       %(kinds)s::text[], %(values)s::text[], %(addons)s::text[], %(sizes)s::int[],
                       %(positions)s::bigint[], %(claims)s::text[])
         AS o (app_id, valid_from, changed_by, name, kind, value, addon, size, position, claims)
    WHERE ended.rows >= 0"""
_HOLD: Final = """
    UPDATE vars v SET size = h.size, claims = h.claims::text[]
    FROM unnest(%(names)s::text[], %(sizes)s::int[], %(claims)s::text[]) AS h (name, size, claims)
    WHERE v.tenant = %(tenant)s AND v.app_id = %(app_id)s AND v.name = h.name AND v.valid_to IS NULL"""
_CLOSE_SPEC: Final = f"UPDATE specs SET valid_to = %(version)s WHERE {_HERE} AND valid_to IS NULL"
_OPEN_SPEC: Final = """
    INSERT INTO specs (tenant, app_id, valid_from, command, image, instances, health_path, ready_timeout_seconds,
                       all_at_once, schema, group_ids, group_names)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::text[], %s::text[])"""
_STAGE: Final = """
    INSERT INTO drafts (tenant, app_id, name, value, size, base_from, staged_by, staged_at, revision)
    SELECT %(tenant)s::text, %(app_id)s::text, *
    FROM unnest(%(names)s::text[], %(values)s::text[], %(sizes)s::int[], %(bases)s::bigint[], %(by)s::text[],
                %(at)s::timestamptz[], %(revisions)s::bigint[])
    ON CONFLICT (tenant, app_id, name) DO UPDATE
    SET value = excluded.value, size = excluded.size, base_from = excluded.base_from, staged_by = excluded.staged_by,
        staged_at = excluded.staged_at, revision = excluded.revision"""
_UNSTAGE: Final = f"DELETE FROM drafts WHERE {_HERE} AND name = ANY(%(names)s::text[])"
_STAGE_SPEC: Final = """
    INSERT INTO draft_specs (tenant, app_id, command, image, instances, health_path, ready_timeout_seconds,
                             all_at_once, schema, group_ids, group_names, base_from, staged_by, staged_at, revision)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::text[], %s::text[], %s, %s, %s, %s)"""
_UNSTAGE_SPEC: Final = f"DELETE FROM draft_specs WHERE {_HERE}"
_BEGIN: Final = """
    INSERT INTO attachments (tenant, app_id, name, attachment_id, request_id, subject, adds, shared, touched_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (tenant, app_id, name) DO UPDATE SET shared = excluded.shared, touched_at = excluded.touched_at"""
_END: Final = f"DELETE FROM attachments WHERE {_HERE} AND name = %(name)s"

_FORGET_USES: Final = f"DELETE FROM group_uses WHERE {_HERE}"
_USE: Final = """
    INSERT INTO group_uses (tenant, app_id, group_id, staged)
    SELECT %(tenant)s, %(app)s, * FROM unnest(%(groups)s::text[], %(staged)s::bool[])"""
_HAS_GROUPS: Final = f"UPDATE apps SET has_groups = %(has_groups)s WHERE {_HERE}"


async def write(connection: Connection, tenant: str, written: Sequence[tuple[Snapshot, Rows]]) -> None:
    """Write the rows of each app, which is locked as its snapshot says."""
    closed = [(snapshot.app.app_id, rows.version, name) for snapshot, rows in written for name in rows.close]
    opened = [(snapshot.app.app_id, rows, entry) for snapshot, rows in written for entry in rows.open]
    entries = {
        "tenant": tenant,
        "close_apps": [app_id for app_id, _, _ in closed],
        "close_at": [version for _, version, _ in closed],
        "close": [name for _, _, name in closed],
        "apps": [snapshot.app.app_id for snapshot, _ in written],
        "versions": [rows.version for _, rows in written],
        "draft_revisions": [rows.draft_revision for _, rows in written],
        "counts": [rows.totals.names for _, rows in written],
        "bytes": [rows.totals.size for _, rows in written],
        "next_positions": [rows.totals.next_position for _, rows in written],
        "open_apps": [app_id for app_id, _, _ in opened],
        "open_at": [rows.version for _, rows, _ in opened],
        "open_by": [rows.by for _, rows, _ in opened],
        **_entry_columns([entry for _, _, entry in opened]),
    }
    await connection.execute(_ENTRIES, entries)
    for snapshot, rows in written:
        await _write_the_rest(connection, tenant, snapshot.app.app_id, rows)
        await _write_uses(connection, tenant, snapshot, rows)


async def _write_the_rest(connection: Connection, tenant: str, app_id: str, rows: Rows) -> None:
    here: dict[str, Any] = {"tenant": tenant, "app_id": app_id, "version": rows.version}
    if rows.hold:
        columns = _entry_columns(rows.hold)
        await connection.execute(_HOLD, {**here, **{key: columns[key] for key in ("names", "sizes", "claims")}})
    if rows.spec is not None:
        await connection.execute(_CLOSE_SPEC, here)
        await connection.execute(_OPEN_SPEC, (tenant, app_id, rows.version, *spec_columns(rows.spec)))
    await _write_draft(connection, here, rows)
    if rows.begin is not None:
        at = rows.begin
        ids = (at.name, at.attachment_id, at.request_id, at.subject)
        await connection.execute(_BEGIN, (tenant, app_id, *ids, at.adds, at.shared, at.touched_at))
    if rows.end:
        await connection.execute(_END, {**here, "name": rows.end})


async def _write_uses(connection: Connection, tenant: str, snapshot: Snapshot, rows: Rows) -> None:
    """Write which groups the app has where that changes, live or staged."""
    if rows.spec is None and rows.stage_spec is None and not rows.unstage_spec:
        return
    live = snapshot.spec.spec.groups if snapshot.spec else ()
    staged = snapshot.spec_draft.spec.groups if snapshot.spec_draft else ()
    uses = _uses(
        rows.spec.groups if rows.spec else live,
        rows.stage_spec.spec.groups if rows.stage_spec else () if rows.unstage_spec else staged,
    )
    if uses == _uses(live, staged):
        return
    here = {"tenant": tenant, "app_id": snapshot.app.app_id}
    await connection.execute(_FORGET_USES, here)
    columns = {"groups": [group_id for group_id, _ in uses], "staged": [is_staged for _, is_staged in uses]}
    await connection.execute(_USE, {"tenant": tenant, "app": snapshot.app.app_id, **columns})
    await connection.execute(_HAS_GROUPS, {**here, "has_groups": bool(uses)})


def _uses(live: Sequence[GroupRef], staged: Sequence[GroupRef]) -> list[tuple[str, bool]]:
    return [(each.group_id, False) for each in live] + [(each.group_id, True) for each in staged]


async def _write_draft(connection: Connection, here: dict[str, Any], rows: Rows) -> None:
    if rows.unstage:
        await connection.execute(_UNSTAGE, {**here, "names": list(rows.unstage)})
    if rows.stage:
        columns = {
            "names": [draft.name for draft in rows.stage],
            "values": [draft.value for draft in rows.stage],
            "sizes": [draft.size for draft in rows.stage],
            "bases": [draft.base_from for draft in rows.stage],
            "by": [draft.staged_by for draft in rows.stage],
            "at": [draft.staged_at for draft in rows.stage],
            "revisions": [draft.revision for draft in rows.stage],
        }
        await connection.execute(_STAGE, {**here, **columns})
    if rows.unstage_spec or rows.stage_spec is not None:
        await connection.execute(_UNSTAGE_SPEC, here)
    if rows.stage_spec is not None:
        new = rows.stage_spec
        stamp = (new.base_from, new.staged_by, new.staged_at, new.revision)
        await connection.execute(_STAGE_SPEC, (here["tenant"], here["app_id"], *spec_columns(new.spec), *stamp))


def _entry_columns(opened: Sequence[Entry]) -> dict[str, Any]:
    return {
        "names": [entry.name for entry in opened],
        "kinds": [entry.kind.value for entry in opened],
        "values": [entry.value for entry in opened],
        "addons": [entry.addon for entry in opened],
        "sizes": [entry.size for entry in opened],
        "positions": [entry.position for entry in opened],
        "claims": [as_array(entry.claims) for entry in opened],
    }
