"""A group's release whose runner stops at one of its steps, and another goes on: every app gets it, once.

Runners that share one slot are here too, since they need the same ground. Leaves out processes (test_crash.py).
"""

import asyncio
from dataclasses import replace

import pytest

from paaskit.clock import random_id
from paaskit.db import Database
from paaskit.trail import Trail
from services.releaser.domain import AppKey, Kind, Release, Spec, State
from services.releaser.store.leases import LeaseLost
from services.releaser.store.pins import PinStore
from services.releaser.work import runner as runner_module
from services.releaser.work.steps import Ended, Run
from tests.fakes.desired_state import FakeApp, FakeVariables
from tests.fixtures.waiting import until
from tests.integration.releaser.conftest import Stores, Worker, order_of
from tests.integration.releaser.groups.stopping import AFTER, BEFORE, Ground, Steps

APPS = ("api", "web", "worker")
THOROUGH = pytest.mark.thorough


class Fleet:
    """A group with A=1 and the apps that have it, released, and then with A=2, ordered."""

    def __init__(self, ground: Ground, stores: Stores) -> None:
        self.ground = ground
        self.stores = stores
        tenant = random_id()
        self.group = ground.variables.group(tenant=tenant, group_id=random_id())
        self.group.change(A="1")
        self.apps = [
            ground.variables.app(Spec(instances=1), tenant=tenant, name=name, app_id=random_id()) for name in APPS
        ]
        for app in self.apps:
            app.attach(self.group)

    async def order(self, app: FakeApp) -> int:
        """Order a release at what is live."""
        versions = app.versions
        order = order_of(app.key, app=app.name, config=versions.config, secrets=versions.secrets)
        return (await self.stores.book.take([order]))[0]

    async def prepare(self) -> int:
        """Release all, and order what is new; return its number."""
        for apps in ([self.group], self.apps):
            for app in apps:
                await self.order(app)
            # A runner that starts looks at once.
            async with self.ground.runner(Steps()):
                await self.idle()
        self.group.change(A="2")
        return await self.order(self.group)

    async def idle(self) -> None:
        """Wait until there is nothing left to do for anybody of these."""

        async def is_idle() -> bool:
            return not any([await self.stores.apps.has_work(app.key) for app in (self.group, *self.apps)])

        await until(is_idle)

    async def releases(self, key: AppKey) -> list[Release]:
        """All releases, the oldest first."""
        return (await self.stores.releases.page(key, before=99, limit=99))[::-1]

    def runs(self) -> list[str]:
        """The value of A that each app runs with."""
        return [self.ground.runtime.runs(app.key)["A"] for app in self.apps]


async def led_to_its_end(ground: Ground, stores: Stores, *, stop_at: int, when: str) -> tuple[Fleet, bool]:
    """Have a runner stop at a step and another go on to the end; return whether the first came so far as to stop."""
    fleet = Fleet(ground, stores)
    await fleet.prepare()
    steps = Steps(stop_at=stop_at, when=when)

    async def stopped_or_idle() -> bool:
        return steps.stopped.is_set() or not await stores.apps.has_work(fleet.group.key)

    async with ground.runner(steps):
        await until(stopped_or_idle)
    async with ground.runner(Steps()):
        await fleet.idle()
    return fleet, steps.stopped.is_set()


@pytest.fixture
def ground(database: Database, trail: Trail, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """Nothing yet. Who goes on looks sooner than usual for what was left."""
    monkeypatch.setattr(runner_module, "_LOOK_EVERY_SECONDS", 0.02)
    monkeypatch.setattr(runner_module, "_FOLLOW_EVERY_SECONDS", 0.5)
    return Ground(database, trail, FakeVariables())


at_each_step = pytest.mark.parametrize(
    ("when", "every"), [(BEFORE, 16), (AFTER, 19), *(pytest.param(when, 1, marks=THOROUGH) for when in (BEFORE, AFTER))]
)


@at_each_step
async def test_stopped_at_any_step_it_reaches_every_app_once(
    ground: Ground, stores: Stores, when: str, every: int
) -> None:
    stop_at, stopped = 1, True
    while stopped:
        fleet, stopped = await led_to_its_end(ground, stores, stop_at=stop_at, when=when)
        (_, of_group) = await fleet.releases(fleet.group.key)
        assert of_group.state is State.SUCCEEDED, stop_at
        assert fleet.runs() == ["2", "2", "2"], stop_at
        for app in fleet.apps:
            of_app = await fleet.releases(app.key)
            assert [(each.kind, each.state) for each in of_app[1:]] == [(Kind.GROUP, State.SUCCEEDED)], stop_at
        stop_at += every
    assert stop_at > 40, "that is how many steps there are"


@at_each_step
async def test_stopped_at_any_step_a_failure_is_taken_back_everywhere(
    ground: Ground, stores: Stores, when: str, every: int
) -> None:
    ground.runtime.fail = lambda variables: (variables["A"], variables["PAAS_APP"]) == ("2", "web")
    stop_at, stopped = 1, True
    while stopped:
        fleet, stopped = await led_to_its_end(ground, stores, stop_at=stop_at, when=when)
        (_, failed, revert) = await fleet.releases(fleet.group.key)
        assert (failed.state, failed.reverted_to) == (State.FAILED, 1), stop_at
        assert (revert.state, revert.kind) == (State.SUCCEEDED, Kind.REVERT), stop_at
        assert fleet.group.variables == {"A": "1"}, stop_at
        assert fleet.runs() == ["1", "1", "1"], stop_at
        stop_at += every
    assert stop_at > 80, "that is how many steps there are"


async def test_a_release_that_is_gone_on_with_is_given_the_same(
    ground: Ground, stores: Stores, database: Database, trail: Trail
) -> None:
    """Though the group has a newer good release by then: what some of its instances have, all of them get."""
    fleet = Fleet(ground, stores)
    await fleet.prepare()
    web, groups = fleet.apps[1], [fleet.group.ref]
    own = await fleet.order(web)
    worker = Worker(database, trail, "r1")
    pins = PinStore(database, worker.leases)
    leases = {lease.key: lease for lease in await worker.leases.claim([], limit=9)}
    await worker.work.take_step(leases[web.key], spacing_seconds=0)
    before = await pins.settle(leases[web.key], own, groups)
    assert [pin.versions.config for pin in before] == [2]
    of_group = await worker.work.take_step(leases[fleet.group.key], spacing_seconds=0)
    assert isinstance(of_group, Run)
    ended = Ended(release=of_group.release, state=State.SUCCEEDED)
    await worker.work.take_step(leases[fleet.group.key], spacing_seconds=0, ended=ended)
    assert await pins.settle(leases[web.key], own, groups) == before
    with pytest.raises(LeaseLost):
        await pins.settle(replace(leases[web.key], holder="late"), own, groups)


async def test_a_group_that_waits_takes_no_slot_from_the_apps_it_waits_for(ground: Ground, stores: Stores) -> None:
    """With one slot for everybody, two groups at once and an own change beside them, all come to their end."""
    fleet, other = Fleet(ground, stores), Fleet(ground, stores)
    numbers = [await fleet.prepare(), await other.prepare()]
    fleet.apps[1].change(OWN="1")
    await fleet.order(fleet.apps[1])
    async with ground.runner(Steps(), at_once=1, share=1):
        await fleet.idle()
        await other.idle()
    for each, number in zip((fleet, other), numbers, strict=True):
        release = await stores.releases.get(each.group.key, number)
        assert release is not None
        assert (release.state, [member.state for member in release.members]) == (State.SUCCEEDED, [State.SUCCEEDED] * 3)
        assert each.runs() == ["2", "2", "2"]
    assert ground.runtime.runs(fleet.apps[1].key)["OWN"] == "1"


async def test_no_slot_is_held_while_apps_are_released(ground: Ground, stores: Stores) -> None:
    fleet = Fleet(ground, stores)
    await fleet.prepare()
    ground.runtime.gate = asyncio.Event()
    async with ground.runner(Steps(), at_once=1, share=1):
        await until(lambda: ground.runtime.applying)
        under_way = await stores.releases.under_way(fleet.group.key.tenant, limit=9)
        assert under_way == {fleet.apps[0].key.app_id}
        ground.runtime.gate.set()
        await fleet.idle()
    assert fleet.runs() == ["2", "2", "2"]
