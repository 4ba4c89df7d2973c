"""Random interleavings of setting, staging, releasing, failing and taking back, compared with a model of twenty lines.

No acknowledged change is lost, none is released that was not ordered, and what is staged stays staged. A runner's steps
are taken one by one, so that anything may happen between them; on a real database, with config and secrets in memory.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pytest

from paaskit.access import AppRef
from paaskit.audit import Actor
from paaskit.clock import random_id
from paaskit.db import Database
from paaskit.trail import Trail
from paaskit.wakeups import Wakeups
from services.releaser.apps import Apps
from services.releaser.by_hand.drafts import Drafts, DraftWish
from services.releaser.by_hand.execution import Execution
from services.releaser.by_hand.intents import Asker
from services.releaser.domain import AppKey, Spec, Versions
from services.releaser.store.leases import Lease, LeaseStore
from services.releaser.store.members import MemberStore
from services.releaser.store.pins import PinStore
from services.releaser.store.settlements import SettlementStore
from services.releaser.store.work import WorkStore
from services.releaser.work.groups.fan_out import FanOut
from services.releaser.work.rollout import Rollout
from services.releaser.work.states import States
from services.releaser.work.steps import Ended, Nothing, Run, Undo
from services.releaser.work.undo import Undoer
from tests.fakes.desired_services import FakeConfig, FakeSecrets
from tests.fakes.desired_state import FakeVariables
from tests.fakes.runtime import FakeRuntime
from tests.integration.releaser.conftest import ADA, Stores, order_of

VARS: Final = ("A", "B", "FAIL")
Entries = Mapping[str, str | None]


def with_entries(variables: Mapping[str, str], entries: Entries) -> dict[str, str]:
    """The variables with entries changed; None is without."""
    return {name: value for name, value in {**variables, **entries}.items() if value is not None}


@dataclass
class Model:
    """What should be: live, staged, queued, and what the instances run with."""

    live: dict[str, str]
    draft: dict[str, str | None] = field(default_factory=dict)
    queue: list[dict[str, str]] = field(default_factory=list)
    good: dict[str, str] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)

    def order(self, entries: Entries) -> None:
        self.live = with_entries(self.live, entries)
        self.queue.append(self.live)

    def release_draft(self) -> None:
        self.order(self.draft)
        self.draft = {}

    def begin(self) -> None:
        self.running, self.queue = self.queue[-1], []

    def succeed(self) -> None:
        self.good = self.runs = self.running

    def take_back(self) -> None:
        good, bad = self.good, self.running
        changed = {name for name in {**good, **bad} if good.get(name) != bad.get(name)}
        back = {name: good.get(name) for name in changed if self.live.get(name) == bad.get(name)}
        self.live = with_entries(self.live, back)
        self.queue = [self.live] if back or self.queue else []


class World:
    """An app, its services and a runner whose steps are taken one by one, beside the model."""

    def __init__(self, database: Database, trail: Trail) -> None:
        variables = FakeVariables()
        self.app = variables.app(Spec(instances=1), app_id=random_id(), A="good")
        config, secrets = FakeConfig(variables), FakeSecrets(variables)
        self.runtime, wakeups, self.stores = FakeRuntime(), Wakeups[AppKey](), Stores(database, trail)
        releases, by_hand = self.stores.releases, self.stores.by_hand
        self.leases = LeaseStore(database, holder=random_id(), share=9, lease_seconds=60)
        self.work = WorkStore(database, trail, self.leases)
        states = States(config, secrets, releases)
        fan_out = FanOut(MemberStore(database, self.leases), self.work, states, config=config, wakeups=wakeups)
        pins = PinStore(database, self.leases)
        self.rollout = Rollout(self.work, states, pins, fan_out=fan_out, runtime=self.runtime, wakeups=wakeups)
        settlements = SettlementStore(self.leases)
        self.undoer = Undoer(settlements, releases, config=config, secrets=secrets, wakeups=wakeups)
        execution = Execution(by_hand, config=config, secrets=secrets, wake=lambda: None)
        apps = Apps(self.stores.apps, config)
        self.drafts = Drafts(apps, by_hand, execution, config=config, secrets=secrets)
        self.model = Model(live={"A": "good"})
        self.begun: Run | None = None
        self.lease = Lease(key=self.app.key, holder=self.leases.holder)
        self.count = 0

    async def do(self, what: str, name: str) -> None:
        """One thing that happens, in the world and in the model, which must agree afterwards."""
        self.count += 1
        value = f"{name}-{self.count}"
        if what == "set":
            await self.change({name: value})
        elif what == "unset" and name in self.model.live:
            await self.change({name: None})
        elif what == "stage":
            self.stage({name: value})
        elif what == "stage_unset" and name in self.model.live:
            self.stage({name: None})
        elif what == "release_draft":
            await self.release_draft()
        elif what == "step":
            await self.step()
        self.agree()

    async def change(self, entries: dict[str, str | None]) -> None:
        """Set or unset one name, live."""
        ((name, value),) = entries.items()
        of_config = name in VARS
        if of_config:
            self.app.config.put(entries)
        elif value is None:
            self.app.unseal(name)
        else:
            self.app.seal(**{name: value})
        versions = Versions(config=self.app.config.newest, secrets=None if of_config else self.app.secrets.newest)
        order = order_of(self.app.key, config=versions.config, secrets=versions.secrets)
        await self.stores.book.take([order])
        self.model.order(entries)

    def stage(self, entries: dict[str, str | None]) -> None:
        """Stage one name."""
        ((name, _),) = entries.items()
        (self.app.stage if name in VARS else self.app.stage_secrets)(**entries)  # type: ignore[arg-type]
        self.model.draft |= entries

    async def release_draft(self) -> None:
        """Release the draft, or restart."""
        actor = Actor(tenant="acme", name=ADA, credential="t1")
        await self.drafts.release(
            DraftWish(
                request_id=random_id(),
                app=AppRef(tenant="acme", name="web"),
                asker=Asker(actor=actor, may_list_secrets=True),
                replace_newer=True,
            )
        )
        self.model.release_draft()

    async def step(self) -> None:
        """A step of the runner: beginning a release, ending it and beginning the next, or taking back what failed."""
        ended: Ended | None = None
        if self.begun is not None:
            ended = await self.rollout.run(self.lease, self.begun.release)
            if "FAIL" not in self.model.running:
                self.model.succeed()
            self.begun = None
        else:
            await self.leases.claim([], limit=9)
            if not await self.stores.apps.has_work(self.app.key):
                return
        step = await self.work.take_step(self.lease, spacing_seconds=0, ended=ended)
        if isinstance(step, Run):
            self.model.begin()
            self.begun = step
        elif isinstance(step, Undo):
            await self.undoer.run(self.lease, step.release)
            self.model.take_back()
        else:
            assert isinstance(step, Nothing)

    async def settle(self) -> None:
        """Take steps until there is nothing left to do."""
        while self.begun is not None or await self.stores.apps.has_work(self.app.key):
            await self.step()
            self.agree()

    def agree(self) -> None:
        """Compare."""
        staged = {name: each.entry for name, each in self.app.config.draft.items()}
        staged |= {name: each.entry and each.entry.value for name, each in self.app.secrets.draft.items()}
        assert {**self.app.variables, **self.app.values} == self.model.live
        assert staged == self.model.draft
        assert self.runtime.runs(self.app.key) == self.model.runs


HAPPENINGS: Final = ("set", "set", "stage", "unset", "stage_unset", "release_draft", "step", "step", "step")


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(1, 6))])
async def test_whatever_happens_in_between(database: Database, trail: Trail, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        world = World(database, trail)
        await world.change({"K": "good"})
        await world.settle()
        happened = []
        for _ in range(chance.randint(6, 30)):
            happened.append((chance.choice(HAPPENINGS), chance.choice([*VARS, "K", "L"])))
            await world.do(*happened[-1])
        await world.settle()
        assert world.model.runs == world.model.good, happened
        if "FAIL" not in world.model.live:
            assert world.model.runs == world.model.live, "in the end everything that was ordered runs"
