"""Whatever is changed of two groups and of the apps that have both, in whatever order, while releases go on and some
fail: in the end every app runs with what is live, its own over its groups'.

Changes come by chance, in an order that a seed says; runners and releases go on as they do. Leaves out what is staged,
and crashes (test_kills.py).
"""

import asyncio
import random
from typing import Final

import pytest

from paaskit.clock import random_id
from paaskit.db import Database
from paaskit.trail import Trail
from services.releaser.domain import Spec, State, Versions
from services.releaser.work import runner as runner_module
from tests.fakes.desired_state import FakeApp, FakeVariables
from tests.fixtures.waiting import until
from tests.integration.releaser.conftest import Stores, order_of
from tests.integration.releaser.groups.stopping import Ground, Steps

BAD: Final = "bad"
CHANGES: Final = 14


class World:
    """Two groups, whose names differ, and three apps that have both."""

    def __init__(self, ground: Ground, stores: Stores) -> None:
        variables, tenant = ground.variables, random_id()
        self.ground = ground
        self.stores = stores
        self.groups = [variables.group(tenant=tenant, name=name, group_id=random_id()) for name in ("one", "two")]
        self.apps = [
            variables.app(Spec(instances=1), tenant=tenant, name=name, app_id=random_id())
            for name in ("api", "web", "worker")
        ]
        self.names = {"one": ("A", "B"), "two": ("C", "D")}
        for app in self.apps:
            app.attach(*self.groups)

    async def order(self, app: FakeApp) -> None:
        """Order a release at what is live in config."""
        order = order_of(app.key, app=app.name, config=app.versions.config)
        await self.stores.book.take([order])

    async def idle(self) -> None:
        """Wait until there is nothing left to do."""

        async def is_idle() -> bool:
            return not any([await self.stores.apps.has_work(each.key) for each in (*self.groups, *self.apps)])

        await until(is_idle)

    async def begin(self) -> None:
        """Give the groups values, and release everything once."""
        for group in self.groups:
            group.config.put(dict.fromkeys(self.names[group.name], "first"))
        for those in (self.groups, self.apps):
            for each in those:
                await self.order(each)
            async with self.ground.runner(Steps()):
                await self.idle()

    async def change(self, chance: random.Random, count: int) -> str:
        """One change by chance; what it was."""
        value = BAD if chance.random() < 0.25 else f"value-{count}"
        whose = chance.choice([*self.groups, *self.apps])
        name = chance.choice(self.names.get(whose.name, ("A", "C", "OWN")))
        if whose in self.apps and name in whose.variables and chance.random() < 0.4:
            whose.unset(name)
            value = "unset"
        else:
            whose.config.put({name: value})
        await self.order(whose)
        return f"{whose.name}.{name}={value}"

    def live(self, app: FakeApp) -> dict[str, str]:
        """What an app is to run with."""
        shared: dict[str, str] = {}
        for group in self.groups:
            shared |= group.variables
        return shared | app.variables


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(1, 9))])
async def test_in_the_end_every_app_runs_with_what_is_live(
    database: Database, trail: Trail, stores: Stores, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "_LOOK_EVERY_SECONDS", 0.02)
    monkeypatch.setattr(runner_module, "_FOLLOW_EVERY_SECONDS", 0.2)
    chance, ground = random.Random(seed), Ground(database, trail, FakeVariables())
    ground.runtime.fail = lambda variables: BAD in variables.values()
    for _ in range(8):
        world = World(ground, stores)
        await world.begin()
        happened = []
        async with ground.runner(Steps()):
            for count in range(CHANGES):
                happened.append(await world.change(chance, count))
                if chance.random() < 0.5:
                    await asyncio.sleep(chance.random() * 0.1)
            await world.idle()
        for app in world.apps:
            assert ground.runtime.runs(app.key) == world.live(app), (app.name, happened)
        for each in (*world.groups, *world.apps):
            releases = await stores.releases.page(each.key, before=999, limit=99)
            assert all(release.ended for release in releases)
            assert any(release.state is State.SUCCEEDED for release in releases)
            assert releases[0].versions != Versions()
