"""Finishing drafts whose release was begun and nobody goes on with, because a process died or a service was away.

What was made live in config would else run without what was staged with it in secrets. Rollbacks are left to whoever
asked: an old value must not come back minutes later over one that was set in the meantime.
"""

import asyncio
from typing import Final

import structlog

from paaskit.errors import PaasError
from paaskit.logs import describe_exception
from services.releaser.by_hand.execution import Execution
from services.releaser.store.by_hand import ByHandStore

_LOOK_EVERY_SECONDS: Final = 5.0
_AGE_SECONDS: Final = 15.0
"""Longer than a request lives, which has a deadline of five seconds for each call."""

log = structlog.get_logger()


class LeftOver:
    """Looks for what was begun long ago. Two at once do no harm: each part is done once, whoever asks."""

    def __init__(
        self,
        store: ByHandStore,
        execution: Execution,
        *,
        look_every_seconds: float = _LOOK_EVERY_SECONDS,
        age_seconds: float = _AGE_SECONDS,
    ) -> None:
        self._store = store
        self._execution = execution
        self._look_every_seconds = look_every_seconds
        self._age_seconds = age_seconds

    async def run(self) -> None:
        """Finish for ever. What can't be finished now is tried again."""
        while True:
            await asyncio.sleep(self._look_every_seconds)
            try:
                await self.finish_all()
            except Exception as error:
                log.error("left_over_failed", **describe_exception(error))

    async def finish_all(self) -> None:
        """Finish what there is now. What is refused has ended with that."""
        for intent in await self._store.left_over(age_seconds=self._age_seconds):
            try:
                await self._execution.run(intent, may_list_secrets=False)
                log.info("left_over_finished", tenant=intent.key.tenant, app_id=intent.key.app_id)
            except PaasError as error:
                log.warning(
                    "left_over_not_finished",
                    tenant=intent.key.tenant,
                    app_id=intent.key.app_id,
                    reason=error.reason,
                )
