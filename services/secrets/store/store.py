"""Looking at an app's secrets, and changing them through the one write path."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from paaskit import requests
from paaskit.changes import Answer
from paaskit.db import Connection, Database
from paaskit.outbox import Message
from paaskit.requests import RequestKey
from paaskit.write_path import Change, Decision, Read, WritePath
from services.secrets.rules.claims import LEFT_AFTER_SECONDS
from services.secrets.rules.plan import Plan
from services.secrets.rules.stored import App, Snapshot
from services.secrets.store import plans, snapshots

FREE_NAMES: Final = "config.release_names"
"""The outbox destination for names that config may give to others again."""

_APP_ID: Final = "SELECT app_id FROM apps WHERE tenant = %s AND name = %s"
_OPEN_CLAIM: Final = """
    INSERT INTO claims (tenant, app_id, name, claim_id) SELECT %s, %s, name, %s FROM unnest(%s::text[]) AS w (name)"""
_DROP_CLAIM: Final = "DELETE FROM claims WHERE tenant = %s AND app_id = %s AND claim_id = %s"
_LEFT_CLAIMS: Final = f"""
    SELECT DISTINCT tenant, app_id, claim_id FROM (
        SELECT tenant, app_id, claim_id FROM claims
        WHERE created_at < now() - make_interval(secs => {LEFT_AFTER_SECONDS}) ORDER BY created_at LIMIT 100) AS old"""
_DUE: Final = """
    SELECT tenant, app_id, name FROM overlap_ends WHERE due <= %s ORDER BY due LIMIT 100"""
_MESSAGE: Final = "SELECT payload FROM outbox WHERE destination = %s AND key = %s"
_TOMBSTONE: Final = """
    INSERT INTO apps (tenant, app_id, name, version, next_position, destroyed_at)
    VALUES (%s, %s, NULL, 0, 1, clock_timestamp())
    ON CONFLICT (tenant, app_id) DO UPDATE
        SET name = NULL, destroyed_at = coalesce(apps.destroyed_at, EXCLUDED.destroyed_at)"""
_PURGE: Final = tuple(
    f"DELETE FROM {table} WHERE tenant = %s AND app_id = %s"
    for table in ("sealed", "drafts", "overlap_ends", "reminders", "held_names", "claims")
)

Decide = Callable[[Snapshot], Decision[Plan]]


@dataclass(frozen=True)
class LeftClaim:
    """A claim that was never settled by whoever made it."""

    tenant: str
    app_id: str
    claim_id: str


@dataclass(frozen=True)
class DueOverlap:
    """An overlap whose time is over."""

    tenant: str
    app_id: str
    name: str


class Store:
    """The tables of sealed values."""

    def __init__(self, database: Database, write_path: WritePath) -> None:
        self._database = database
        self._write_path = write_path

    async def app_id(self, tenant: str, app: str) -> str | None:
        """Return the id of an app that is known by this name."""
        rows = await self._database.fetch(tenant, _APP_ID, (tenant, app))
        return rows[0].app_id if rows else None

    async def known(self, tenant: str, app_id: str) -> App | None:
        """Return an app, or None where nothing of it was ever stored. Raises NotFound for one that was destroyed."""
        rows = await self._database.fetch(tenant, snapshots.APP, (tenant, app_id))
        return snapshots.found(rows[0] if rows else None, App(app_id=app_id, name=""))

    async def look(
        self,
        tenant: str,
        app: App,
        *,
        names: Sequence[str] | None,
        versions: Sequence[int] = (),
        request: RequestKey | None = None,
    ) -> tuple[Snapshot, Answer | None]:
        """Return what is stored under names (None: all) now, and the answer an equal request got before.

        Raises NotFound for an app that was destroyed, and InvalidInput where the request id was used otherwise.
        """
        async with self._database.reading(tenant) as connection:
            cursor = await snapshots.look(connection, tenant, app.app_id)
            read = await snapshots.ask(connection, cursor, tenant, app, names=names, versions=versions)
            recalled = await requests.recall(connection, tenant, [request]) if request is not None else None
            snapshot = await read() or Snapshot(app=app)
            earlier = None
            if recalled is not None and request is not None:
                earlier = await recalled.answer(request, about=app.app_id)
            return snapshot, earlier

    async def change(
        self,
        tenant: str,
        app: App,
        *,
        names: Sequence[str] | None,
        versions: Sequence[int] = (),
        request: RequestKey | None = None,
        decide: Decide,
    ) -> Answer:
        """Lock an app, making it known at need, and write what `decide` says. Raises what it raises.

        Raises NotFound for an app that was destroyed, and Unavailable while its name still means a former one.
        """

        async def look(connection: Connection) -> Read[Snapshot]:
            cursor = await snapshots.lock(connection, tenant, app)
            read = await snapshots.ask(connection, cursor, tenant, app, names=names, versions=versions)

            async def locked() -> Snapshot:
                snapshot = await read()
                if snapshot is None:
                    raise snapshots.still_cleaned_up(app.name)
                return snapshot

            return locked

        async def write(connection: Connection, snapshot: Snapshot, plan: Plan) -> None:
            await plans.write(connection, tenant, snapshot, plan)

        change = Change(
            tenant=tenant, look=look, decide=decide, write=write, request=request, about=lambda each: each.app.app_id
        )
        _, answer = await self._write_path.make(change)
        return answer

    async def open_claim(self, tenant: str, app: App, claim_id: str, names: Sequence[str]) -> None:
        """Keep that names are about to be claimed in config. Raises NotFound for an app that was destroyed."""
        async with self._database.transaction(tenant) as connection:
            cursor = await snapshots.share(connection, tenant, app)
            if snapshots.found(await cursor.fetchone(), app) is None:
                raise snapshots.still_cleaned_up(app.name)
            await connection.execute(_OPEN_CLAIM, (tenant, app.app_id, claim_id, list(names)))

    async def drop_claim(self, tenant: str, app_id: str, claim_id: str) -> None:
        """Forget a claim that config refused."""
        await self._database.execute(_DROP_CLAIM, (tenant, app_id, claim_id))

    async def left_claims(self) -> list[LeftClaim]:
        """Return claims of any tenant that nobody is at any more."""
        async with self._database.unscoped() as connection:
            rows: list[Any] = await (await connection.execute(_LEFT_CLAIMS)).fetchall()
        return [LeftClaim(row.tenant, row.app_id, row.claim_id) for row in rows]

    async def due_overlaps(self, now: datetime) -> list[DueOverlap]:
        """Return overlaps of any tenant that are over."""
        async with self._database.unscoped() as connection:
            rows: list[Any] = await (await connection.execute(_DUE, (now,))).fetchall()
        return [DueOverlap(row.tenant, row.app_id, row.name) for row in rows]

    async def message(self, key: str) -> Message | None:
        """Return what is still kept for config about names under `key`, or None once it was delivered."""
        async with self._database.unscoped() as connection:
            row = await (await connection.execute(_MESSAGE, (FREE_NAMES, key))).fetchone()
        return None if row is None else Message(FREE_NAMES, key, bytes(row.payload))

    async def purge(self, tenant: str, app_id: str) -> None:
        """Delete every sealed value of an app, and keep that it was destroyed: nothing is stored of it ever again."""
        async with self._database.transaction(tenant) as connection:
            for statement in (_TOMBSTONE, *_PURGE):
                await connection.execute(statement, (tenant, app_id))
