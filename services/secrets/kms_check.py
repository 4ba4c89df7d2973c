"""Whether the key service is the one this database was begun with.

Something known is wrapped once and kept. A key service that can't unwrap it holds other keys: it could not read what
is stored, and what it would seal could not be read once the right one is back. So nothing is done with it at all.
"""

from typing import Final

from paaskit.db import Database
from paaskit.errors import Internal
from services.secrets.kms import KeyManagement, UnwrapError

_KNOWN: Final = b"paas kms check v1"
_NO_TENANT: Final = "-"
_SELECT: Final = "SELECT wrapped FROM kms_check"
_INSERT: Final = "INSERT INTO kms_check (wrapped) VALUES (%s) ON CONFLICT DO NOTHING"


class WrongKeyError(Internal):
    """The key service holds other keys than those this database was begun with."""


class KmsCheck:
    """Asked before the first key of a process is wrapped or unwrapped, and when the service starts."""

    def __init__(self, database: Database, kms: KeyManagement) -> None:
        self._database = database
        self._kms = kms
        self._confirmed = False

    async def confirm(self) -> None:
        """Return if the key service is the right one. Raises WrongKeyError, or Unavailable where it can't be told."""
        if self._confirmed:
            return
        if not await self._matches(await self._stored()):
            raise WrongKeyError("The key service holds other keys than those this database was begun with.")
        self._confirmed = True

    async def _stored(self) -> bytes:
        async with self._database.unscoped() as connection:
            row = await (await connection.execute(_SELECT)).fetchone()
            if row is None:
                wrapped = await self._kms.wrap(_NO_TENANT, _KNOWN, context=_KNOWN)
                await connection.execute(_INSERT, (wrapped,))
                # Read back: another replica may have been first.
                row = await (await connection.execute(_SELECT)).fetchone()
        assert row is not None
        return bytes(row[0])

    async def _matches(self, wrapped: bytes) -> bool:
        try:
            return await self._kms.unwrap(_NO_TENANT, wrapped, context=_KNOWN) == _KNOWN
        except UnwrapError:
            return False
