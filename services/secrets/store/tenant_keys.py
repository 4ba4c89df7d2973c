"""The SQL of tenants' wrapped keys, and of the proof that the key service is the right one."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from paaskit.db import Database, Row
from paaskit.errors import Unavailable
from services.secrets.keys.destroyed import keys_destroyed
from services.secrets.keys.wrapping import WrappedKey

# A key that was stored by code from before key_care has no row there; the one that reads it sees to that.
_COLUMNS: Final = """
    k.generation, k.wrapped, k.check_value,
    (SELECT c.destroyed_at IS NOT NULL FROM key_care c WHERE c.tenant = k.tenant) AS is_destroyed"""
_KEYS: Final = f"SELECT {_COLUMNS} FROM tenant_keys k WHERE k.tenant = %s AND k.retired_at IS NULL"
_KEY: Final = f"SELECT {_COLUMNS} FROM tenant_keys k WHERE k.tenant = %s AND k.generation = %s"
_ADD_KEY: Final = """
    INSERT INTO tenant_keys (tenant, generation, wrapped, check_value) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"""
_EXPECT: Final = """
    INSERT INTO key_care (tenant) VALUES (%s)
    ON CONFLICT (tenant) DO UPDATE SET due = least(key_care.due, EXCLUDED.due)"""
_PROOF: Final = "SELECT wrapped FROM kms_check"
_KEEP_PROOF: Final = "INSERT INTO kms_check (wrapped) VALUES (%s) ON CONFLICT DO NOTHING"


class KeyStore:
    """See the protocols in `services.secrets.keys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def wrapped_keys(self, tenant: str) -> Sequence[WrappedKey]:
        """Return a tenant's keys that are not retired. Raises Refused where they were destroyed."""
        return await self._usable(tenant, await self._database.fetch(tenant, _KEYS, (tenant,)))

    async def wrapped_key(self, tenant: str, generation: int) -> WrappedKey | None:
        """Return one of a tenant's keys, retired or not. Raises Refused where they were destroyed."""
        found = await self._usable(tenant, await self._database.fetch(tenant, _KEY, (tenant, generation)))
        return found[0] if found else None

    async def expect_key(self, tenant: str) -> None:
        """Keep that a tenant is about to have a key, before anything is wrapped for it."""
        await self._database.execute(_EXPECT, (tenant,))

    async def add_key(self, tenant: str, key: WrappedKey) -> None:
        """Store a key unless its generation exists already."""
        async with self._database.transaction(tenant) as connection:
            await connection.execute(_ADD_KEY, (tenant, key.generation, key.wrapped, key.check_value))

    async def proof(self) -> bytes | None:
        """Return what was wrapped first, or None where nothing was."""
        async with self._database.unscoped() as connection:
            row = await (await connection.execute(_PROOF)).fetchone()
        return None if row is None else bytes(row.wrapped)

    async def keep_proof(self, wrapped: bytes) -> None:
        """Keep this, unless there is something already."""
        await self._database.execute(_KEEP_PROOF, (wrapped,))

    async def _usable(self, tenant: str, rows: Sequence[Row]) -> list[WrappedKey]:
        if any(row.is_destroyed for row in rows):
            raise keys_destroyed()
        if any(row.is_destroyed is None for row in rows):
            with suppress(Unavailable):  # of a database that only reads: another time
                await self.expect_key(tenant)
        return [wrapped_of(row) for row in rows]


def wrapped_of(row: Row) -> WrappedKey:
    """Return the key in a row of `tenant_keys`."""
    return WrappedKey(row.generation, bytes(row.wrapped), None if row.check_value is None else bytes(row.check_value))
