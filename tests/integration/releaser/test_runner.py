"""Several runners on one real database, with runtimes that run nothing: who works on what, and what a late one may do.

Leaves out processes (tests/unit/releaser/test_local.py) and kill -9 (test_crash.py).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from paaskit.db import Database
from paaskit.trail import Trail
from paaskit.wakeups import Wakeups
from services.releaser.domain import AppKey, Spec, State
from services.releaser.runtimes.protocol import DesiredRelease, Hold, Report, RuntimeAway
from services.releaser.server import assemble
from services.releaser.store.leases import LeaseStore
from services.releaser.store.members import MemberStore
from services.releaser.store.order_book import OrderBook
from services.releaser.store.pins import PinStore
from services.releaser.store.settlements import SettlementStore
from services.releaser.store.work import WorkStore
from services.releaser.work import runner as runner_module
from services.releaser.work.groups.fan_out import FanOut
from services.releaser.work.rollout import Rollout
from services.releaser.work.runner import Pace, Runner
from services.releaser.work.states import States
from services.releaser.work.undo import Undoer
from tests.fakes.desired_services import FakeConfig, FakeSecrets
from tests.fakes.desired_state import FakeVariables
from tests.fakes.runtime import FakeRuntime, chosen
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import serving
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.releaser.conftest import Neighbourhood, Stores, Worker, order_of

Start = Callable[..., Runner]


class Replicas:
    """Runners as replicas of one service have them."""

    def __init__(self, database: Database, trail: Trail, variables: FakeVariables) -> None:
        self.stores = Stores(database, trail)
        self._database = database
        self._trail = trail
        self._variables = variables
        self.wakeups = Wakeups[AppKey]()

    @asynccontextmanager
    async def runner(
        self,
        holder: str,
        runtime: FakeRuntime,
        *,
        lease_seconds: float = PATIENCE,
        predecessor: str = "",
        spacing_seconds: float = 0.05,
    ) -> AsyncIterator[Runner]:
        """A runner at work."""
        leases = LeaseStore(self._database, holder=holder, share=9, lease_seconds=lease_seconds)
        work = WorkStore(self._database, self._trail, leases)
        releases = self.stores.releases
        config, secrets = FakeConfig(self._variables), FakeSecrets(self._variables)
        states = States(config, secrets, releases)
        fan_out = FanOut(MemberStore(self._database, leases), work, states, config=config, wakeups=self.wakeups)
        pins = PinStore(self._database, leases)
        runner = Runner(
            leases,
            work,
            rollout=Rollout(work, states, pins, fan_out=fan_out, runtime=runtime, wakeups=self.wakeups),
            undoer=Undoer(SettlementStore(leases), releases, config=config, secrets=secrets, wakeups=self.wakeups),
            runtime=runtime,
            wakeups=self.wakeups,
            pace=Pace(at_once=4, spacing_seconds=spacing_seconds),
        )
        task = asyncio.create_task(runner.run(predecessor=predecessor))
        try:
            yield runner
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def variables() -> FakeVariables:
    """No apps yet."""
    return FakeVariables()


@pytest.fixture
def replicas(database: Database, trail: Trail, variables: FakeVariables) -> Replicas:
    """No runners yet."""
    return Replicas(database, trail, variables)


async def test_what_a_predecessor_known_to_be_gone_had_is_free_at_once(
    replicas: Replicas, database: Database, trail: Trail, variables: FakeVariables
) -> None:
    app, runtime = variables.app(Spec(instances=1), name="web", app_id="a1"), FakeRuntime()
    await replicas.stores.book.take([order_of(app.key)])
    # Nobody would see this lease run out.
    await Worker(database, trail, "gone", lease_seconds=3600).claim()
    async with replicas.runner("r1", runtime, predecessor="gone"):
        await until(lambda: runtime.applied)


async def test_nothing_is_worked_on_before_it_is_this_process_s_turn(
    neighbourhood: Neighbourhood, database: Database, trail: Trail
) -> None:
    near, runtime = neighbourhood, FakeRuntime()
    app = near.variables.app(Spec(instances=1), name="web", app_id="a1")
    its_turn: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    asked: list[str] = []

    async def turn(holder: str) -> str:
        asked.append(holder)
        return await its_turn

    await OrderBook(database).take([order_of(app.key)])
    gone = Worker(database, trail, "gone", lease_seconds=3600)
    async with serving(near.settings, await assemble(near.settings, choose=chosen(runtime, turn))):
        await until(lambda: asked)
        await gone.claim()  # which a runner at work would have had by now, or soon
        its_turn.set_result("gone")
        await until(lambda: runtime.applied)
    assert [desired.key for desired in runtime.applied] == [app.key]


async def test_two_runners_share_apps_and_never_one_app(
    replicas: Replicas, variables: FakeVariables, databases: Databases
) -> None:
    apps = [variables.app(Spec(instances=1), name=f"web-{n}", app_id=f"a{n}") for n in range(6)]
    runtimes = [FakeRuntime(seconds=0.03), FakeRuntime(seconds=0.03)]
    twice: list[AppKey] = []

    async def look_for_two_at_once() -> None:
        while True:
            applying = [key for runtime in runtimes for key in runtime.applying]
            twice.extend(key for key in applying if applying.count(key) > 1)
            await asyncio.sleep(0.001)

    looking = asyncio.create_task(look_for_two_at_once())
    async with replicas.runner("one", runtimes[0]) as one, replicas.runner("two", runtimes[1]) as two:
        for turn in range(10):
            await replicas.stores.book.take([order_of(app.key, app=app.name) for app in apps])
            (one if turn % 2 else two).wake()
            await asyncio.sleep(0.05)
        await until(lambda: databases.look("releaser", "SELECT count(*) FROM work") == [(0,)])
    looking.cancel()
    assert twice == []
    assert all(runtime.applied for runtime in runtimes), "both had a share"
    states = databases.look("releaser", "SELECT DISTINCT state FROM releases")
    assert {state for (state,) in states} <= {"succeeded", "superseded"}
    finished = databases.look("releaser", "SELECT count(*) FROM releases WHERE state = 'succeeded'")[0][0]
    assert databases.look("releaser", "SELECT count(*) FROM outbox") == [(finished,)]
    assert sum(len(runtime.applied) for runtime in runtimes) == finished


async def test_an_order_is_found_without_the_regular_look_whatever_its_app_is_at(
    replicas: Replicas, variables: FakeVariables, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runner is told once where nothing goes on; what runs, or waits for its time, is looked at again by itself."""
    monkeypatch.setattr(runner_module, "_LOOK_EVERY_SECONDS", 3600.0)
    app = variables.app(Spec(instances=1))
    runtime = FakeRuntime(seconds=0.3)
    # A release is over before the next one may start, so that its app waits for its time.
    async with replicas.runner("one", runtime, spacing_seconds=0.6) as runner:
        await asyncio.sleep(0.1)  # it has looked once, and found nothing
        for _ in range(2):
            await replicas.stores.book.take([order_of(app.key)])
            runner.ordered({app.key})
            await until(lambda: runtime.applying != [])
            await replicas.stores.book.take([order_of(app.key)])
            runner.ordered({app.key})
            await until(lambda: databases.look("releaser", "SELECT count(*) FROM work") == [(0,)])
    states = databases.look("releaser", "SELECT count(*) FROM releases WHERE state = 'succeeded'")
    assert states == [(4,)]


async def test_a_runner_that_lost_its_lease_stops_and_changes_nothing(
    replicas: Replicas, variables: FakeVariables, databases: Databases
) -> None:
    app = variables.app(Spec(instances=1))
    stuck, prompt = FakeRuntime(gate=asyncio.Event()), FakeRuntime()
    await replicas.stores.book.take([order_of(app.key)])
    async with replicas.runner("late", stuck, lease_seconds=0.1):
        await until(lambda: stuck.applying)
        await asyncio.sleep(0.2)
        async with replicas.runner("prompt", prompt):
            await until(lambda: prompt.applied)
            release = await replicas.stores.releases.get(app.key, 1)
            await until(lambda: not stuck.applying)
        assert stuck.cancelled == 1
        assert stuck.applied == []
    assert release is not None
    assert [desired.release for desired in prompt.applied] == [1]
    ended = await replicas.stores.releases.get(app.key, 1)
    assert ended is not None
    assert ended.state is State.SUCCEEDED
    assert databases.look("releaser", "SELECT count(*) FROM outbox") == [(1,)]


class AwayAtFirst(FakeRuntime):
    """Can't be reached with the first call; with the second it can, once its gate is open."""

    calls = 0

    async def apply(self, desired: DesiredRelease, report: Report, hold: Hold) -> None:
        self.calls += 1
        if self.calls == 1:
            raise RuntimeAway("Kubernetes")
        await super().apply(desired, report, hold)


async def test_what_a_release_waits_for_is_said_until_it_goes_on(replicas: Replicas, variables: FakeVariables) -> None:
    app = variables.app(Spec(instances=2))
    runtime, second = AwayAtFirst(gate=asyncio.Event()), asyncio.Event()
    assert runtime.gate is not None

    async def becomes_ready(environment: Mapping[str, str]) -> bool:
        return environment["PAAS_INSTANCE"] == "1" or await second.wait()

    async def message() -> str:
        release = await replicas.stores.releases.get(app.key, 1)
        assert release is not None
        return release.message

    async def goes_on() -> bool:
        return await message() == ""

    runtime.becomes_ready = becomes_ready
    async with replicas.runner("one", runtime) as runner:
        await replicas.stores.book.take([order_of(app.key)])
        runner.wake()
        await until(lambda: runtime.applying)
        assert await message() == "Waiting for Kubernetes.", "that it is tried again is no news"
        runtime.gate.set()
        await until(goes_on)
        assert runtime.applied == []
        second.set()
        await until(lambda: runtime.applied)


async def test_a_pile_behind_a_running_release_collapses(replicas: Replicas, variables: FakeVariables) -> None:
    app = variables.app(Spec(instances=1))
    gate = asyncio.Event()
    runtime = FakeRuntime(gate=gate)
    async with replicas.runner("one", runtime) as runner:
        await replicas.stores.book.take([order_of(app.key)])
        runner.wake()
        await until(lambda: runtime.applying)
        for _ in range(5):
            await replicas.stores.book.take([order_of(app.key)])
            runner.wake()
        gate.set()
        await until(lambda: len(runtime.applied) == 2)
    assert [desired.release for desired in runtime.applied] == [1, 6]
    listed = await replicas.stores.releases.page(app.key, before=99, limit=9)
    assert [(r.number, r.superseded_by) for r in listed[1:5]] == [(5, 6), (4, 6), (3, 6), (2, 6)]


async def test_stopping_hands_the_release_over_at_once(replicas: Replicas, variables: FakeVariables) -> None:
    app = variables.app(Spec(instances=1))
    first, second = FakeRuntime(gate=asyncio.Event()), FakeRuntime()
    await replicas.stores.book.take([order_of(app.key)])
    # Nobody would see this lease run out, so it was ended.
    async with replicas.runner("one", first, lease_seconds=3600):
        await until(lambda: first.applying)
    async with replicas.runner("two", second):
        await until(lambda: second.applied)
    assert second.applied[0].release == 1


async def test_removal_interrupts_a_rollout(replicas: Replicas, variables: FakeVariables) -> None:
    app = variables.app(Spec(instances=1))
    runtime = FakeRuntime(gate=asyncio.Event())
    await replicas.stores.book.take([order_of(app.key)])
    async with replicas.runner("one", runtime):
        await until(lambda: runtime.applying)
        await replicas.stores.apps.mark_removed(
            app.key
        )  # by another replica: this one notices when it renews its lease
        async with asyncio.timeout(PATIENCE):
            while await replicas.stores.apps.has_work(app.key):
                await asyncio.sleep(0.02)
    assert runtime.removed == [app.key]
    ended = await replicas.stores.releases.get(app.key, 1)
    assert ended is not None
    assert (ended.state, ended.message) == (State.FAILED, "The app was destroyed.")
