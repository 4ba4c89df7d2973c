"""Reading what a change is decided on, in one round trip. With the lock first where it is for a change.

Every statement has the tenant and the next column of an index as conditions, or asks for that index's order, so that
the planner has no wrong choice even without statistics; row-level security checks the tenant besides.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from paaskit.access import AppRef
from paaskit.db import Connection
from paaskit.errors import app_destroyed, app_not_found
from services.config.domain import Needs, Snapshot, Where
from services.config.store.rows import (
    APP,
    ATTACHING,
    DRAFT,
    ENTRY,
    SPEC,
    SPEC_DRAFT,
    app_of,
    attaching_of,
    draft_of,
    entry_of,
    spec_draft_of,
    spec_row_of,
)

LIVING_BY_NAME: Final = "a.tenant = %(tenant)s AND a.name = %(app)s AND a.destroyed_at IS NULL"
BY_ID: Final = "a.tenant = %(tenant)s AND a.app_id = %(app)s"
"""Without a condition that it lives: that would admit the index of living names, which has no ids. To be looked at."""


@dataclass(frozen=True)
class _Statements:
    """Statements about one app, found by its name or by its id.

    `app` has the app's row alone: a row that others changed while its lock was waited for is read again, what is joined
    to it is not.
    """

    app: str
    lock: str
    current_all: str
    current_some: str
    since: str
    drafts_all: str
    drafts_some: str
    spec: str
    spec_draft: str
    past_spec: str
    attaching: str


def _statements(living: str, app_id: str) -> _Statements:
    def where(alias: str) -> str:
        return f"WHERE {alias}.tenant = %(tenant)s AND {alias}.app_id = {app_id}"

    app = f"SELECT {APP} FROM apps a WHERE {living}"
    current = f"SELECT {ENTRY} FROM vars v {where('v')} AND v.valid_to IS NULL"
    drafts = f"SELECT {DRAFT} FROM drafts d {where('d')}"
    return _Statements(
        app=app,
        lock=f"{app} FOR UPDATE",
        current_all=current,
        current_some=f"{current} AND v.name = ANY(%(names)s::text[])",
        since=f"""
            {current} UNION ALL
            (SELECT {ENTRY} FROM vars v {where("v")} AND v.valid_to > %(since)s::bigint ORDER BY v.valid_to)""",
        drafts_all=f"{drafts} ORDER BY d.revision, d.name",
        drafts_some=f"{drafts} AND d.name = ANY(%(drafts)s::text[])",
        spec=f"SELECT {SPEC} FROM specs s {where('s')} ORDER BY s.valid_from DESC LIMIT 1",
        spec_draft=f"SELECT {SPEC_DRAFT} FROM draft_specs d {where('d')}",
        past_spec=f"""
            SELECT {SPEC} FROM specs s {where("s")} AND s.valid_from <= %(version)s::bigint
            ORDER BY s.valid_from DESC LIMIT 1""",
        attaching=f"SELECT {ATTACHING} FROM attachments t {where('t')} AND t.name = %(attaching)s",
    )


_GROUP: Final = (
    f"SELECT {APP} FROM apps a WHERE a.tenant = %(tenant)s AND a.name = %(group)s AND a.destroyed_at IS NULL"
)

_BY_NAME: Final = _statements(LIVING_BY_NAME, f"(SELECT a.app_id FROM apps a WHERE {LIVING_BY_NAME})")
_BY_ID: Final = _statements(BY_ID, "%(app)s")


async def begin_look(
    connection: Connection, where: Where, needs: Needs, *, lock: bool
) -> Callable[[], Awaitable[Snapshot]]:
    """Send what reads an app and what is needed of it; return what gives the snapshot.

    That raises NotFound where there is no such living app, and PermissionDenied where the caller may not mean it.
    """
    find, key = (_BY_NAME, where.name) if isinstance(where, AppRef) else (_BY_ID, where.app_id)
    given = {"tenant": where.tenant, "app": key}

    async def send(statement: str, **more: Any) -> Any:
        return await connection.execute(statement, {**given, **more})

    app = await send(find.lock if lock else find.app)
    history = await _send_history(send, find, needs)
    drafts = None
    if needs.drafts is None:
        drafts = await send(find.drafts_all)
    elif needs.drafts:
        drafts = await send(find.drafts_some, drafts=list(needs.drafts))
    spec = await send(find.spec) if needs.spec else None
    spec_draft = await send(find.spec_draft) if needs.spec else None
    past = {version: await send(find.past_spec, version=version) for version in needs.past}
    attaching = await send(find.attaching, attaching=needs.attaching) if needs.attaching else None
    group = await send(_GROUP, group=needs.group.name) if needs.group else None

    async def read() -> Snapshot:
        row = await app.fetchone()
        if row is None or row.destroyed_at is not None:
            raise app_not_found(where.name) if isinstance(where, AppRef) else app_destroyed()
        if isinstance(where, AppRef):
            where.accept(row.app_id)
        entries = [entry_of(each) for each in await history.fetchall()] if history else []
        staged = [draft_of(each) for each in await drafts.fetchall()] if drafts else []
        specs = {version: await cursor.fetchone() for version, cursor in past.items()}
        found = app_of(row)
        return Snapshot(
            app=found,
            history=tuple(entries),
            drafts={draft.name: draft for draft in staged},
            spec=_or_none(spec_row_of, await spec.fetchone() if spec else None, found),
            spec_draft=_or_none(spec_draft_of, await spec_draft.fetchone() if spec_draft else None, found),
            past_specs={version: spec_row_of(each, found) for version, each in specs.items() if each is not None},
            attaching=_or_none(attaching_of, await attaching.fetchone() if attaching else None),
            group=_or_none(app_of, await group.fetchone() if group else None),
        )

    return read


async def _send_history(send: Callable[..., Awaitable[Any]], find: _Statements, needs: Needs) -> Any:
    if needs.past:
        return await send(find.since, since=min(needs.past))
    if needs.names is None:
        return await send(find.current_all)
    if needs.names:
        return await send(find.current_some, names=list(needs.names))
    return None


def _or_none(make: Callable[..., Any], row: Any, *more: Any) -> Any:
    return make(row, *more) if row is not None else None
