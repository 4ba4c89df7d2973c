"""The SQL of tenants' wrapped keys, and of the proof that the key service is the right one."""

from collections.abc import Sequence
from typing import Final

from paaskit.db import Database
from services.secrets.keys.keyring import WrappedKey

_KEYS: Final = "SELECT generation, wrapped, check_value FROM tenant_keys WHERE tenant = %s"
_ADD_KEY: Final = """
    INSERT INTO tenant_keys (tenant, generation, wrapped, check_value) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"""
_PROOF: Final = "SELECT wrapped FROM kms_check"
_KEEP_PROOF: Final = "INSERT INTO kms_check (wrapped) VALUES (%s) ON CONFLICT DO NOTHING"


class KeyStore:
    """See the protocols in `services.secrets.keys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def wrapped_keys(self, tenant: str) -> Sequence[WrappedKey]:
        """Return a tenant's keys."""
        rows = await self._database.fetch(tenant, _KEYS, (tenant,))
        return [WrappedKey(row.generation, bytes(row.wrapped), _optional(row.check_value)) for row in rows]

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


def _optional(stored: bytes | None) -> bytes | None:
    return None if stored is None else bytes(stored)
