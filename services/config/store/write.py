"""Writing what a change of an app's registry comes to. No statement waits for another's result."""

from typing import Any, Final

from paaskit.db import Connection
from services.config.domain import Entry, Rows, Snapshot
from services.config.store.rows import as_array, spec_columns

_HERE: Final = "tenant = %(tenant)s AND app_id = %(app_id)s"
# What ends goes before what begins: a name has one current row.
_NUMBERS: Final = f"""
    WITH closed AS (
        UPDATE vars SET valid_to = %(version)s
        WHERE {_HERE} AND name = ANY(%(close)s::text[]) AND valid_to IS NULL)
    UPDATE apps SET version = %(version)s, draft_revision = %(draft_revision)s, names = %(count)s, bytes = %(bytes)s,
                    next_position = %(next_position)s
    WHERE {_HERE}"""
_OPEN: Final = """
    INSERT INTO vars (tenant, app_id, valid_from, name, kind, value, addon, size, position, claims)
    SELECT %(tenant)s::text, %(app_id)s::text, %(version)s::bigint,
           o.name, o.kind, o.value, o.addon, o.size, o.position, o.claims::text[]
    FROM unnest(%(names)s::text[], %(kinds)s::text[], %(values)s::text[], %(addons)s::text[], %(sizes)s::int[],
                %(positions)s::bigint[], %(claims)s::text[]) AS o (name, kind, value, addon, size, position, claims)"""
_HOLD: Final = """
    UPDATE vars v SET size = h.size, claims = h.claims::text[]
    FROM unnest(%(names)s::text[], %(sizes)s::int[], %(claims)s::text[]) AS h (name, size, claims)
    WHERE v.tenant = %(tenant)s AND v.app_id = %(app_id)s AND v.name = h.name AND v.valid_to IS NULL"""
_CLOSE_SPEC: Final = f"UPDATE specs SET valid_to = %(version)s WHERE {_HERE} AND valid_to IS NULL"
_OPEN_SPEC: Final = """
    INSERT INTO specs (tenant, app_id, valid_from, command, image, instances, health_path)
    VALUES (%s, %s, %s, %s, %s, %s, %s)"""
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
    INSERT INTO draft_specs (tenant, app_id, command, image, instances, health_path, base_from, staged_by, staged_at,
                             revision)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_UNSTAGE_SPEC: Final = f"DELETE FROM draft_specs WHERE {_HERE}"
_BEGIN: Final = """
    INSERT INTO attachments (tenant, app_id, name, attachment_id, request_id, subject, adds, shared, touched_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (tenant, app_id, name) DO UPDATE SET shared = excluded.shared, touched_at = excluded.touched_at"""
_END: Final = f"DELETE FROM attachments WHERE {_HERE} AND name = %(name)s"


async def write(connection: Connection, snapshot: Snapshot, rows: Rows, *, tenant: str) -> None:
    """Write `rows` of the app in `snapshot`, which is locked."""
    app_id = snapshot.app.app_id
    here: dict[str, Any] = {"tenant": tenant, "app_id": app_id, "version": rows.version}
    numbers = {
        **here,
        "close": list(rows.close),
        "draft_revision": rows.draft_revision,
        "count": rows.totals.names,
        "bytes": rows.totals.size,
        "next_position": rows.totals.next_position,
    }
    await connection.execute(_NUMBERS, numbers)
    if rows.open:
        await connection.execute(_OPEN, {**here, **_entry_columns(rows.open)})
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


def _entry_columns(entries: Any) -> dict[str, Any]:
    opened: list[Entry] = list(entries)
    return {
        "names": [entry.name for entry in opened],
        "kinds": [entry.kind.value for entry in opened],
        "values": [entry.value for entry in opened],
        "addons": [entry.addon for entry in opened],
        "sizes": [entry.size for entry in opened],
        "positions": [entry.position for entry in opened],
        "claims": [as_array(entry.claims) for entry in opened],
    }
