"""kill -9 of a real releaser process, at each stage of a release and at random: what was accepted is finished, once.

The neighbours are fakes that stop a release wherever a test wants. Leaves out crashes of the neighbours.
"""

import asyncio
import dataclasses
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from paas.releaser.v1 import releaser_pb2

from paaskit.clock import random_id
from tests.fakes.desired_state import FakeApp
from tests.fixtures.postgres import Databases
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.releaser.conftest import Neighbourhood, Stage, environment_on, spec_of

ROOT = Path(__file__).parents[3]


class Killable:
    """releaser as a process of its own, to be killed and started again, with a way to call it."""

    def __init__(self, stage: Stage, tls: Certificates, log: Path) -> None:
        self.stage = stage
        self._tls = tls
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and wait until it serves."""
        settings = dataclasses.asdict(self.stage.settings)
        environment = {f"PAAS_{name.upper()}": str(value) for name, value in settings.items()}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220  # a blocking start is what a test wants
                [sys.executable, "-m", "services.releaser"],
                cwd=ROOT,
                env=environment | {"PATH": os.defpath, "PLANTED": "not-for-instances"},
                stdout=log,
                stderr=log,
            )
        address = self.stage.settings.listen
        async with self._tls.channel(address, service="releaser", caller="operator") as channel:
            await until(lambda: self._serves(channel))
        # The callers' own channels may be waiting before they try again to connect.
        async with asyncio.timeout(PATIENCE):
            await self.stage.gateway.channel_ready()
            await self.stage.config.channel_ready()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it and wait until it has ended."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=PATIENCE)
            self._process = None

    async def _serves(self, channel: grpc.aio.Channel) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        stub: Any = health_pb2_grpc.HealthStub(channel)
        with suppress(grpc.aio.AioRpcError):
            await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
            return True
        return False


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


def finished(stage: Stage) -> Counter[int]:
    """How often each release was recorded as finished."""
    return Counter(event.version for event in stage.audit.events if event.action == "releases.finish")


@pytest.mark.parametrize("stop_at", ["desired_state", "resolve"])
async def test_killed_before_anything_is_applied(killable: Killable, databases: Databases, stop_at: str) -> None:
    stage = killable.stage
    app = stage.variables.app(spec_of(), COLOUR="blue")
    await killable.start()
    stage.variables.hold[stop_at] = asyncio.Event()
    number = await stage.order(app, "c1")
    await until(lambda: stop_at in stage.variables.calls)
    killable.kill()
    stage.variables.hold.clear()
    # The next one need not wait for the lease to run out: it knows from the runtime's folder that the holder is gone.
    databases.look("releaser", "UPDATE work SET lease_until = clock_timestamp() + interval '1 hour'")
    await killable.start()
    assert (await stage.end(number)).state == releaser_pb2.STATE_SUCCEEDED
    assert await stage.order(app, "c1") == number
    await until(lambda: finished(stage) == {1: 1})


async def test_killed_while_applying_goes_on_with_the_same_versions(killable: Killable) -> None:
    stage = killable.stage
    app = stage.variables.app(spec_of(instances=3), SLOW="0.4", COLOUR="blue")
    await killable.start()
    number = await stage.order(app)
    await until(lambda: {index for index, _ in stage.running()} == {1, 2})
    killable.kill()
    before = stage.running()
    assert len(before) >= 2, "instances outlive their releaser"
    app.change(COLOUR="red")
    await killable.start()
    ended = await stage.end(number)
    assert (ended.state, ended.config_version, ended.instances_ready) == (releaser_pb2.STATE_SUCCEEDED, 1, 3)
    instances = await stage.instances()
    assert {environment["COLOUR"] for environment in stage.environments(of=instances)} == {"blue"}
    assert set(before) <= set(stage.running()), "what was started before the crash was adopted, not started anew"
    assert [index for index, _ in sorted(stage.running())] == [1, 2, 3]


@pytest.mark.parametrize("stop_at", ["restore_config", "restore_secrets"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_while_reverting(killable: Killable, stop_at: str, when: str) -> None:
    stage = killable.stage
    app = stage.variables.app(spec_of(), COLOUR="blue")
    app.seal(KEY="good")
    await killable.start()
    assert (await stage.release(app)).state == releaser_pb2.STATE_SUCCEEDED
    app.change(CRASH="1")
    app.seal(KEY="bad")
    if when == "before":
        stage.variables.hold[stop_at] = asyncio.Event()
    else:
        stage.variables.hold_answer[stop_at] = asyncio.Event()
    number = await stage.order(app)
    await until(lambda: stop_at in stage.variables.calls)
    killable.kill()
    stage.variables.hold.clear()
    stage.variables.hold_answer.clear()
    await killable.start()
    failed = await stage.end(number)
    assert (failed.state, failed.reverted_to) == (releaser_pb2.STATE_FAILED, 1)
    assert sorted(failed.reverted_names) == ["CRASH", "KEY"]
    assert (await stage.end(failed.revert_release)).state == releaser_pb2.STATE_SUCCEEDED
    assert len(app.restored) == 2, "each service restored once"
    (environment,) = stage.environments(of=await stage.instances())
    assert environment["KEY"] == "good"
    await until(lambda: finished(stage) == {1: 1, 2: 1, 3: 1})


async def test_sigterm_leaves_instances_and_queue_for_the_next(killable: Killable) -> None:
    stage = killable.stage
    app = stage.variables.app(spec_of(instances=2))
    await killable.start()
    await stage.release(app)
    before = stage.running()
    killable.kill(signal.SIGTERM)
    assert stage.running() == before
    await killable.start()
    await asyncio.sleep(0.3)
    assert stage.running() == before
    assert "PLANTED" not in environment_on((await stage.instances())[0].port)


async def test_killed_at_random_while_orders_repeat(killable: Killable, databases: Databases) -> None:
    stage, chance = killable.stage, random.Random(7)
    apps = [stage.variables.app(spec_of(instances=2), name=f"web-{n}", app_id=f"a{n}") for n in range(2)]
    numbers: dict[tuple[str, str], set[int]] = {}

    async def change_for_ever(app: FakeApp) -> None:
        while True:
            change_id = random_id()
            app.change(COUNT=change_id)
            for _ in range(chance.choice([1, 2])):
                await acknowledged(app, change_id)
            await asyncio.sleep(chance.random() * 0.2)

    async def acknowledged(app: FakeApp, change_id: str) -> None:
        known = numbers.setdefault((app.name, change_id), set())
        while True:
            with suppress(grpc.aio.AioRpcError):
                known.add(await stage.order(app, change_id))
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
        assert colours == {app.config[-1].variables["COUNT"]}
    open_states = databases.look("releaser", "SELECT state FROM releases WHERE finished_at IS NULL OR undo_due")
    assert open_states == []
    ended = databases.look("releaser", "SELECT count(*) FROM releases WHERE state IN ('succeeded', 'failed')")
    await until(lambda: sum(finished(stage).values()) == ended[0][0])
    assert len(numbers) == databases.look("releaser", "SELECT count(*) FROM releases")[0][0]
    await until(lambda: len(stage.running()) == 4)
