"""Reading what a change is decided on: one round trip, with the app locked or without."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from paaskit.db import Connection, Row
from paaskit.errors import Unavailable, app_destroyed, app_not_found
from services.secrets.rules.claims import LEFT_AFTER_SECONDS
from services.secrets.rules.stored import App, OpenClaim, Overlap, Snapshot, related
from services.secrets.store.rows import APP_COLUMNS, ENTRY_COLUMNS, STAGED_COLUMNS, app_of, entries_of, staged_of

APP: Final = f"SELECT {APP_COLUMNS} FROM apps a WHERE a.tenant = %s AND a.app_id = %s"
_LOCK: Final = f"{APP} FOR UPDATE"
_SHARE: Final = f"{APP} FOR SHARE"
# A name that meant a destroyed app means the new one from its first secret on.
_KNOW: Final = """
    INSERT INTO apps (tenant, app_id, name, version, next_position) VALUES (%s, %s, %s, 0, 1) ON CONFLICT DO NOTHING"""

_CURRENT: Final = f"""
    SELECT {ENTRY_COLUMNS} FROM sealed s
    WHERE s.tenant = %(tenant)s AND s.app_id = %(app_id)s AND s.valid_to IS NULL"""
_CURRENT_SOME: Final = f"{_CURRENT} AND s.name = ANY(%(names)s)"
_STAGED: Final = f"SELECT {STAGED_COLUMNS} FROM drafts d WHERE d.tenant = %(tenant)s AND d.app_id = %(app_id)s"
_STAGED_SOME: Final = f"{_STAGED} AND d.name = ANY(%(names)s)"
# What is current and older than the version, and what was closed since: each by an index, however long the history is.
_AT: Final = f"""
    {_CURRENT} AND s.valid_from <= %(version)s
    UNION ALL
    (SELECT {ENTRY_COLUMNS} FROM sealed s
     WHERE s.tenant = %(tenant)s AND s.app_id = %(app_id)s AND s.valid_to > %(version)s AND s.valid_from <= %(version)s
     ORDER BY s.valid_to)"""


def _of_names(some: str) -> str:
    """Return the statement for what is said of names, limited to some of them where `some` says how."""
    return f"""
        SELECT 'held' AS fact, n.name, n.claim_ids AS ids, NULL::bigint AS version, NULL::timestamptz AS due,
               false AS is_over
        FROM held_names n WHERE n.tenant = %(tenant)s AND n.app_id = %(app_id)s {some}
        UNION ALL
        SELECT 'overlap', n.name, NULL, n.version, n.due, false
        FROM overlap_ends n WHERE n.tenant = %(tenant)s AND n.app_id = %(app_id)s {some}
        UNION ALL
        SELECT 'claim', n.name, ARRAY[n.claim_id], NULL, NULL,
               n.created_at < clock_timestamp() - make_interval(secs => {LEFT_AFTER_SECONDS})
        FROM claims n WHERE n.tenant = %(tenant)s AND n.app_id = %(app_id)s {some}
        UNION ALL
        SELECT 'key', '', NULL,
               (SELECT max(k.generation) FROM tenant_keys k WHERE k.tenant = %(tenant)s), NULL,
               EXISTS (SELECT FROM key_care c WHERE c.tenant = %(tenant)s AND c.destroyed_at IS NOT NULL)"""


_ABOUT_ALL: Final = _of_names("")
_ABOUT_SOME: Final = _of_names("AND n.name = ANY(%(names)s)")

ReadSnapshot = Callable[[], Awaitable[Snapshot | None]]
"""Gives what was queried for, or None where the app is not known. Raises NotFound for one that was destroyed."""


async def look(connection: Connection, tenant: str, app_id: str) -> Any:
    """Ask for an app; give what this returns to `ask`."""
    return await connection.execute(APP, (tenant, app_id))


async def lock(connection: Connection, tenant: str, app: App) -> Any:
    """Make an app known at need, lock it and ask for it; give what this returns to `ask`."""
    await connection.execute(_KNOW, (tenant, app.app_id, app.name))
    return await connection.execute(_LOCK, (tenant, app.app_id))


async def share(connection: Connection, tenant: str, app: App) -> Any:
    """Make an app known at need, and ask for it in a way that keeps it from being destroyed meanwhile."""
    await connection.execute(_KNOW, (tenant, app.app_id, app.name))
    return await connection.execute(_SHARE, (tenant, app.app_id))


def found(row: Row | None, app: App) -> App | None:
    """Return the app in a row, or None where there is none. Raises NotFound for one that was destroyed."""
    if row is not None and row.destroyed_at is not None:
        raise app_not_found(app.name) if app.name else app_destroyed()
    return None if row is None else app_of(row)


async def ask(
    connection: Connection, cursor: Any, tenant: str, app: App, *, names: Sequence[str] | None, versions: Sequence[int]
) -> ReadSnapshot:
    """Send the statements for what is stored; `cursor` is that of the app. Returns how to get their results."""
    where = {"tenant": tenant, "app_id": app.app_id, "names": None if names is None else related(names)}
    current = await connection.execute(_CURRENT if names is None else _CURRENT_SOME, where)
    staged = await connection.execute(_STAGED if names is None else _STAGED_SOME, where)
    about = await connection.execute(_ABOUT_ALL if names is None else _ABOUT_SOME, where)
    at = {version: await connection.execute(_AT, {**where, "version": version}) for version in versions}

    async def read() -> Snapshot | None:
        row = await cursor.fetchone()
        facts = await about.fetchall()
        known = found(row, app)
        if known is None:
            return None
        return Snapshot(
            app=known,
            current=entries_of(await current.fetchall()),
            staged=staged_of(await staged.fetchall()),
            overlaps={
                each.name: Overlap(name=each.name, version=each.version, due=each.due)
                for each in facts
                if each.fact == "overlap"
            },
            held={each.name: tuple(each.ids) for each in facts if each.fact == "held"},
            claims=[
                OpenClaim(name=each.name, claim_id=each.ids[0], left=each.is_over)
                for each in facts
                if each.fact == "claim"
            ],
            at={version: entries_of(await rows.fetchall()) for version, rows in at.items()},
            newest_key=next((each.version for each in facts if each.fact == "key"), None) or 0,
            keys_destroyed=any(each.is_over for each in facts if each.fact == "key"),
        )

    return read


def still_cleaned_up(app: str) -> Unavailable:
    """Return the error for a name that a destroyed app has not given up here yet."""
    return Unavailable(
        f"The former app {app} is still being cleaned up. Try again in a moment.", metadata={"service": "secrets"}
    )
