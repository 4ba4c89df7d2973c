"""Processes of this machine, recognised by pid and start time together, never by name.

A pid alone is used again by the system; a pid with the time it started is not. Reads /proc, so Linux only.
"""

import ctypes
import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROC = Path("/proc")
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, order=True)
class ProcessId:
    """One process, for ever: its pid, when it started (clock ticks since boot), and which boot that was."""

    pid: int
    started: int
    boot: str


@cache
def boot_id() -> str:
    """Changes whenever the machine starts anew."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def process_id(pid: int) -> ProcessId | None:
    """The process that has this pid now; None where there is none, or only its exit status is left."""
    fields = _stat(pid)
    if fields is None or fields[0] in ("Z", "X"):
        return None
    return ProcessId(pid, int(fields[19]), boot_id())


def is_alive(process: ProcessId) -> bool:
    """Whether exactly this process still runs."""
    return process_id(process.pid) == process


def descendants(pid: int) -> list[ProcessId]:
    """Every living process below `pid`, parents before children."""
    children: dict[int, list[int]] = {}
    for candidate in _pids():
        fields = _stat(candidate)
        if fields is not None:
            children.setdefault(int(fields[1]), []).append(candidate)
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(0), [])
        waiting += below
        found += [process for child in below if (process := process_id(child)) is not None]
    return found


def send_signal(process: ProcessId, number: int) -> None:
    """Signals exactly this process; one that is gone is passed over."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        # The descriptor holds the pid, so if it is the right process now, it is when the signal arrives.
        if is_alive(process):
            signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        pass
    finally:
        os.close(descriptor)


def end(processes: Iterable[ProcessId], *, first: int = signal.SIGTERM, grace: float) -> None:
    """Asks processes to end, waits up to `grace` seconds for them together, then kills what is left."""
    wanted = [process for process in processes if is_alive(process)]
    for number, patience in ((first, grace), (signal.SIGKILL, 5.0)):
        for process in wanted:
            send_signal(process, number)
        wanted = wait_gone(wanted, timeout=patience)
        if not wanted:
            return


def wait_gone(processes: Iterable[ProcessId], *, timeout: float) -> list[ProcessId]:
    """Waits until the processes are gone; returns those that are not after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    left = [process for process in processes if is_alive(process)]
    while left and (patience := deadline - time.monotonic()) > 0:
        try:
            descriptor = os.pidfd_open(left[0].pid)
        except ProcessLookupError:
            left = [process for process in left if is_alive(process)]
            continue
        try:
            # Readable once it has ended, whether or not its parent has asked for its status.
            if is_alive(left[0]):
                select.select([descriptor], [], [], patience)
        finally:
            os.close(descriptor)
        left = [process for process in left if is_alive(process)]
    return left


def adopt_orphans() -> None:
    """Makes this process the parent of descendants whose own parent dies, instead of the system's first process."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def dying_with_parent(number: int) -> Callable[[], None]:
    """What a child runs between fork and exec so that it gets signal `number` when its parent dies.

    prctl is looked up here, before the fork: loading a library in between is not safe.
    """
    prctl, parent = _libc().prctl, os.getpid()

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # it died before it could be watched

    return prepare


def _prctl(option: int, value: int) -> None:
    if _libc().prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _pids() -> Iterator[int]:
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            yield int(entry.name)


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/<pid>/stat from the state on: the program's name before may hold anything."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()
