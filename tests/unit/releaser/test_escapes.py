"""Whatever a program starts ends with its instance: other sessions, double forks, and daemons that fork while they are
killed; also where releaser, or the keeper of the instance, or both were killed.

Real processes, both with control groups (where this machine lets the tests make some) and without.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from machine.processes import identify
from machine.procfs import has_variables, parent_of, pids, user_of
from services.releaser.runtimes.local.confinement.groups import find_base
from services.releaser.runtimes.local.record import read_records
from services.releaser.runtimes.local.stop import stop_all
from services.releaser.runtimes.local.surroundings import Limits
from tests.fixtures.waiting import PATIENCE, until
from tests.unit.releaser.conftest import CONFINEMENT, KEY, Machine, desired_of

# What is meant to get away must end by itself, should nobody end it: a test that fails must not take the machine along.
# Leaves the session, and its parent with it; then answers as a program must. Ignores being asked to end.
ESCAPES = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("escaped", flush=True)
        time.sleep(120)
    os._exit(0)
time.sleep(600)
"""
# Never one process for long: each starts the next in a session of its own and ends.
RELAY = """
import os, signal, time
if os.fork() == 0:
    print("escaped", flush=True)
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if os.fork() != 0:
            os._exit(0)
        os.setsid()
        time.sleep(0.001)
    os._exit(0)
time.sleep(600)
"""
# Many at once, each of which starts another when it can.
CROWD = """
import os, time
for _ in range(10):
    if os.fork() == 0:
        os.setsid()
        for _ in range(30):
            if os.fork() == 0:
                os.setsid()
                time.sleep(120)
                os._exit(0)
            time.sleep(0.01)
        time.sleep(120)
        os._exit(0)
print("escaped", flush=True)
time.sleep(600)
"""
PROGRAMS = [
    pytest.param(ESCAPES, id="escapes"),
    pytest.param(RELAY, id="relay"),
    pytest.param(CROWD, id="crowd", marks=pytest.mark.thorough),
]


SUBREAPER, GROUP = pytest.param("subreaper"), pytest.param("group")
BOTH = pytest.mark.parametrize("machine", [SUBREAPER, GROUP], indirect=True)
EITHER = pytest.mark.parametrize(
    "machine", [SUBREAPER, pytest.param("group", marks=pytest.mark.thorough)], indirect=True
)


@pytest.fixture
async def machine(root: Path, request: pytest.FixtureRequest) -> AsyncIterator[Machine]:
    groups = find_base() if request.param == "group" else None
    if request.param == "group" and groups is None:
        pytest.skip("no control groups can be made here")
    limits = Limits(ready_timeout=PATIENCE, grace=0.1)
    machine = Machine(root, limits=limits, confinement=replace(CONFINEMENT, groups=groups))
    yield machine
    await machine.runtime.close()


def left(machine: Machine) -> list[int]:
    """Every process that an instance of the runtime folder started, by what it was given."""
    marks = {"HOME": str(machine.root / "acme" / "web" / "instance-1"), "PAAS_APP": "web"}
    return [pid for pid in pids() if identify(pid) is not None and has_variables(pid, marks)]


def keeper_of(machine: Machine) -> int:
    """The keeper of the only instance there is."""
    (keeper,) = [recorded.pid for _, record in read_records(machine.root) for recorded in record.processes]
    return keeper


def kill(keeper: int) -> None:
    """End a keeper that no releaser is the parent of any more, and take note of it, as the system's first would."""
    os.kill(keeper, signal.SIGKILL)
    take_note(keeper)


def take_note(keeper: int) -> None:
    """Reap a keeper that ends, unless asyncio was faster."""
    with suppress(ChildProcessError):
        os.waitpid(keeper, 0)


async def escape(machine: Machine, program: str, release: int = 1) -> None:
    """Apply a program until part of it has escaped; whether it would become ready is another matter."""
    command = (sys.executable, "-S", "-E", "-c", program)
    applying = asyncio.create_task(machine.apply(desired_of(release, command=command, health_path="")))
    log = machine.root / "acme" / "web" / "logs" / "instance-1.log"
    async with asyncio.timeout(PATIENCE):
        while not (log.exists() and "escaped" in log.read_text()):
            await asyncio.sleep(0.01)
    applying.cancel()
    await asyncio.wait([applying])
    assert left(machine)


@BOTH
@pytest.mark.parametrize("program", PROGRAMS)
async def test_what_escaped_ends_with_its_app(machine: Machine, program: str) -> None:
    await escape(machine, program)
    group = next(recorded.group for _, record in read_records(machine.root) for recorded in record.processes)
    await machine.runtime.remove(KEY)
    assert left(machine) == []
    assert not group or not Path(group).exists()  # noqa: ASYNC240


@EITHER
async def test_what_escaped_ends_with_its_release(machine: Machine) -> None:
    await escape(machine, ESCAPES)
    before = set(left(machine))
    await machine.apply(desired_of(2))
    await machine.until(lambda _: not before & set(left(machine)))


@EITHER
async def test_what_escaped_ends_with_a_program_that_dies(machine: Machine) -> None:
    await escape(machine, ESCAPES)
    before = set(left(machine))
    machine.releases[1] = desired_of(1)
    keeper = keeper_of(machine)
    (program,) = [pid for pid in before if parent_of(pid) == keeper and os.getpgid(pid) == pid]
    os.kill(program, signal.SIGKILL)
    await machine.until(lambda _: not before & set(left(machine)))


@EITHER
async def test_what_escaped_ends_with_a_program_that_dies_while_no_releaser_looks(machine: Machine) -> None:
    """The keeper alone ends it."""
    await escape(machine, ESCAPES)
    before = set(left(machine))
    keeper = keeper_of(machine)
    (program,) = [pid for pid in before if parent_of(pid) == keeper and os.getpgid(pid) == pid]
    await machine.runtime.close()
    os.kill(program, signal.SIGKILL)
    await until(lambda: not before & set(left(machine)))
    take_note(keeper)


@EITHER
async def test_what_escaped_of_a_predecessors_instance_is_ended(machine: Machine) -> None:
    await escape(machine, ESCAPES)
    await machine.restart()
    await machine.runtime.remove(KEY)
    assert left(machine) == []


@EITHER
async def test_what_a_killed_keeper_leaves_is_ended(machine: Machine) -> None:
    await escape(machine, ESCAPES)
    before = set(left(machine))
    machine.releases[1] = desired_of(1)
    os.kill(keeper_of(machine), signal.SIGKILL)
    await machine.until(lambda _: not before & set(left(machine)))


@EITHER
@pytest.mark.parametrize("how", ["the next releaser", "stopping all"])
async def test_what_is_left_when_releaser_and_keeper_were_killed_is_ended(machine: Machine, how: str) -> None:
    await escape(machine, ESCAPES)
    before = set(left(machine))
    machine.releases[1] = desired_of(1)
    keeper = keeper_of(machine)
    await machine.runtime.close()
    kill(keeper)
    if how == "the next releaser":
        await machine.restart()
        await machine.until(lambda _: not before & set(left(machine)))
    else:
        stop_all(machine.root, grace_seconds=0.1)
        assert left(machine) == []


@EITHER
@pytest.mark.skipif(os.geteuid() != 0, reason="only root's apps have users of their own")
async def test_one_that_put_its_variables_away_is_known_by_its_user(machine: Machine) -> None:
    program = ESCAPES.replace("time.sleep(600)", "os.execve('/bin/sleep', ['sleep', '600'], {})", 1)
    await escape(machine, program)
    ((_, record),) = read_records(machine.root)
    await machine.runtime.close()
    kill(record.processes[0].pid)
    stop_all(machine.root, grace_seconds=0.1)
    assert [pid for pid in pids() if user_of(pid) == record.user and identify(pid) is not None] == []
