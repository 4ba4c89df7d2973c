"""Reading what a change of a group, or of an app that has some, is decided on besides.

Only where the app's own row says that it has to do with groups, behind that row's lock. There is one more lock then,
one for all groups of a tenant and always the last: what is checked for one app depends on others' rows, and a group's
change concerns many apps. Nobody waits for a row while having it, and nobody shares a transaction with it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from paaskit.db import Connection, Row
from services.config.domain import Entry, Kind, Needs, Shared, Sight, Snapshot, Use
from services.config.store.rows import ENTRY, entry_of, groups_of

LOCK_GROUPS: Final = "SELECT pg_advisory_xact_lock(hashtextextended('groups ' || %(tenant)s, 0))"
# OFFSET 0 keeps the planner from turning the inside out: each is looked up by all of a key.
_USES: Final = """
    SELECT a.app_id, a.name, a.names, a.bytes, s.group_ids, s.group_names
    FROM (
        SELECT %(app)s::text AS app_id WHERE NOT %(is_group)s
        UNION ALL
        SELECT u.app_id FROM group_uses u
        WHERE u.tenant = %(tenant)s AND u.group_id = %(app)s AND NOT u.staged AND %(is_group)s) AS member
    CROSS JOIN LATERAL (
        SELECT * FROM apps WHERE tenant = %(tenant)s AND app_id = member.app_id OFFSET 0) AS a
    CROSS JOIN LATERAL (
        SELECT * FROM specs WHERE tenant = %(tenant)s AND app_id = member.app_id AND valid_to IS NULL OFFSET 0) AS s
    ORDER BY a.name"""
_HELD: Final = f"""
    SELECT a.app_id AS group_id, e.*
    FROM unnest(%(groups)s::text[]) AS asked (app_id)
    CROSS JOIN LATERAL (
        SELECT * FROM apps WHERE tenant = %(tenant)s AND app_id = asked.app_id OFFSET 0) AS a
    LEFT JOIN LATERAL (
        SELECT {ENTRY} FROM vars v
        WHERE v.tenant = %(tenant)s AND v.app_id = asked.app_id AND v.valid_to IS NULL OFFSET 0) AS e ON true
    WHERE a.destroyed_at IS NULL
    ORDER BY e.position"""
_OWN: Final = """
    SELECT asked.app_id, v.name, v.kind
    FROM unnest(%(apps)s::text[]) AS asked (app_id)
    CROSS JOIN LATERAL (
        SELECT * FROM vars
        WHERE tenant = %(tenant)s AND app_id = asked.app_id AND name = ANY(%(names)s::text[]) AND valid_to IS NULL
        OFFSET 0) AS v"""


def concerns_groups(snapshot: Snapshot, needs: Needs) -> bool:
    """Whether it is of a group, of an app that has some or may go back to some, or of one that is to get one."""
    app = snapshot.app
    return needs.shared and bool(app.is_group or app.has_groups or snapshot.group or _former(snapshot))


async def with_groups(
    connection: Connection, tenant: str, snapshot: Snapshot, needs: Needs, *, sight: Sight, lock: bool
) -> Snapshot:
    """Return a snapshot with what is to be known of groups."""
    app = snapshot.app
    given = {"tenant": tenant, "app": app.app_id, "is_group": app.is_group}
    if lock:
        await connection.execute(LOCK_GROUPS, given)
    uses = await (await connection.execute(_USES, given)).fetchall()
    asked = [snapshot.group.app_id] if snapshot.group is not None else []
    groups = {*_former(snapshot), *asked, *(group_id for row in uses for group_id in row.group_ids)}
    groups |= {app.app_id} if app.is_group else set()
    held = _held(await (await connection.execute(_HELD, {**given, "groups": sorted(groups)})).fetchall())
    names = {*(needs.names or ()), *(entry.name for entry in snapshot.history), *snapshot.drafts}
    names |= {name for entries in held.values() for name in entries}
    theirs = {**given, "apps": [row.app_id for row in uses], "names": sorted(names)}
    own = await (await connection.execute(_OWN, theirs)).fetchall()
    return replace(snapshot, shared=Shared(uses=_uses(uses, own), held=held, sight=sight))


def _former(snapshot: Snapshot) -> set[str]:
    """Return the groups of specs that may become the current one."""
    specs = [row.spec for row in (snapshot.spec_draft, *snapshot.past_specs.values()) if row is not None]
    return {group.group_id for spec in specs for group in spec.groups}


def _held(rows: Sequence[Row]) -> dict[str, dict[str, Entry]]:
    found: dict[str, dict[str, Entry]] = {}
    for row in rows:
        entries = found.setdefault(row.group_id, {})
        if row.name is not None:
            entries[row.name] = entry_of(row)
    return found


def _uses(rows: Sequence[Row], own: Sequence[Row]) -> list[Use]:
    kinds: dict[str, dict[str, Kind]] = {row.app_id: {} for row in rows}
    for each in own:
        kinds[each.app_id][each.name] = Kind(each.kind)
    return [_use(row, kinds[row.app_id]) for row in rows]


def _use(row: Row, own: dict[str, Kind]) -> Use:
    return Use(app_id=row.app_id, app=row.name, names=row.names, size=row.bytes, groups=groups_of(row), own=own)
