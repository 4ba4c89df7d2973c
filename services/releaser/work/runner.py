"""The runner: finds apps with something to do, whoever's they are, and works on each under a lease.

At most `at_once` apps at the same time, each by one runner. A runner that dies is replaced when its leases run out.
"""

import asyncio
import random
from collections.abc import Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog

from paaskit.errors import Unavailable
from paaskit.logs import describe_exception
from paaskit.wakeups import Wakeups
from services.releaser.domain import AppKey
from services.releaser.runtimes.protocol import Runtime, RuntimeAway
from services.releaser.store.leases import Lease, LeaseLost, LeaseStore
from services.releaser.store.work import WorkStore
from services.releaser.work.rollout import Rollout
from services.releaser.work.steps import Ended, Nothing, Remove, Run, Undo, Wait
from services.releaser.work.undo import Undoer
from services.releaser.work.waiting import Following, Waiting

_LOOK_EVERY_SECONDS: Final = 1.0
_BETWEEN_LOOKS_SECONDS: Final = 0.02
_RENEW_EVERY_SECONDS: Final = 1.0
_FIRST_BACKOFF_SECONDS: Final = 0.25
_LONGEST_BACKOFF_SECONDS: Final = 4.0
_AFTER_A_FAULT_SECONDS: Final = 5.0
_FAILURES_KEPT_SECONDS: Final = 60.0
_FOLLOW_EVERY_SECONDS: Final = 1.0
"""How often a group's release is looked at that waits for releases of apps, which other replicas may end."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How many apps are released at once, how far apart the releases of one app start, and those of many apps."""

    at_once: int = 32
    spacing_seconds: float = 1.0
    spread_seconds: float = 1.0

    def delay(self, under_way: int) -> float:
        """Return the seconds, by chance, that a release waits beside those `under_way`.

        Nothing while no more are than half of what there may be; from there on more and more, up to `spread_seconds`:
        they would all pull images and start instances in the same moment.
        """
        crowding = max(0.0, 2 * under_way / self.at_once - 1)
        return random.random() * self.spread_seconds * min(crowding, 1.0)  # noqa: S311 - no secret


class Runner:
    """Works on apps for ever."""

    def __init__(
        self,
        leases: LeaseStore,
        work: WorkStore,
        *,
        rollout: Rollout,
        undoer: Undoer,
        runtime: Runtime,
        wakeups: Wakeups[AppKey],
        pace: Pace,
    ) -> None:
        self._leases = leases
        self._work = work
        self._rollout = rollout
        self._undoer = undoer
        self._runtime = runtime
        self._wakeups = wakeups
        self._pace = pace
        self._wake = asyncio.Event()
        self._running: dict[AppKey, asyncio.Task[None]] = {}
        self._parked: dict[AppKey, asyncio.TimerHandle] = {}
        self._removing: set[AppKey] = set()
        # Groups whose release waits for those of apps: these need no place among those that are worked on at once.
        self._following: dict[AppKey, frozenset[AppKey]] = {}
        # How often in a row, and when last: another runner may have had the app since.
        self._failures: dict[AppKey, tuple[int, float]] = {}

    def wake(self) -> None:
        """Say that there is something to do, so that it is found without waiting for the next look."""
        self._wake.set()

    def ordered(self, keys: Collection[AppKey]) -> None:
        """Say that something was ordered for these apps. What runs or waits its time here is looked at again anyway."""
        if any(key not in self._running and key not in self._parked for key in keys):
            self.wake()

    def interrupt(self, key: AppKey) -> None:
        """Stop what is going on for an app, unless it is its removal; the next step is chosen afresh."""
        task = self._running.get(key)
        if task is not None and key not in self._removing:
            task.cancel()

    async def run(self, *, predecessor: str = "") -> None:
        """Look for work for ever; stopping leaves every release where it is, for whoever comes next.

        `predecessor` is a lease holder known to be gone: what it had leased is free at once.
        """
        renewing = asyncio.create_task(self._renew_for_ever())
        try:
            while True:
                self._wake.clear()
                try:
                    if predecessor:
                        await self._leases.give_up([predecessor])
                        predecessor = ""
                    await self._claim()
                except Exception as error:  # whatever the database did, there is work to be looked for
                    log.warning("runner_waits", **describe_exception(error))
                # Orders come in crowds; looking once for a crowd is enough, and a single one was found at once above.
                await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
                # Not wait_for: before Python 3.12 it can swallow a cancellation, and stopping would wait for ever.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_EVERY_SECONDS):
                        await self._wake.wait()
        finally:
            renewing.cancel()
            await self._let_go()

    async def _claim(self) -> None:
        free = self._pace.at_once - len(self._running)
        if free <= 0:
            return
        for lease in await self._leases.claim(self._running, limit=free):
            task = asyncio.create_task(self._guarded(lease, after=self._pace.delay(len(self._running))))
            self._running[lease.key] = task
            self._following.pop(lease.key, None)
            if lease.key in self._parked:
                self._parked.pop(lease.key).cancel()
            task.add_done_callback(partial(self._ended, lease.key))

    def _ended(self, key: AppKey, _: asyncio.Task[None]) -> None:
        del self._running[key]
        self._wakeups.announce(key)
        self.wake()

    async def _let_go(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(Exception):
            await self._leases.give_up([self._leases.holder])

    async def _renew_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_EVERY_SECONDS)
            running = dict(self._running)
            if not running:
                continue
            try:
                held = await self._leases.renew(running)
            except Exception as error:  # whoever took over meanwhile is noticed at the next renewal, or the next write
                log.warning("leases_not_renewed", **describe_exception(error))
                continue
            for key, task in running.items():
                if self._running.get(key) is task and held.get(key) is not False:  # lost, or the app was destroyed
                    self.interrupt(key)

    async def _guarded(self, lease: Lease, *, after: float) -> None:
        """Work on one app until there is nothing left, and never fail: whatever happens is tried again later."""
        try:
            await asyncio.sleep(after)
            await self._work_on(lease)
            self._failures.pop(lease.key, None)
        except asyncio.CancelledError:
            await self._quietly(self._park(lease, 0))
        except Waiting as waiting:
            await self._quietly(self._park(lease, max(self._backoff(lease.key), waiting.seconds)))
            log.info("release_waits", tenant=lease.key.tenant, app_id=lease.key.app_id, waits_for=waiting.what)
        except Following as following:
            self._failures.pop(lease.key, None)
            self._following[lease.key] = following.apps
            await self._quietly(self._park(lease, _FOLLOW_EVERY_SECONDS))
            if lease.key not in self._following:  # one of them ended just now
                await self._quietly(self._leases.recall(lease.key))
        except LeaseLost:
            log.warning("lease_lost", tenant=lease.key.tenant, app_id=lease.key.app_id)
        except Unavailable:
            log.warning("release_interrupted", tenant=lease.key.tenant, app_id=lease.key.app_id)
        except Exception as error:
            log.error("runner_failed", tenant=lease.key.tenant, app_id=lease.key.app_id, **describe_exception(error))
            await self._quietly(self._park(lease, _AFTER_A_FAULT_SECONDS))

    async def _work_on(self, lease: Lease) -> None:
        ended: Ended | None = None
        is_undone = False
        while True:
            step = await self._work.take_step(lease, spacing_seconds=self._pace.spacing_seconds, ended=ended)
            self._wakeups.announce(lease.key)
            if ended is not None or is_undone:
                await self._recall_those_following(lease.key)
            ended, is_undone = None, isinstance(step, Undo)
            match step:
                case Nothing():
                    return
                case Wait(seconds=seconds):
                    self._wake_after(lease.key, seconds)
                    return
                case Remove():
                    await self._remove(lease)
                    return
                case Undo(release=failed):
                    await self._undoer.run(lease, failed)
                case Run(release=release):
                    try:
                        ended = await self._rollout.run(lease, release)
                    except Waiting as waiting:
                        await self._work.note(lease, release.number, f"Waiting for {waiting.what}.")
                        raise
            self._failures.pop(lease.key, None)

    async def _recall_those_following(self, key: AppKey) -> None:
        """Have the groups looked at again whose release waits for this app's."""
        for group in [group for group, apps in self._following.items() if key in apps]:
            del self._following[group]
            await self._quietly(self._leases.recall(group))
            self.wake()

    async def _remove(self, lease: Lease) -> None:
        self._removing.add(lease.key)
        try:
            try:
                await self._runtime.remove(lease.key)
            except RuntimeAway as away:
                raise Waiting(away.name, seconds=away.retry_after) from away
            await self._work.finish_removal(lease)
        finally:
            self._removing.discard(lease.key)

    def _backoff(self, key: AppKey) -> float:
        now = asyncio.get_running_loop().time()
        self._failures = {
            each: (failures, at) for each, (failures, at) in self._failures.items() if now - at < _FAILURES_KEPT_SECONDS
        }
        failures, _ = self._failures.get(key, (0, now))
        self._failures[key] = (failures + 1, now)
        return min(_FIRST_BACKOFF_SECONDS * 2.0 ** min(failures, 10), _LONGEST_BACKOFF_SECONDS)

    async def _park(self, lease: Lease, seconds: float) -> None:
        await self._leases.park(lease, seconds)
        self._wake_after(lease.key, seconds)

    def _wake_after(self, key: AppKey, seconds: float) -> None:
        if key in self._parked:
            self._parked[key].cancel()
        self._parked[key] = asyncio.get_running_loop().call_later(seconds, self._parking_ends, key)

    def _parking_ends(self, key: AppKey) -> None:
        del self._parked[key]
        self._following.pop(key, None)
        self.wake()

    async def _quietly(self, writing: Coroutine[Any, Any, None]) -> None:
        with suppress(Exception):  # the lease runs out by itself
            await writing
