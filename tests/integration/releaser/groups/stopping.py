"""A runner that stops for good at its n-th step, before the step has an effect or just after it."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from paaskit.clock import random_id
from paaskit.db import Database
from paaskit.trail import Trail
from paaskit.wakeups import Wakeups
from services.releaser.domain import AppKey
from services.releaser.store.leases import LeaseStore
from services.releaser.store.members import MemberStore
from services.releaser.store.pins import PinStore
from services.releaser.store.releases import ReleaseStore
from services.releaser.store.settlements import SettlementStore
from services.releaser.store.work import WorkStore
from services.releaser.work.groups.fan_out import FanOut
from services.releaser.work.rollout import Rollout
from services.releaser.work.runner import Pace, Runner
from services.releaser.work.states import States
from services.releaser.work.undo import Undoer
from tests.fakes.desired_services import FakeConfig, FakeSecrets
from tests.fakes.desired_state import FakeVariables
from tests.fakes.runtime import FakeRuntime

NEVER: Final = 10**9
BEFORE: Final = "before"
AFTER: Final = "after"


class Steps:
    """Counts the steps of one runner: whatever it asks of a store, of config and secrets, and of what runs apps."""

    def __init__(self, *, stop_at: int = NEVER, when: str = BEFORE) -> None:
        self.count = 0
        self.stopped = asyncio.Event()
        self._stop_at = stop_at
        self._when = when

    def of(self, what: Any) -> Any:
        """The same, with each of its methods a step."""
        return _Counted(what, self)

    async def reached(self, when: str) -> None:
        """Wait for ever, if this is where to."""
        if self.count >= self._stop_at and when == self._when:
            self.stopped.set()
        if self.stopped.is_set():
            await asyncio.Event().wait()


class _Counted:
    def __init__(self, what: Any, steps: Steps) -> None:
        self._what = what
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._what, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def step(*args: Any, **named: Any) -> Any:
            self._steps.count += 1
            await self._steps.reached(BEFORE)
            answer = await found(*args, **named)
            await self._steps.reached(AFTER)
            return answer

        return step


class Ground:
    """What outlives runners: the database, config and secrets, and what runs."""

    def __init__(self, database: Database, trail: Trail, variables: FakeVariables) -> None:
        self.variables = variables
        self.runtime = FakeRuntime()
        self.releases = ReleaseStore(database)
        self._database = database
        self._trail = trail

    @asynccontextmanager
    async def runner(self, steps: Steps, *, at_once: int = 4, share: int = 9) -> AsyncIterator[None]:
        """A runner at work."""
        wakeups = Wakeups[AppKey]()
        leases = LeaseStore(self._database, holder=random_id(), share=share, at_once=at_once)
        work = steps.of(WorkStore(self._database, self._trail, leases))
        config, secrets = steps.of(FakeConfig(self.variables)), steps.of(FakeSecrets(self.variables))
        runtime, states = steps.of(self.runtime), States(config, secrets, self.releases)
        members = steps.of(MemberStore(self._database, leases))
        fan_out = FanOut(members, work, states, config=config, wakeups=wakeups)
        pins = steps.of(PinStore(self._database, leases))
        settlements = steps.of(SettlementStore(leases))
        runner = Runner(
            leases,
            work,
            rollout=Rollout(work, states, pins, fan_out=fan_out, runtime=runtime, wakeups=wakeups),
            undoer=Undoer(settlements, self.releases, config=config, secrets=secrets, wakeups=wakeups),
            runtime=runtime,
            wakeups=wakeups,
            pace=Pace(at_once=at_once, spacing_seconds=0.0, spread_seconds=0.0),
        )
        task = asyncio.create_task(runner.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
