"""Whether values may be read while audit is away: as long as not too many events of it wait for audit.

They wait in the outbox, where they are safe. But a log that nobody can read for long enough is as good as none to
whoever has to notice that secrets are being read, so there is an end to it.
"""

import asyncio
from typing import Final

import structlog

from paaskit import outbox
from paaskit.db import Database
from paaskit.errors import Unavailable

_LOOK_EVERY_SECONDS: Final = 2.0
_IS_THERE: Final = f"""
    SELECT 1 FROM outbox WHERE destination = '{outbox.AUDIT}' AND parked_at IS NULL ORDER BY id
    LIMIT 1 OFFSET %s::bigint"""  # noqa: S608 - of constants alone

log = structlog.get_logger()


class Backlog:
    """What waits for audit, looked at every two seconds. `most` is how many events may wait."""

    def __init__(self, database: Database, *, most: int) -> None:
        self._database = database
        self._most = most
        self._is_full = False

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except Unavailable:
                log.warning("backlog_not_seen")
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def look(self) -> None:
        """Look once. Raises Unavailable."""
        was_full = self._is_full
        self._is_full = bool(await self._database.fetch_unscoped(_IS_THERE, (self._most,)))
        if self._is_full and not was_full:
            log.error("reveals_refused", most=self._most)
        elif was_full and not self._is_full:
            log.warning("reveals_allowed_again")

    def check(self) -> None:
        """Raise Unavailable where no more values are to be read."""
        if self._is_full:
            raise Unavailable(
                "The audit log has been away for so long that no secrets are read any more. Nothing was read; try "
                "again when it is back.",
                reason="AUDIT_BACKLOG_FULL",
                metadata={"service": "audit"},
            )
