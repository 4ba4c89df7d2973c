"""kill -9 of a real releaser process, at each step of a release, of taking back, of what is asked for by hand, and at
random: what was accepted is finished, once.

The neighbours are fakes that stop a release wherever a test wants. Leaves out crashes of the neighbours.
"""

import asyncio
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from paas.releaser.v1 import releaser_pb2

from machine.processes import ProcessId, is_alive
from paaskit.clock import random_id
from services.releaser.domain import Versions
from services.releaser.runtimes.local.record import read_records
from tests.fakes.desired_state import FakeApp
from tests.fixtures.postgres import Databases
from tests.fixtures.service_process import start_service
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.releaser.conftest import Neighbourhood, Stage, environment_on, spec_of
from tests.integration.releaser.runtimes.fates import Fate, Fates, serving

THOROUGH = pytest.mark.thorough


class Killable:
    """releaser as a process of its own, to be killed and started again, with a way to call it."""

    def __init__(self, stage: Stage, tls: Certificates, log: Path) -> None:
        self.stage = stage
        self._tls = tls
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and wait until it serves."""
        with self._log.open("ab") as log:
            self._process = start_service("releaser", self.stage.settings, output=log, PLANTED="not-for-instances")
        address = self.stage.settings.listen
        deadline = time.monotonic() + PATIENCE
        async with self._tls.channel(address, service="releaser", caller="operator") as channel:
            while time.monotonic() < deadline:
                with suppress(grpc.aio.AioRpcError):
                    await _check(channel)
                    # The callers' own channels may be waiting before they try again to connect.
                    await self.stage.gateway.channel_ready()
                    await self.stage.config.channel_ready()
                    return
                await asyncio.sleep(0.02)
        raise AssertionError(self._log.read_text())

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it and wait until it has ended."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=PATIENCE)
            self._process = None


async def _check(channel: grpc.aio.Channel) -> None:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    await stub.Check(health_pb2.HealthCheckRequest(), timeout=1)


@pytest.fixture
async def killable(neighbourhood: Neighbourhood, tls: Certificates, tmp_path: Path) -> AsyncIterator[Killable]:
    """A releaser that is not started yet."""
    near = neighbourhood
    async with (
        tls.channel(near.settings.listen, service="releaser", caller="gateway") as gateway,
        tls.channel(near.settings.listen, service="releaser", caller="config") as config,
    ):
        me = near.signer.user()
        stage = Stage(near.settings, near.variables, near.audit, near.signer, gateway, config, me)
        killable = Killable(stage, tls, tmp_path / "releaser.log")
        yield killable
        killable.kill()


def running(stage: Stage) -> list[tuple[int, ProcessId]]:
    """The index and process of everything that runs for the apps of this runtime folder."""
    return [
        (recorded.index, ProcessId(recorded.pid, recorded.started))
        for _, record in read_records(Path(stage.settings.runtime_dir))
        for recorded in record.processes
        if is_alive(ProcessId(recorded.pid, recorded.started)) and recorded.state != "stopping"
    ]


def finished(stage: Stage) -> Counter[int]:
    """How often each release was recorded as finished."""
    return Counter(event.version for event in stage.audit.events if event.action == "releases.finish")


@pytest.mark.parametrize("stop_at", [pytest.param("desired_state", marks=THOROUGH), "resolve"])
async def test_killed_before_anything_is_applied(killable: Killable, stop_at: str) -> None:
    stage = killable.stage
    app = stage.variables.app(spec_of(), COLOUR="blue")
    app.seal(KEY="old")
    await killable.start()
    stage.variables.hold[stop_at] = asyncio.Event()
    number = await stage.order(app, "c1")
    await until(lambda: stop_at in stage.variables.calls)
    killable.kill()
    stage.variables.hold.clear()
    await killable.start()
    assert (await stage.end(number)).state == releaser_pb2.STATE_SUCCEEDED
    assert await stage.order(app, "c1") == number
    await until(lambda: finished(stage) == {1: 1})


async def test_killed_while_applying_goes_on_with_the_same_versions(killable: Killable) -> None:
    stage, fates = killable.stage, Fates()
    # The second waits, so that the release is where it is to be killed for as long as that takes.
    fates.plan(1, (Fate.READY, Fate.WAITS))
    async with serving(fates, "127.0.0.1") as asked:
        app = stage.variables.app(spec_of(instances=3), FATES=asked, COLOUR="blue")
        await killable.start()
        number = await stage.order(app)
        await until(lambda: fates.begun(1) == 2)
        killable.kill()
        before = running(stage)
        assert len(before) >= 2, "instances outlive their releaser"
        app.change(COLOUR="red")
        fates.let_through()
        await killable.start()
        ended = await stage.end(number)
    assert (ended.state, ended.config_version, ended.instances_ready) == (releaser_pb2.STATE_SUCCEEDED, 1, 3)
    instances = await stage.instances()
    assert {environment["COLOUR"] for environment in stage.environments(of=instances)} == {"blue"}
    assert set(before) <= set(running(stage)), "what was started before the crash was adopted, not started anew"
    assert [index for index, _ in sorted(running(stage))] == [1, 2, 3]


def stop(stage: Stage, where: str, when: str) -> None:
    """Have a call of config or secrets stop before it does anything, or before it answers."""
    holding = stage.variables.hold if when == "before" else stage.variables.hold_answer
    holding[where] = asyncio.Event()


async def kill_at(killable: Killable, where: str, *, times: int = 1) -> None:
    """Kill releaser while it waits there, and start it again with nothing to wait for."""
    variables = killable.stage.variables
    await until(lambda: variables.calls.count(where) >= times)
    killable.kill()
    variables.hold.clear()
    variables.hold_answer.clear()
    await killable.start()


@pytest.mark.parametrize("stop_at", [pytest.param("revert_config", marks=THOROUGH), "revert_secrets"])
@pytest.mark.parametrize("when", [pytest.param("before", marks=THOROUGH), "after"])
async def test_killed_while_taking_back(killable: Killable, stop_at: str, when: str) -> None:
    stage = killable.stage
    app = stage.variables.app(spec_of(), COLOUR="blue")
    app.seal(KEY="good")
    await killable.start()
    assert (await stage.release(app)).state == releaser_pb2.STATE_SUCCEEDED
    app.change(CRASH="1")
    app.seal(KEY="bad")
    stop(stage, stop_at, when)
    number = await stage.order(app)
    await until(lambda: stop_at in stage.variables.calls)
    app.stage(COLOUR="staged")
    await kill_at(killable, stop_at)
    failed = await stage.end(number)
    assert (failed.state, failed.reverted_to) == (releaser_pb2.STATE_FAILED, 1)
    assert sorted(failed.reverted_names) == ["CRASH", "KEY"]
    assert (await stage.end(failed.revert_release)).state == releaser_pb2.STATE_SUCCEEDED
    assert len(app.config.answers) == len(app.secrets.answers) == 1, "each took back once"
    assert list(app.config.draft) == ["COLOUR"]
    (environment,) = stage.environments(of=await stage.instances())
    assert (environment["KEY"], environment["COLOUR"]) == ("good", "blue")
    await until(lambda: finished(stage) == {1: 1, 2: 1, 3: 1})


async def test_killed_while_a_name_moves_back(killable: Killable) -> None:
    """Config is asked twice: once more when secrets has given the name up."""
    stage = killable.stage
    app = stage.variables.app(spec_of(), CRASH_NOT="1", NAME="plain")
    await killable.start()
    assert (await stage.release(app)).state == releaser_pb2.STATE_SUCCEEDED
    app.unset("NAME")
    app.seal(NAME="sealed")
    app.change(CRASH="1")
    stop(stage, "revert_secrets", "after")
    number = await stage.order(app)
    await until(lambda: "revert_secrets" in stage.variables.calls)
    assert app.values == {}, "secrets has done its part"
    await kill_at(killable, "revert_secrets")
    failed = await stage.end(number)
    assert set(failed.reverted_names) == {"CRASH", "NAME"}
    assert (await stage.end(failed.revert_release)).state == releaser_pb2.STATE_SUCCEEDED
    (environment,) = stage.environments(of=await stage.instances())
    assert environment["NAME"] == app.variables["NAME"] == "plain"
    assert len(app.config.answers) == 2


@pytest.mark.parametrize(
    ("stop_at", "when", "delivered"),
    [
        pytest.param("draft_config", "before", False, marks=THOROUGH),
        pytest.param("draft_secrets", "after", False, marks=THOROUGH),
        pytest.param("release_draft_config", "before", False, marks=THOROUGH),
        pytest.param("release_draft_config", "after", False, marks=THOROUGH),
        pytest.param("release_draft_secrets", "after", False, marks=THOROUGH),
        pytest.param("release_draft_config", "after", True, marks=THOROUGH),
        pytest.param("release_draft_secrets", "before", True, marks=THOROUGH),
        ("release_draft_secrets", "after", True),
    ],
)
async def test_killed_while_releasing_a_draft(killable: Killable, stop_at: str, when: str, *, delivered: bool) -> None:
    """The repeat finishes it; whether or not the half that was done has been released on its own meanwhile."""
    stage = killable.stage
    app = stage.variables.app(spec_of(), COLOUR="blue")
    app.seal(KEY="good")
    await killable.start()
    assert (await stage.release(app)).state == releaser_pb2.STATE_SUCCEEDED
    app.stage(COLOUR="red")
    app.stage_secrets(KEY="new")
    stop(stage, stop_at, when)
    creating = asyncio.create_task(stage.create(request_id="the-same-again"))
    await kill_at(killable, stop_at)
    with suppress(grpc.aio.AioRpcError):
        await creating
    if delivered:
        for number in await stage.deliver_kept(app):
            await stage.end(number)
    made = await stage.create(request_id="the-same-again")
    assert {change.name for change in made.changes} == {"COLOUR", "KEY"}
    assert await stage.create(request_id="the-same-again") == made
    assert set(await stage.deliver_kept(app)) == {made.release.number}
    assert (await stage.end(made.release.number)).state == releaser_pb2.STATE_SUCCEEDED
    assert not app.config.draft
    assert not app.secrets.draft
    assert len(app.config.answers) == len(app.secrets.answers) == 1, "each did its part once"
    (environment,) = stage.environments(of=await stage.instances())
    assert (environment["COLOUR"], environment["KEY"]) == ("red", "new")
    if not delivered:
        await until(lambda: finished(stage) == {1: 1, 2: 1})


async def test_killed_when_a_draft_is_released_and_nobody_was_told(killable: Killable, databases: Databases) -> None:
    stage = killable.stage
    app = stage.variables.app(spec_of(), COLOUR="blue")
    await killable.start()
    assert (await stage.release(app)).state == releaser_pb2.STATE_SUCCEEDED
    app.stage(COLOUR="red")
    creating = asyncio.create_task(stage.create(request_id="the-same-again"))
    while not await asyncio.to_thread(databases.look, "releaser", "SELECT answer FROM requests"):
        await asyncio.sleep(0.002)
    killable.kill()
    with suppress(grpc.aio.AioRpcError):
        await creating
    await killable.start()
    made = await stage.create(request_id="the-same-again")
    assert (made.release.number, [change.name for change in made.changes]) == (2, ["COLOUR"])
    assert (await stage.end(2)).state == releaser_pb2.STATE_SUCCEEDED
    await until(lambda: finished(stage) == {1: 1, 2: 1})
    created = [event.version for event in stage.audit.events if event.action == "releases.create"]
    assert created == [2]


@pytest.mark.parametrize("stop_at", [pytest.param("restore_config", marks=THOROUGH), "restore_secrets"])
@pytest.mark.parametrize("when", [pytest.param("before", marks=THOROUGH), "after"])
async def test_killed_while_going_back(killable: Killable, stop_at: str, when: str) -> None:
    stage = killable.stage
    app = stage.variables.app(spec_of(), COLOUR="blue")
    app.seal(KEY="first")
    await killable.start()
    await stage.release(app)
    app.change(COLOUR="red")
    app.seal(KEY="second")
    await stage.release(app)
    variables = stage.variables
    rolling = asyncio.create_task(stage.roll_back(1, request_id="the-same-again", with_secrets=True))
    await until(lambda: "restore_secrets" in variables.calls)  # the preview, which does nothing, is over with this
    stop(stage, stop_at, when)
    await kill_at(killable, stop_at, times=2)
    with suppress(grpc.aio.AioRpcError):
        await rolling
    made = await stage.roll_back(1, request_id="the-same-again", with_secrets=True)
    assert {change.name for change in made.release.changes} == {"COLOUR", "KEY"}
    assert (await stage.end(made.release.number)).state == releaser_pb2.STATE_SUCCEEDED
    (environment,) = stage.environments(of=await stage.instances())
    assert (environment["COLOUR"], environment["KEY"]) == ("blue", "first")
    assert len(app.config.answers) == len(app.secrets.answers) == 1, "each did its part once"
    await until(lambda: finished(stage) == {1: 1, 2: 1, 3: 1})


async def test_sigterm_leaves_instances_and_queue_for_the_next(killable: Killable) -> None:
    stage = killable.stage
    app = stage.variables.app(spec_of(instances=2))
    await killable.start()
    await stage.release(app)
    before = running(stage)
    killable.kill(signal.SIGTERM)
    assert running(stage) == before
    await killable.start()
    await asyncio.sleep(0.3)
    assert running(stage) == before
    assert "PLANTED" not in environment_on((await stage.instances())[0].port)


@THOROUGH
async def test_killed_at_random_while_orders_repeat(killable: Killable, databases: Databases) -> None:
    stage, chance = killable.stage, random.Random(7)
    apps = [stage.variables.app(spec_of(instances=2), name=f"web-{n}", app_id=f"a{n}") for n in range(2)]
    numbers: dict[tuple[str, str], set[int]] = {}
    ordered: dict[str, Versions] = {}

    async def change_for_ever(app: FakeApp) -> None:
        while True:
            change_id = random_id()
            versions = Versions(config=app.change(COUNT=change_id))
            ordered[change_id] = versions
            for _ in range(chance.choice([1, 2])):
                await acknowledged(app, change_id)
            await asyncio.sleep(chance.random() * 0.2)

    async def acknowledged(app: FakeApp, change_id: str) -> None:
        known = numbers.setdefault((app.name, change_id), set())
        while True:
            with suppress(grpc.aio.AioRpcError):
                known.add(await stage.order(app, change_id, versions=ordered[change_id]))
                return
            await asyncio.sleep(0.05)

    await killable.start()
    changing = [asyncio.create_task(change_for_ever(app)) for app in apps]
    for _ in range(10):
        await asyncio.sleep(chance.random() * 0.7)
        killable.kill()
        await killable.start()
    for task in changing:
        task.cancel()
    await asyncio.gather(*changing, return_exceptions=True)
    for (name, change_id), known in list(numbers.items()):
        app = next(app for app in apps if app.name == name)
        await acknowledged(app, change_id)
        assert len(known) == 1, "a change has one release"
    for app in apps:
        newest = max(max(known) for (name, _), known in numbers.items() if name == app.name)
        assert (await stage.end(newest, app=app.name)).state == releaser_pb2.STATE_SUCCEEDED
        colours = {e["COUNT"] for e in stage.environments(of=await stage.instances(app.name))}
        assert colours == {app.variables["COUNT"]}
    open_states = databases.look("releaser", "SELECT state FROM releases WHERE finished_at IS NULL OR undo_due")
    assert open_states == []
    ended = databases.look("releaser", "SELECT count(*) FROM releases WHERE state IN ('succeeded', 'failed')")
    await until(lambda: sum(finished(stage).values()) == ended[0][0])
    assert len(numbers) == databases.look("releaser", "SELECT count(*) FROM releases")[0][0]
    await until(lambda: len(running(stage)) == 4)
