"""The SQL of changes: every change to an app that exists goes through here, those that arrive together in one
transaction.

Lock the apps, look everything up, have each change decided on what is there, and write all decisions with two
statements. What one change is refused for does not touch the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from paaskit import consequences, requests
from paaskit.changes import Answer
from paaskit.consequences import Remembered
from paaskit.db import Connection, Database
from paaskit.errors import PaasError, app_not_found
from paaskit.outbox import Message
from paaskit.releases import Releases
from paaskit.requests import RequestKey
from paaskit.trail import Trail
from services.config.domain import App, Decide, Decision, Snapshot
from services.config.plan import Entry
from services.config.rows import APP_COLUMNS, ENTRY_COLUMNS, LIVING, app_of, at_version, entry_of, spec_columns

# In the order of their ids, so that two transactions never wait for each other.
_LOCK: Final = f"""
    SELECT {APP_COLUMNS} FROM {LIVING} (a.name = ANY(%s) OR a.app_id = ANY(%s)) ORDER BY a.app_id FOR UPDATE OF a"""
_CURRENT: Final = f"""
    SELECT a.app_id, {ENTRY_COLUMNS} FROM vars v JOIN apps a ON a.tenant = v.tenant AND a.app_id = v.app_id
    WHERE a.destroyed_at IS NULL AND (a.name = ANY(%s) OR a.app_id = ANY(%s)) AND v.valid_to IS NULL
      AND (%s::text[] IS NULL OR v.name = ANY(%s::text[]))"""

_CLOSE: Final = """
    UPDATE vars v SET valid_to = c.version
    FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS c (app_id, name, version)
    WHERE v.tenant = %s AND v.app_id = c.app_id AND v.name = c.name AND v.valid_to IS NULL"""
_WRITE: Final = f"""
    WITH opened AS (
        INSERT INTO vars (tenant, app_id, valid_from, name, kind, value, addon, size, position)
        SELECT %(tenant)s::text, *
        FROM unnest(%(open_apps)s::text[], %(open_versions)s::bigint[], %(names)s::text[], %(kinds)s::text[],
                    %(values)s::text[], %(addons)s::text[], %(sizes)s::int[], %(positions)s::bigint[])),
    {consequences.WITH}
    UPDATE apps a SET version = n.version, names = n.names, bytes = n.bytes, next_position = n.next_position
    FROM unnest(%(apps)s::text[], %(versions)s::bigint[], %(counts)s::int[], %(bytes)s::bigint[],
                %(next_positions)s::bigint[]) AS n (app_id, version, names, bytes, next_position)
    WHERE a.tenant = %(tenant)s AND a.app_id = n.app_id"""
_CLOSE_SPEC: Final = "UPDATE specs SET valid_to = %s WHERE tenant = %s AND app_id = %s AND valid_to IS NULL"
_OPEN_SPEC: Final = """
    INSERT INTO specs (tenant, app_id, valid_from, command, image, instances, health_path)
    VALUES (%s, %s, %s, %s, %s, %s, %s)"""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One change to make; see `services.config.domain.Store.change`."""

    tenant: str
    app: str
    by_id: bool
    names: Sequence[str] | None
    at: int | None
    request: RequestKey | None
    decide: Decide


@dataclass(frozen=True)
class _Made:
    """A decision that is to be written, and the version it makes."""

    app: App
    wish: Wish
    decision: Decision

    @property
    def version(self) -> int:
        """The app's version afterwards: a new one unless nothing changes and nothing is told."""
        new = not self.decision.plan.is_empty or self.decision.event is not None
        return self.app.version + new


class Writing:
    """Makes many changes of one tenant at a time."""

    def __init__(self, database: Database, *, trail: Trail, releases: Releases) -> None:
        self._database = database
        self._trail = trail
        self._releases = releases

    async def write_all(self, _: str, wishes: Sequence[Wish]) -> list[tuple[App, Answer] | Exception]:
        """Return for each wish the app as it was with the answer, or what it is refused for. All are of one tenant."""
        tenant = wishes[0].tenant
        made: list[_Made] = []
        async with self._database.transaction(tenant) as connection:
            found = await _Found.look_up(connection, wishes)
            results: list[tuple[App, Answer] | Exception] = []
            for wish in wishes:
                try:
                    results.append(await self._decided(connection, found, wish, made))
                except PaasError as refusal:
                    results.append(refusal)
            if made:
                await self._write(connection, tenant, made)
        self._trail.committed()
        return results

    async def _decided(
        self, connection: Connection, found: "_Found", wish: Wish, made: list[_Made]
    ) -> tuple[App, Answer]:
        app = found.app(wish)
        earlier = found.recalled.answer(wish.request) if wish.request is not None else None
        if earlier is not None:
            return app, earlier
        then = await at_version(connection, app.app_id, wish.at) if wish.at is not None else None
        decision = wish.decide(Snapshot(app=app, current=found.entries(app, wish.names), then=then))
        made.append(_Made(app, wish, decision))
        return app, decision.answer

    async def _write(self, connection: Connection, tenant: str, made: Sequence[_Made]) -> None:
        closed = [(each.app.app_id, name, each.version) for each in made for name in each.decision.plan.close]
        if closed:
            apps, names, versions = (list(column) for column in zip(*closed, strict=True))
            await connection.execute(_CLOSE, (apps, names, versions, tenant))
        await connection.execute(_WRITE, self._parameters(tenant, made))
        for each in made:
            if each.decision.plan.spec is not None:
                here = (tenant, each.app.app_id)
                await connection.execute(_CLOSE_SPEC, (each.version, *here))
                await connection.execute(_OPEN_SPEC, (*here, each.version, *spec_columns(each.decision.plan.spec)))
        await requests.expire_sometimes(connection)

    def _parameters(self, tenant: str, made: Sequence[_Made]) -> dict[str, Any]:
        messages: list[Message] = []
        for each in made:
            if each.decision.event is not None:
                messages.append(self._trail.message(each.decision.event))
            if each.decision.order is not None:
                messages.append(self._releases.message(each.decision.order))
        remembered = [
            Remembered(each.wish.request, each.decision.answer) for each in made if each.wish.request is not None
        ]
        opened = [(each.app.app_id, each.version, entry) for each in made for entry in each.decision.plan.open]
        new = [each for each in made if each.version > each.app.version]
        return {
            **consequences.parameters(tenant, messages, remembered),
            "open_apps": [app_id for app_id, _, _ in opened],
            "open_versions": [version for _, version, _ in opened],
            "names": [entry.name for _, _, entry in opened],
            "kinds": [entry.kind.value for _, _, entry in opened],
            "values": [entry.value for _, _, entry in opened],
            "addons": [entry.addon for _, _, entry in opened],
            "sizes": [entry.size for _, _, entry in opened],
            "positions": [entry.position for _, _, entry in opened],
            "apps": [each.app.app_id for each in new],
            "versions": [each.version for each in new],
            "counts": [each.decision.plan.totals.names for each in new],
            "bytes": [each.decision.plan.totals.size for each in new],
            "next_positions": [each.decision.plan.totals.next_position for each in new],
        }


@dataclass(frozen=True)
class _Found:
    """What was looked up for a batch, after its apps were locked."""

    apps: Mapping[str, App]
    current: Mapping[str, Mapping[str, Entry]]
    recalled: requests.Recalled

    @classmethod
    async def look_up(cls, connection: Connection, wishes: Sequence[Wish]) -> "_Found":
        """Lock the apps of all wishes and read what they need, in one round trip."""
        names = [wish.app for wish in wishes if not wish.by_id]
        ids = [wish.app for wish in wishes if wish.by_id]
        locked = await connection.execute(_LOCK, (names, ids))
        recall = await requests.begin_recall(connection, [wish.request for wish in wishes if wish.request is not None])
        wanted = (
            None if any(wish.names is None for wish in wishes) else sorted({n for w in wishes for n in w.names or ()})
        )
        entries = await connection.execute(_CURRENT, (names, ids, wanted, wanted))
        apps = [app_of(row) for row in await locked.fetchall()]
        recalled = await requests.finish_recall(recall)
        current: dict[str, dict[str, Entry]] = {app.app_id: {} for app in apps}
        for row in await entries.fetchall():
            current.setdefault(row[0], {})[row[1]] = entry_of(row[1:])
        return cls({key: app for app in apps for key in (app.app_id, app.name)}, current, recalled)

    def app(self, wish: Wish) -> App:
        """Return the app a wish is about. Raises NotFound."""
        app = self.apps.get(wish.app)
        if app is None or wish.app != (app.app_id if wish.by_id else app.name):
            raise app_not_found(wish.app)
        return app

    def entries(self, app: App, names: Sequence[str] | None) -> Mapping[str, Entry]:
        """Return the entries a wish asked for."""
        current = self.current[app.app_id]
        return current if names is None else {name: current[name] for name in names if name in current}
