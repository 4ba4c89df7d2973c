"""Whether the key service is the one this database was begun with.

Something known is wrapped once and kept. A key service that can't unwrap it holds other keys: it could not read what
is stored, and what it would seal could not be read once the right one is back. So nothing is done with it at all.
"""

from typing import Final, Protocol

from paaskit.db import refuse_in_transaction
from paaskit.errors import Internal
from services.secrets.keys.kms.protocol import DATABASE_CHECK, SERVICE, KeyManagement, UnwrapError, wrong_answer
from services.secrets.keys.shared import Shared

_KNOWN: Final = b"paas kms check v1"


class WrongKeyError(Internal):
    """The key service holds other keys than those this database was begun with."""


class ProofStore(Protocol):
    """Where what was wrapped first is kept."""

    async def proof(self) -> bytes | None:
        """Return what was wrapped first, or None where nothing was."""

    async def keep_proof(self, wrapped: bytes) -> None:
        """Keep this, unless there is something already."""


class KmsCheck:
    """Asked before the first key of a process is wrapped or unwrapped, and when the service starts."""

    def __init__(self, store: ProofStore, kms: KeyManagement) -> None:
        self._store = store
        self._kms = kms
        self._confirmed = False
        # However many tenants' first requests come at once.
        self._looks = Shared[str, None]()

    async def confirm(self) -> None:
        """Return if the key service is the right one. Raises WrongKeyError, or Unavailable where it can't be told."""
        if self._confirmed:
            return
        refuse_in_transaction(SERVICE)
        await self._looks.join(SERVICE, self._look)

    async def _look(self) -> None:
        wrapped = await self._store.proof()
        if wrapped is None:
            await self._store.keep_proof(await self._prove())
            # Read back: another replica may have been first.
            wrapped = await self._store.proof()
        if wrapped is None or not await self._matches(wrapped):
            raise WrongKeyError("The key service holds other keys than those this database was begun with.")
        self._confirmed = True

    async def _prove(self) -> bytes:
        """Wrap what is known, and see that it unwraps: a proof that doesn't would keep the right KMS out for ever."""
        wrapped = await self._kms.wrap(DATABASE_CHECK, _KNOWN, context=_KNOWN)
        if not await self._matches(wrapped):
            raise wrong_answer("proof")
        return wrapped

    async def _matches(self, wrapped: bytes) -> bool:
        try:
            return await self._kms.unwrap(DATABASE_CHECK, wrapped, context=_KNOWN) == _KNOWN
        except UnwrapError:
            return False
