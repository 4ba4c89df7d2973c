"""The SQL of a tenant's keys as a whole: how they stand, and what becomes of them."""

from collections.abc import Callable, Sequence
from typing import Final

from paaskit import requests
from paaskit.audit import Actor
from paaskit.changes import Answer
from paaskit.db import Connection, Database, Row
from paaskit.requests import RequestKey
from paaskit.write_path import Change, Decision, Read, WritePath
from services.secrets.keys.wrapping import WrappedKey
from services.secrets.rotation.standing import (
    Destroyed,
    Destruction,
    Generation,
    KeyRows,
    Renewed,
    Standing,
    rewrap,
)
from services.secrets.store.tenant_keys import wrapped_of

_CARED_FOR: Final = "INSERT INTO key_care (tenant) VALUES (%s) ON CONFLICT DO NOTHING"
_CARE: Final = "SELECT destroyed_at, kms_destroyed_at, restorable_until FROM key_care WHERE tenant = %s"
_LOCK: Final = f"{_CARE} FOR UPDATE"
_GENERATIONS: Final = """
    SELECT k.generation, k.created_at, k.older_versions, k.finished_at, k.unreadable, k.retired_at,
           (SELECT count(*) FROM sealed s WHERE s.tenant = k.tenant AND s.generation = k.generation)
           + (SELECT count(*) FROM drafts d
              WHERE d.tenant = k.tenant AND d.generation = k.generation AND d.sealed IS NOT NULL) AS versions
    FROM tenant_keys k WHERE k.tenant = %s ORDER BY k.generation"""
_ADD: Final = """
    INSERT INTO tenant_keys (tenant, generation, wrapped, check_value, older_versions) VALUES (%s, %s, %s, %s, %s)"""
_DUE_NOW: Final = "UPDATE key_care SET due = clock_timestamp() WHERE tenant = %s"
_DESTROY: Final = """
    UPDATE key_care SET destroyed_at = clock_timestamp(), due = clock_timestamp() WHERE tenant = %s"""
_FINISH: Final = """
    UPDATE tenant_keys SET finished_at = coalesce(finished_at, clock_timestamp()), unreadable = %s
    WHERE tenant = %s AND generation = %s"""
_RETIRE: Final = """
    UPDATE tenant_keys SET retired_at = clock_timestamp() WHERE tenant = %s AND generation = ANY(%s::int[])"""
_ALL_KEYS: Final = """
    SELECT generation, wrapped, check_value FROM tenant_keys WHERE tenant = %s ORDER BY generation"""
_LOCK_KEY: Final = "SELECT wrapped FROM tenant_keys WHERE tenant = %s AND generation = %s FOR NO KEY UPDATE"
_REWRAP: Final = "UPDATE tenant_keys SET wrapped = %s WHERE tenant = %s AND generation = %s"

Decide = Callable[[Standing], Decision[KeyRows]]


class Generations:
    """Tenants' keys, as far as they are stored."""

    def __init__(self, database: Database, write_path: WritePath) -> None:
        self._database = database
        self._write_path = write_path

    async def standing(self, tenant: str, request: RequestKey | None = None) -> tuple[Standing, Answer | None]:
        """Return how a tenant's keys stand, and the answer an equal request got before."""
        async with self._database.reading(tenant) as connection:
            care = await connection.execute(_CARE, (tenant,))
            generations = await connection.execute(_GENERATIONS, (tenant,))
            recalled = await requests.recall(connection, tenant, [request]) if request is not None else None
            standing = _standing(await care.fetchone(), await generations.fetchall())
            earlier = None
            if recalled is not None and request is not None:
                earlier = await recalled.answer(request, about="")
            return standing, earlier

    async def change(self, tenant: str, decide: Decide, *, request: RequestKey) -> Answer:
        """Write what `decide` says of a tenant's keys as they stand, with no other such change meanwhile."""

        async def look(connection: Connection) -> Read[Standing]:
            await connection.execute(_CARED_FOR, (tenant,))
            care = await connection.execute(_LOCK, (tenant,))
            generations = await connection.execute(_GENERATIONS, (tenant,))

            async def read() -> Standing:
                return _standing(await care.fetchone(), await generations.fetchall())

            return read

        async def write(connection: Connection, _: Standing, rows: KeyRows) -> None:
            if isinstance(rows, Destroyed):
                await connection.execute(_DESTROY, (tenant,))
                return
            key = rows.key
            await connection.execute(_ADD, (tenant, key.generation, key.wrapped, key.check_value, rows.older_versions))
            await connection.execute(_DUE_NOW, (tenant,))

        change = Change(tenant=tenant, look=look, decide=decide, write=write, request=request)
        _, answer = await self._write_path.make(change)
        return answer

    async def finish(self, tenant: str, generation: int, *, unreadable: int) -> None:
        """Keep that all is sealed with a generation but what doesn't open."""
        await self._database.execute_scoped(tenant, _FINISH, (unreadable, tenant, generation))

    async def retire(self, tenant: str, generations: Sequence[int]) -> None:
        """Keep that nothing needs these any more. They stay stored: what turns up sealed with one opens."""
        await self._database.execute_scoped(tenant, _RETIRE, (tenant, list(generations)))

    async def keys(self, tenant: str) -> list[WrappedKey]:
        """Return all keys of a tenant as they are wrapped, the newest last."""
        return [wrapped_of(row) for row in await self._database.fetch(tenant, _ALL_KEYS, (tenant,))]

    async def rewrap(self, tenant: str, renewed: Renewed, actor: Actor) -> None:
        """Put a key that was wrapped anew into the place of what it was wrapped as, if that is still there."""
        generation = renewed.after.generation

        async def look(connection: Connection) -> Read[bytes | None]:
            found = await connection.execute(_LOCK_KEY, (tenant, generation))

            async def read() -> bytes | None:
                row = await found.fetchone()
                return None if row is None else bytes(row.wrapped)

            return read

        async def write(connection: Connection, _: bytes | None, key: WrappedKey) -> None:
            await connection.execute(_REWRAP, (key.wrapped, tenant, generation))

        change = Change(tenant=tenant, look=look, decide=lambda stored: rewrap(stored, renewed, actor), write=write)
        await self._write_path.make(change)


def _standing(care: Row | None, generations: Sequence[Row]) -> Standing:
    destruction = None
    if care is not None and care.destroyed_at is not None:
        destruction = Destruction(
            at=care.destroyed_at, kms_at=care.kms_destroyed_at, restorable_until=care.restorable_until
        )
    return Standing(
        generations=[
            Generation(
                generation=row.generation,
                created_at=row.created_at,
                versions=row.versions,
                older_versions=row.older_versions,
                finished_at=row.finished_at,
                unreadable=row.unreadable,
                retired_at=row.retired_at,
            )
            for row in generations
        ],
        destruction=destruction,
    )
