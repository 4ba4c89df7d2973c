"""The job that looks after tenants' keys: seals values anew after a rotation, wraps keys anew after one in the KMS,
retires what nothing needs, finishes what was begun to be destroyed, and forgets in this process what was destroyed.

Every replica runs it. One at a time is at a tenant, which saves work and is no more than that: whatever is written is
written only where what it was made from still stands. Nothing is kept of how far it came but what is stored anyway.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog

from paaskit.audit import Actor
from paaskit.clock import Clock
from paaskit.errors import Refused, Unavailable
from paaskit.logs import describe_exception
from paaskit.wakeups import Wakeup
from services.secrets.keys.wrapping import Wrapping
from services.secrets.rotation.reencryption import Reencryption
from services.secrets.rotation.shredding import Shredding
from services.secrets.rotation.standing import (
    Renewed,
    Standing,
    look_after_failure,
    next_look,
    retirable,
)
from services.secrets.store.generations import Generations
from services.secrets.store.key_care import Due, KeyCareSchedule

_LOOK_EVERY_SECONDS: Final = 1.0
_AT_ONCE: Final = 50
# Longer than a load of keys can take that began before they were destroyed.
_LATELY: Final = timedelta(minutes=10)

log = structlog.get_logger()


class KeyCare:
    """Looks after keys."""

    def __init__(
        self,
        schedule: KeyCareSchedule,
        generations: Generations,
        wrapping: Wrapping,
        *,
        reencryption: Reencryption,
        shredding: Shredding,
        forget: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self._schedule = schedule
        self._generations = generations
        self._wrapping = wrapping
        self._reencryption = reencryption
        self._shredding = shredding
        self._forget = forget
        self._clock = clock
        self._wakeup = Wakeup()

    def wake(self) -> None:
        """Say that there is something to do now."""
        self._wakeup.happen()

    async def run(self) -> None:
        """Look after keys for ever."""
        while True:
            done = 0
            with suppress(Unavailable):  # the database is away: requests say so, and this can wait
                done = await self.look_after_due()
            if not done:
                await self._wakeup.wait(_LOOK_EVERY_SECONDS)

    async def run_forgetting(self) -> None:
        """Forget destroyed keys for ever, beside all else, which may take its time."""
        while True:
            with suppress(Unavailable):  # the database is away: what is held is dropped within five minutes
                await self.forget_destroyed()
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def forget_destroyed(self) -> None:
        """Drop what this process holds of tenants whose keys were destroyed, whichever process did that."""
        for tenant in await self._schedule.destroyed_within(_LATELY):
            self._forget(tenant)

    async def look_after_due(self) -> int:
        """Look after those that are due now; return for how many that was this process's to do."""
        looked_after = 0
        for due in await self._schedule.due(_AT_ONCE):
            async with self._schedule.turn(due.tenant) as turn:
                if turn is not None:
                    await self._look_after(due)
                    looked_after += 1
        return looked_after

    async def _look_after(self, due: Due) -> None:
        """Do what can be done now. What one tenant fails with is no other's trouble."""
        now = self._clock()
        try:
            next_one = await self._done(due.tenant)
        except (Unavailable, Refused) as error:
            log.warning("key_care_put_off", reason=error.reason)
            next_one = look_after_failure(now)
        except Exception as error:
            log.error("key_care_failed", **describe_exception(error))
            next_one = look_after_failure(now)
        await self._schedule.put_off(due, next_one)

    async def _done(self, tenant: str) -> datetime | None:
        standing, _ = await self._generations.standing(tenant)
        if standing.destruction is not None:
            return await self._destroyed(tenant, standing)
        unreadable = await self._reencryption.some(tenant, standing)
        if unreadable is None:
            return self._clock()
        standing, _ = await self._generations.standing(tenant)
        newest = standing.newest
        if newest is not None and standing.is_over(unreadable):
            await self._generations.finish(tenant, newest.generation, unreadable=standing.older_versions)
        await self._rewrap(tenant)
        retired = retirable(standing, self._clock())
        if retired:
            await self._generations.retire(tenant, retired)
        standing, _ = await self._generations.standing(tenant)
        return next_look(standing, self._clock())

    async def _destroyed(self, tenant: str, standing: Standing) -> datetime | None:
        """Have the KMS do its part if it has not; return when to try again, None once it did."""
        due = next_look(standing, self._clock())
        if due is not None:
            try:
                await self._shredding.finish(tenant)
            except Unavailable as error:
                log.warning("key_destroyed_later", reason=error.reason)
                return due
        return None

    async def _rewrap(self, tenant: str) -> None:
        """Wrap keys anew that the KMS would wrap otherwise today, the newest last: where that is current, all are."""
        keys = await self._generations.keys(tenant)
        if not keys or not await self._wrapping.is_outdated(tenant, keys[-1]):
            return
        actor = Actor(tenant=tenant, name="service:secrets")
        for key in keys:
            if key.check_value is None:
                log.warning("key_not_rewrapped", reason="NO_CHECK_VALUE")
                continue
            if await self._wrapping.is_outdated(tenant, key):
                renewed = Renewed(before=key, after=await self._wrapping.renew(tenant, key))
                await self._generations.rewrap(tenant, renewed, actor)
