"""The local runtime: clean environments, one instance at a time, failures that leave the old ones running, adoption,
mending, draining, stopping.

Uses real processes and ports of this machine; leaves out what decides on releases.
"""
# ruff: noqa: ASYNC220, ASYNC221, ASYNC230, ASYNC240  # a test has nothing else to do while it starts or reads something

import asyncio
import dataclasses
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from machine.processes import ProcessId, identify, is_alive
from services.releaser.domain import AppKey
from services.releaser.runtimes.local.record import READY, STARTING, read_records, write_record
from services.releaser.runtimes.local.runtime import _shorten_logs
from services.releaser.runtimes.local.stop import stop_all
from services.releaser.runtimes.local.surroundings import Limits
from services.releaser.runtimes.protocol import ApplyFailed, Progress
from tests.fixtures.waiting import PATIENCE
from tests.unit.releaser.conftest import KEY, Machine, below, desired_of, environment_of, gone


def keepers(machine: Machine) -> dict[int, int]:
    """The keeper of each index."""
    return {
        recorded.index: recorded.pid
        for _, record in read_records(machine.root)
        for recorded in record.processes
        if recorded.state in (STARTING, READY)
    }


def pids(machine: Machine) -> dict[int, int]:
    """The program of each index."""
    return {index: below(keeper)[0] for index, keeper in keepers(machine).items()}


async def test_a_program_gets_its_variables_and_nothing_else(machine: Machine) -> None:
    os.environ["PLANTED_IN_RELEASER"] = "x"
    try:
        strange = 'line\nwith "quotes" and = and ü'
        assert await machine.apply(desired_of(7, A="1", EMPTY="", STRANGE=strange)) == [1]
    finally:
        del os.environ["PLANTED_IN_RELEASER"]
    (instance,) = await machine.instances()
    home = machine.root / "acme" / "web" / "instance-1"
    # macOS-like locales aside, Python adds LC_CTYPE to itself under the C locale (PEP 538).
    environment = {name: value for name, value in environment_of(instance).items() if name != "LC_CTYPE"}
    assert environment == {
        "A": "1",
        "EMPTY": "",
        "STRANGE": strange,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PORT": str(instance.port),
        "HOME": str(home),
        "PAAS_APP": "web",
        "PAAS_RELEASE": "v7",
        "PAAS_INSTANCE": "1",
    }
    pid = pids(machine)[1]
    assert os.getsid(pid) == os.getpgid(pid) == pid
    status = Path(f"/proc/{pid}/status").read_text()
    assert "NoNewPrivs:\t1\n" in status
    limits = Path(f"/proc/{pid}/limits").read_text()
    core = min(4096, resource.getrlimit(resource.RLIMIT_CORE)[1] % 2**63)
    assert re.search(rf"Max core file size +{core} ", limits), "as told, whatever releaser's own is"
    descriptors = {each.name: str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()}
    assert descriptors["0"] == "/dev/null"
    assert descriptors["1"] == descriptors["2"] == instance.log
    assert all(target.startswith("socket:") for name, target in descriptors.items() if int(name) > 2)
    assert len(descriptors) <= 5
    log = Path(instance.log)
    assert log == machine.root / "acme" / "web" / "logs" / "instance-1.log"
    assert log.read_text() == "started v7\n"


async def test_nothing_on_disk_holds_a_value_and_all_is_private(machine: Machine) -> None:
    await machine.apply(desired_of(1, instances=2, KEY="planted-value"))
    # The app's user passes through some folders, and can list none of them.
    passed = {machine.root, *machine.root.glob("*"), *machine.root.glob("*/*")} if os.geteuid() == 0 else set()
    for path in machine.root.rglob("*"):
        assert path.stat().st_mode & 0o077 == (0o011 if path in passed and path.is_dir() else 0), path
        if path.is_file():
            assert b"planted-value" not in path.read_bytes(), path


async def test_never_fewer_ready_instances_while_replacing(machine: Machine) -> None:
    await machine.apply(desired_of(1, instances=3))
    counts: list[int] = []
    order: list[tuple[int, ...]] = []
    rolling = asyncio.create_task(machine.apply(desired_of(2, instances=3, SLOW="0.1")))
    while not rolling.done():
        listed = await machine.instances()
        counts.append(len({instance.index for instance in listed if instance.state == READY}))
        order.append(tuple(sorted({i.index for i in listed if (i.release, i.state) == (2, READY)})))
        assert len([instance for instance in listed if instance.state == STARTING]) <= 1
        await asyncio.sleep(0.003)
    assert await rolling == [1, 2, 3]
    assert min(counts) == 3
    seen = list(dict.fromkeys(order))
    # Whoever looks may be held up for longer than an instance takes, and see two come together.
    assert seen == [each for each in [(), (1,), (1, 2), (1, 2, 3)] if each in seen]


async def test_an_old_instance_answers_until_its_successor_does(machine: Machine, tmp_path: Path) -> None:
    await machine.apply(desired_of(1))
    (old,) = await machine.instances()
    gate = tmp_path / "gate"
    rolling = asyncio.create_task(machine.apply(desired_of(2, GATE=str(gate))))
    await machine.until(lambda listed: [each.state for each in listed] == [READY, STARTING])
    assert (await asyncio.to_thread(environment_of, old))["PAAS_RELEASE"] == "v1"
    gate.touch()
    await rolling
    await machine.until(lambda _: gone(old))


async def test_scales_up_down_and_to_nothing(machine: Machine) -> None:
    assert await machine.apply(desired_of(1, instances=3)) == [1, 2, 3]
    assert await machine.apply(desired_of(2, instances=1)) == [1]
    assert [(i.index, i.release) for i in await machine.instances()] == [(1, 2)]
    assert await machine.apply(desired_of(3, instances=0)) == []
    assert await machine.instances() == []
    assert await machine.apply(desired_of(4, instances=0, command=(), image="registry/web:1")) == []


@pytest.mark.parametrize(
    ("bent", "told"),
    [
        ({"CRASH": "3"}, r"Instance 1 exited with code 3 before it was ready; its log is /.*/instance-1\.log\."),
        (
            {"command": ("/no/such/program",)},
            r"Instance 1 could not be started: there is no program /no/such/program\.",
        ),
        ({"command": ("/etc/passwd",)}, r"Instance 1 could not be started: /etc/passwd is not executable\."),
        ({"BIG": "x" * 200_000}, r"Instance 1 could not be started: the system refused .*python.*\."),
        ({"command": (), "image": "web:1"}, r"The local runtime starts commands, not images; .*\."),
        ({"CRASH": "1", "health_path": ""}, r"Instance 1 exited with code 1 before it was ready; .*\."),
    ],
)
async def test_a_failure_leaves_the_old_instances_running(machine: Machine, bent: dict[str, Any], told: str) -> None:
    await machine.apply(desired_of(1, instances=2))
    before = pids(machine)
    with pytest.raises(ApplyFailed) as failed:
        await machine.apply(desired_of(2, instances=2, **bent))
    assert re.fullmatch(told, failed.value.message)
    await machine.until(lambda listed: len(listed) == 2)
    assert pids(machine) == before
    assert await machine.apply(desired_of(3, instances=2)) == [1, 2]


async def test_a_program_that_never_answers_is_given_up(root: Path) -> None:
    machine = Machine(root, limits=Limits(ready_timeout=0.5, grace=PATIENCE))
    try:
        with pytest.raises(ApplyFailed) as failed:
            await machine.apply(desired_of(1, UNHEALTHY="1"))
        told = r"Instance 1 did not answer on / within 0\.5 seconds; its log is /.*/instance-1\.log\."
        assert re.fullmatch(told, failed.value.message)
        await machine.until(lambda listed: not listed)
    finally:
        await machine.runtime.close()


async def test_without_a_health_check_two_seconds_alive_are_needed(machine: Machine) -> None:
    begun = time.monotonic()
    await machine.apply(desired_of(1, health_path=""))
    assert time.monotonic() - begun >= 2.0


async def test_nobody_waits_for_an_old_instance_to_end(machine: Machine) -> None:
    await machine.apply(desired_of(1, STUBBORN="1"))
    (old,) = await machine.instances()
    await machine.apply(desired_of(2))
    assert not gone(old)
    assert [(each.release, each.state) for each in await machine.instances()] == [(2, READY)]


async def test_a_stubborn_program_is_killed_after_its_grace(hasty: Machine) -> None:
    await hasty.apply(desired_of(1, STUBBORN="1"))
    (old,) = await hasty.instances()
    await hasty.apply(desired_of(2))
    await hasty.until(lambda _: gone(old))


async def test_a_program_that_ends_in_its_own_time_is_given_it(machine: Machine) -> None:
    """It may be answering a request, or writing something down, when it is asked to end."""
    await machine.apply(desired_of(1, LINGER="0.3"))
    (process,) = pids(machine).values()
    await machine.apply(desired_of(2))
    await machine.until(lambda _: identify(process) is None)
    assert (machine.root / "acme" / "web" / "instance-1" / "last-words").read_text() == "done"


async def test_what_a_program_started_ends_with_it(machine: Machine) -> None:
    command = ("/bin/sh", "-c", "sleep 300 & echo $! > $HOME/child; wait")
    await machine.apply(desired_of(1, command=command, health_path=""))
    written = machine.root / "acme/web/instance-1/child"
    await machine.until(lambda _: written.exists() and bool(written.read_text()))
    child = int(written.read_text())
    assert identify(child)
    await machine.apply(desired_of(2))
    await machine.until(lambda _: identify(child) is None)


async def test_a_restarted_releaser_adopts_what_runs(machine: Machine) -> None:
    await machine.apply(desired_of(1, instances=2))
    before = pids(machine)
    assert await machine.restart() == "first"
    assert [(i.index, i.state) for i in await machine.instances()] == [(1, READY), (2, READY)]
    assert pids(machine) == before
    assert machine.asked == 0
    await machine.apply(desired_of(2, instances=1))
    for pid in before.values():
        await machine.until(lambda _, pid=pid: identify(pid) is None)  # type: ignore[misc]


async def test_a_process_whose_id_nobody_wrote_down_is_found_again(machine: Machine) -> None:
    await machine.apply(desired_of(1))
    before = pids(machine)
    await machine.runtime.close()
    ((path, record),) = read_records(machine.root)
    (process,) = record.processes
    planned = dataclasses.replace(process, pid=0, started=0, state=STARTING)
    write_record(path, dataclasses.replace(record, processes=(planned,), wanted={}))
    await machine.restart()
    assert await machine.apply(desired_of(1)) == [1]
    assert pids(machine) == before, "the same release goes on with the process that was started for it"


async def test_a_reused_process_id_is_not_adopted(machine: Machine) -> None:
    await machine.apply(desired_of(1))
    await machine.runtime.close()
    ((path, record),) = read_records(machine.root)
    (process,) = record.processes
    os.kill(process.pid, signal.SIGKILL)
    bystander = subprocess.Popen(["/bin/sleep", "30"])
    try:
        forged = dataclasses.replace(process, pid=bystander.pid)
        write_record(path, dataclasses.replace(record, processes=(forged,)))
        await machine.restart()
        await machine.until(lambda listed: [i.state for i in listed] == [READY])
        assert pids(machine)[1] != bystander.pid
        await machine.runtime.close()
        stop_all(machine.root, grace_seconds=0.3)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_an_instance_that_dies_is_started_again_with_its_release(machine: Machine) -> None:
    await machine.apply(desired_of(1, instances=2, COLOUR="blue"))
    first = pids(machine)
    os.kill(first[1], signal.SIGKILL)
    listed = await machine.until(lambda found: [i.state for i in found] == ["stopped", READY])
    assert listed[0].port == 0
    listed = await machine.until(lambda found: [i.state for i in found] == [READY, READY])
    assert environment_of(listed[0])["COLOUR"] == "blue"
    assert pids(machine)[2] == first[2]
    assert machine.asked == 1


async def test_an_instance_is_mended_once_its_values_can_be_had(machine: Machine) -> None:
    await machine.apply(desired_of(1))
    kept = machine.releases.pop(1)
    os.kill(pids(machine)[1], signal.SIGKILL)
    await machine.until(lambda _: machine.asked == 1)
    machine.releases[1] = kept
    await machine.until(lambda found: [i.state for i in found] == [READY])


async def test_a_folder_has_one_releaser_at_a_time_and_others_stand_by(machine: Machine) -> None:
    await machine.apply(desired_of(1))
    folder, other = machine.beside()
    assert folder.take("other") is None
    standing_by = asyncio.create_task(folder.stand_by("other"))
    with pytest.raises(BlockingIOError):
        stop_all(machine.root)
    assert list(await other.instances(KEY)) == await machine.instances(), "which it reads where they are written down"
    assert await other.instances(AppKey(tenant="acme", app_id="nobody's")) == []
    await machine.runtime.close()
    assert await standing_by == "first"
    assert folder.take("other") == "", "it has it already"
    other.adopt()
    other.adopt()
    assert [instance.state for instance in await other.instances(KEY)] == [READY]
    await other.close()
    await machine.restart()


async def test_remove_stops_and_deletes(hasty: Machine) -> None:
    await hasty.apply(desired_of(1, instances=2, STUBBORN="1"))
    running = pids(hasty)
    await hasty.runtime.remove(AppKey(tenant="acme", app_id="a1"))
    assert all(identify(pid) is None for pid in running.values())
    assert not (hasty.root / "acme" / "web").exists()
    await hasty.runtime.remove(AppKey(tenant="acme", app_id="a1"))
    assert await hasty.instances() == []


async def test_a_removal_leaves_a_newer_app_of_the_same_name_alone(machine: Machine) -> None:
    newer = AppKey(tenant="acme", app_id="a2")
    await machine.apply(desired_of(1))
    await machine.runtime.apply(desired_of(1, key=newer), _unheard, _held)
    await machine.runtime.remove(AppKey(tenant="acme", app_id="a1"))
    (instance,) = await machine.runtime.instances(newer)
    assert environment_of(instance)["PAAS_APP"] == "web"
    assert Path(instance.log).exists()


def zombies() -> set[str]:
    """The ids of our children that have ended and that nobody has taken note of."""
    listed = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "pid=,stat="], capture_output=True, text=True, check=False
    )
    return {line.split()[0] for line in listed.stdout.splitlines() if line.split()[1].startswith("Z")}


async def test_no_process_is_left_as_a_zombie(machine: Machine) -> None:
    before = zombies()
    for release in range(1, 4):
        await machine.apply(desired_of(release))
    with pytest.raises(ApplyFailed):
        await machine.apply(desired_of(4, CRASH="1"))
    await machine.until(lambda _: zombies() <= before)
    assert len(pids(machine)) == 1


async def test_stop_all_kills_what_does_not_end(machine: Machine) -> None:
    await machine.apply(desired_of(1, STUBBORN="1"))
    (pid,) = pids(machine).values()
    await machine.runtime.close()
    assert stop_all(machine.root, grace_seconds=0.2) == 1
    assert identify(pid) is None


async def test_stop_all_ends_everything_and_the_next_releaser_starts_it_again(machine: Machine) -> None:
    await machine.apply(desired_of(1, instances=2))
    running = [identify(pid) for pid in pids(machine).values()]
    await machine.runtime.close()
    command = [sys.executable, "-S", "-E", "-c", "import sys; sys.path.insert(0, sys.argv.pop(1)); " + _STOP]
    root = Path(__file__).parents[3]
    done = subprocess.run([*command, root, machine.root], capture_output=True, text=True, check=True)
    assert done.stdout == "2 instances stopped\n"
    assert not any(is_alive(process) for process in running if isinstance(process, ProcessId))
    assert stop_all(machine.root) == 0
    await machine.restart()
    await machine.until(lambda found: [i.state for i in found] == [READY, READY])


async def test_a_long_log_is_shortened_while_its_program_writes(machine: Machine) -> None:
    await machine.apply(desired_of(1))
    (instance,) = await machine.instances()
    log = Path(instance.log)
    with log.open("ab") as file:
        file.write(b"x" * (10 * 1024 * 1024))
    _shorten_logs(machine.root)
    assert log.stat().st_size == 0
    assert log.with_name("instance-1.log.1").stat().st_size > 10 * 1024 * 1024
    assert log.with_name("instance-1.log.1").stat().st_mode & 0o077 == 0


async def _held() -> None:
    """Nobody else works on the app."""


async def _unheard(_: Progress) -> None:
    return


_STOP = "from services.releaser.runtimes.local.stop import main; sys.exit(main())"
