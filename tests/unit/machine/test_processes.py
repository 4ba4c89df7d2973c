"""Processes are recognised, sent signals, waited for and ended, and never taken for others.

Real processes. Leaves out what is above them: tests/unit/local/test_supervisor.py and tests/unit/releaser.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from machine.processes import ProcessId, end, identify, is_alive, send, wait_end, wait_gone
from machine.procfs import has_variables, parent_of, user_of, words_of
from machine.trees import descendants, end_trees
from tests.fixtures.waiting import PATIENCE, soon

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(300)"
)
PARENT = "import subprocess, time; subprocess.Popen(['/bin/sleep', '300']); print('on', flush=True); time.sleep(300)"

OUTLIVED = (
    "import signal, subprocess, time; ignored = signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "subprocess.Popen(['/bin/sleep', '300']); signal.signal(signal.SIGTERM, ignored);"
    "print('on', flush=True); time.sleep(300)"
)


@contextmanager
def running(*command: str, **variables: str) -> Iterator[tuple["subprocess.Popen[bytes]", ProcessId]]:
    """A program for the length of the block; a program of Python has said that it is on."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **variables}) as child:
        try:
            if command[0] == sys.executable and child.stdout is not None:
                assert child.stdout.readline() == b"on\n"
            process = identify(child.pid)
            assert process is not None
            yield child, process
        finally:
            child.kill()


def python(program: str) -> tuple[str, ...]:
    """The command of a program."""
    return (sys.executable, "-I", "-S", "-c", program)


def test_what_has_the_id_of_another_time_is_another() -> None:
    with running("/bin/sleep", "300") as (child, process):
        assert identify(child.pid) == process
        for other in (replace(process, started=process.started - 1), replace(process, boot="another")):
            assert not is_alive(other)
            send(other, signal.SIGKILL)
            assert end([other], (signal.SIGKILL, PATIENCE)) == []
            assert wait_gone([other], timeout=PATIENCE) == []
        assert child.poll() is None
        send(process, signal.SIGKILL)
        assert wait_gone([process], timeout=PATIENCE) == []
        assert identify(child.pid) is None, "what is left of it for its parent is no process"


def test_the_next_signal_is_for_those_that_are_left() -> None:
    with running("/bin/sleep", "300") as (one, first), running(*python(STUBBORN)) as (other, second):
        assert second in end([first, second], (signal.SIGTERM, 0.2))
        assert wait_gone([first], timeout=PATIENCE) == []
        assert end([first, second], (signal.SIGTERM, 0.2), (signal.SIGKILL, PATIENCE)) == []
        assert (one.wait(), other.wait()) == (-signal.SIGTERM, -signal.SIGKILL)


@pytest.mark.parametrize("ended_before", [True, False])
async def test_an_end_is_waited_for_whether_or_not_it_has_come(*, ended_before: bool) -> None:
    with running("/bin/sleep", "300") as (child, process):
        waiting = asyncio.create_task(wait_end(process))
        if not ended_before:
            await asyncio.sleep(0)
            assert not waiting.done()
        child.kill()
        async with asyncio.timeout(PATIENCE):
            await waiting


def held_processes() -> int:
    """How many this process has descriptors of; what else it has open is others' to open and to close."""
    held = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            held += "pidfd" in str(descriptor.readlink())
    return held


async def test_who_stops_waiting_leaves_nothing_open() -> None:
    with running("/bin/sleep", "300") as (_, process):
        before = held_processes()
        waiting = asyncio.create_task(wait_end(process))
        await asyncio.sleep(0)
        assert held_processes() == before + 1, "the control"
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert held_processes() == before


def test_a_tree_is_ended_with_its_root() -> None:
    with running(*python(PARENT)) as (_, parent):
        (below,) = descendants(parent.pid)
        # The system shows a program's words a moment after it has taken its place.
        soon(lambda: words_of(below.pid) == ["/bin/sleep", "300"])
        assert end_trees([parent], grace=0)
        assert not is_alive(parent)
        assert not is_alive(below)
        assert not end_trees([parent], grace=0), "it was gone already"


def test_what_outlives_its_parent_is_ended_too() -> None:
    """A child that ignores SIGTERM is below nobody of the tree once its parent has ended of it."""
    with running(*python(OUTLIVED)) as (_, parent):
        (below,) = descendants(parent.pid)
        assert end_trees([parent], grace=0.2)
        assert not is_alive(below)


def test_what_proc_shows() -> None:
    with running("/bin/sleep", "300", PLANTED="here") as (child, _):
        assert parent_of(child.pid) == os.getpid()
        assert user_of(child.pid) == os.getuid()
        # The system shows a program's variables a moment after it has taken its place.
        soon(lambda: has_variables(child.pid, {"PLANTED": "here"}))
        assert not has_variables(child.pid, {"PLANTED": "there"})
        child.kill()
        child.wait()
        assert (parent_of(child.pid), user_of(child.pid), words_of(child.pid)) == (None, None, [])
        assert not has_variables(child.pid, {"PLANTED": "here"})
