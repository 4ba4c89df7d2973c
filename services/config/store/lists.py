"""The SQL of what users list and look at. One statement each, which may share its round trip with others'."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from paaskit.access import AppRef
from paaskit.db import Database, Row
from paaskit.errors import NotFound, app_destroyed, app_not_found
from services.config.domain import App, Draft, Entry, Kind, SpecDraft, SpecRow, etag_of
from services.config.store.look import BY_ID, LIVING_BY_NAME
from services.config.store.rows import (
    APP,
    DRAFT,
    ENTRY,
    SPEC,
    SPEC_DRAFT,
    SPEC_IN_LISTS,
    app_of,
    draft_of,
    entry_of,
    spec_draft_of,
    spec_row_of,
)

# A page starts after a place among the config vars in the order they were first set, then managed ones. OFFSET 0 keeps
# the planner from turning the inside out: it is to find the app first, and then its variables by their index.
_VARS: Final = f"""
    SELECT a.app_id, a.version, a.draft_revision, a.has_groups, e.*
    FROM apps a LEFT JOIN LATERAL (
        SELECT {ENTRY} FROM vars v
        WHERE v.tenant = %(tenant)s AND v.app_id = a.app_id AND v.valid_to IS NULL AND v.kind <> 'secret'
          AND (v.kind = 'managed', v.position) > (%(managed)s, %(position)s)
        ORDER BY v.kind = 'managed', v.position LIMIT %(limit)s OFFSET 0) e ON true
    WHERE {LIVING_BY_NAME}
    ORDER BY e.kind = 'managed', e.position"""
# The same as it was with a version: what is current and was there then, and what has ended since. Whoever sealed a name
# wants nobody to read on what it was before.
_THERE_THEN: Final = """
    FROM vars v
    WHERE v.tenant = %(tenant)s AND v.app_id = a.app_id AND v.valid_from <= %(version)s::bigint"""
_PAST_VARS: Final = f"""
    SELECT a.app_id, a.version, a.draft_revision, a.has_groups, e.*
    FROM apps a LEFT JOIN LATERAL (
        SELECT v.* FROM (
            SELECT {ENTRY} {_THERE_THEN} AND v.valid_to IS NULL UNION ALL
            SELECT {ENTRY} {_THERE_THEN} AND v.valid_to > %(version)s::bigint) v
        WHERE v.kind <> 'secret' AND (v.kind = 'managed', v.position) > (%(managed)s, %(position)s)
          AND NOT EXISTS (
            SELECT FROM vars s
            WHERE s.tenant = %(tenant)s AND s.app_id = a.app_id AND s.name = v.name AND s.valid_to IS NULL
              AND s.kind = 'secret')
        ORDER BY v.kind = 'managed', v.position LIMIT %(limit)s OFFSET 0) e ON true
    WHERE {LIVING_BY_NAME}
    ORDER BY e.kind = 'managed', e.position"""
_DRAFTS: Final = f"""
    SELECT {DRAFT}, v.kind AS live_kind, v.value AS live_value, v.valid_from AS live_from
    FROM drafts d LEFT JOIN vars v
      ON v.tenant = %(tenant)s AND v.app_id = d.app_id AND v.name = d.name AND v.valid_to IS NULL
    WHERE d.tenant = %(tenant)s AND d.app_id = %(app_id)s ORDER BY d.name"""
_SPEC_DRAFT: Final = f"SELECT {SPEC_DRAFT} FROM draft_specs d WHERE d.tenant = %(tenant)s AND d.app_id = %(app_id)s"
_ITS_SPEC_IN_LISTS: Final = f"""
    CROSS JOIN LATERAL (
        SELECT {SPEC_IN_LISTS} FROM specs s WHERE s.tenant = %(tenant)s AND s.app_id = a.app_id
        ORDER BY s.valid_from DESC LIMIT 1 OFFSET 0) s"""
_WITH_SPEC: Final = f"""
    FROM apps a CROSS JOIN LATERAL (
        SELECT {SPEC} FROM specs s WHERE s.tenant = %(tenant)s AND s.app_id = a.app_id
        ORDER BY s.valid_from DESC LIMIT 1 OFFSET 0) s"""
_APP: Final = f"SELECT {APP}, s.* {_WITH_SPEC} WHERE {LIVING_BY_NAME}"
_APP_BY_ID: Final = f"SELECT {APP}, s.* {_WITH_SPEC} WHERE {BY_ID}"
_APPS: Final = f"""
    SELECT {APP}, s.* FROM apps a {_ITS_SPEC_IN_LISTS}
    WHERE a.tenant = %(tenant)s AND a.name > %(after)s AND a.destroyed_at IS NULL AND NOT a.is_group
    ORDER BY a.name LIMIT %(limit)s"""
_APPS_OF_THESE: Final = f"""
    SELECT a.*, s.*
    FROM unnest(%(ids)s::text[]) AS mine (app_id)
    CROSS JOIN LATERAL (
        SELECT {APP} FROM apps a WHERE a.tenant = %(tenant)s AND a.app_id = mine.app_id OFFSET 0) AS a
    {_ITS_SPEC_IN_LISTS}
    WHERE a.name > %(after)s AND a.destroyed_at IS NULL AND NOT a.is_group
    ORDER BY a.name LIMIT %(limit)s"""

Place = tuple[bool, int]
"""Where a variable stands in the list: whether it is managed, and its position."""

FIRST_PLACE: Final = (False, -1)
"""The place before the first variable."""


@dataclass(frozen=True, kw_only=True)
class VarsPage:
    """A page of an app's config and managed variables, and the state of the app that it shows."""

    app_id: str
    version: int
    draft_revision: int
    has_groups: bool
    entries: Sequence[Entry]

    @property
    def etag(self) -> str:
        """The app's etag."""
        return etag_of(self.app_id, self.version, self.draft_revision)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An app with what it runs, and the staged change of that where there is one."""

    app: App
    spec: SpecRow
    spec_draft: SpecDraft | None = None


@dataclass(frozen=True)
class StagedRow:
    """A staged change, and the current entry of its name; of that only what tells the two apart."""

    draft: Draft
    live: Entry | None


class Lists:
    """Reads for users."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def vars(self, ref: AppRef, *, after: Place, limit: int, version: int | None = None) -> VarsPage:
        """Return a page of variables, managed ones last; secrets are not among them.

        With `version`, as they were then, without names that are secrets now. Raises NotFound, of a version as well.
        """
        managed, position = after
        given = {"tenant": ref.tenant, "app": ref.name, "managed": managed, "position": position, "limit": limit}
        if version is None:
            rows = await self._database.fetch(ref.tenant, _VARS, given)
        else:
            rows = await self._database.fetch(ref.tenant, _PAST_VARS, {**given, "version": version})
        first = _found(ref, rows)
        if version is not None and version > first.version:
            raise NotFound(f"{ref.name} has no config version {version}; the newest is {first.version}.")
        entries = [entry_of(row) for row in rows if row.name is not None]
        return VarsPage(
            app_id=first.app_id,
            version=first.version,
            draft_revision=first.draft_revision,
            has_groups=first.has_groups,
            entries=entries,
        )

    async def drafts(self, tenant: str, app_id: str) -> Sequence[StagedRow]:
        """Return what is staged of an app's variables, by name."""
        rows = await self._database.fetch(tenant, _DRAFTS, {"tenant": tenant, "app_id": app_id})
        return [StagedRow(draft_of(row), _live(row)) for row in rows]

    async def app(self, ref: AppRef) -> Shown:
        """Return a living app. Raises NotFound, or PermissionDenied for a namesake."""
        return await self._shown(ref.tenant, _found(ref, await self._app(ref.tenant, _APP, ref.name)))

    async def app_of_id(self, tenant: str, app_id: str) -> Shown:
        """Return a living app by its id. Raises NotFound."""
        rows = await self._app(tenant, _APP_BY_ID, app_id)
        if not rows or rows[0].destroyed_at is not None:
            raise app_destroyed()
        return await self._shown(tenant, rows[0])

    async def apps(self, tenant: str, *, after: str, limit: int, ids: frozenset[str] | None) -> Sequence[Shown]:
        """Return living apps, without groups, whose name sorts after `after`; of these `ids` alone unless None."""
        given = {"tenant": tenant, "after": after, "limit": limit}
        if ids is not None:
            rows = await self._database.fetch(tenant, _APPS_OF_THESE, {**given, "ids": sorted(ids)})
        else:
            rows = await self._database.fetch(tenant, _APPS, given)
        return [_shown_with_spec(row) for row in rows]

    async def _app(self, tenant: str, statement: str, app: str) -> Sequence[Row]:
        return await self._database.fetch(tenant, statement, {"tenant": tenant, "app": app})

    async def _shown(self, tenant: str, row: Row) -> Shown:
        app, draft = app_of(row), None
        if app.draft_revision:
            given = {"tenant": tenant, "app_id": app.app_id}
            staged = await self._database.fetch(tenant, _SPEC_DRAFT, given)
            draft = spec_draft_of(staged[0], app) if staged else None
        return Shown(app=app, spec=spec_row_of(row, app), spec_draft=draft)


def _shown_with_spec(row: Row) -> Shown:
    app = app_of(row)
    return Shown(app=app, spec=spec_row_of(row, app))


def _found(ref: AppRef, rows: Sequence[Row]) -> Row:
    """Return the first row. Raises NotFound where there is none, PermissionDenied for a namesake."""
    if not rows:
        raise app_not_found(ref.name)
    ref.accept(rows[0].app_id)
    return rows[0]


def _live(row: Row) -> Entry | None:
    if row.live_kind is None:
        return None
    return Entry(
        name=row.name,
        kind=Kind(row.live_kind),
        value=row.live_value,
        size=0,
        position=0,
        valid_from=row.live_from,
    )
