"""Settling claims whose change came to nothing and that nobody could settle then, such as after a crash."""

import asyncio
from contextlib import suppress
from typing import Final

from paaskit.errors import NotFound, Unavailable
from services.secrets.changes import Changes
from services.secrets.store import Store

_LOOK_EVERY_SECONDS: Final = 2.0


class LeftClaims:
    """Looks for claims that were left."""

    def __init__(self, store: Store, changes: Changes) -> None:
        self._store = store
        self._changes = changes

    async def run(self) -> None:
        """Settle claims for ever."""
        while True:
            with suppress(Unavailable):  # the database is away, and there is nothing to settle meanwhile
                await self.settle_left()
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def settle_left(self) -> int:
        """Settle what was left by now; return how many."""
        left = await self._store.left_claims()
        for claim in left:
            with suppress(NotFound):  # the app was destroyed meanwhile, and its claims with it
                app = await self._store.known(claim.tenant, claim.app_id)
                if app is not None:
                    await self._changes.settle(claim.tenant, app, claim.claim_id)
        return len(left)
