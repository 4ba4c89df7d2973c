"""Processes, recognised by their id and the time they started together: sent signals, waited for, ended.

An id alone is used again by the system; an id with the time it was given is not. A signal, and whoever waits, goes by
a descriptor of the process (pidfd_open(2)), which holds it: it is never another one's.
"""

import asyncio
import os
import select
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache

from machine.procfs import PROC, stat_of


@cache
def boot_id() -> str:
    """Return what names this boot of the machine; start times of another boot mean nothing."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


@dataclass(frozen=True, order=True)
class ProcessId:
    """One process for ever: its id, its start time in clock ticks since boot, and which boot that was."""

    pid: int
    started: int
    boot: str = field(default_factory=boot_id)


def identify(pid: int) -> ProcessId | None:
    """Return the full name of a running process; None where there is none, or only its remains (a zombie)."""
    fields = stat_of(pid)
    if fields is None or fields[0] in ("Z", "X"):
        return None
    return ProcessId(pid, int(fields[19]))


def is_alive(process: ProcessId) -> bool:
    """Whether exactly this process still runs."""
    return identify(process.pid) == process


def send(process: ProcessId, number: int) -> None:
    """Send a signal to exactly this process; one that is gone, or not ours to send signals to, is passed over."""
    with suppress(OSError), _held(process) as descriptor:
        if descriptor is not None:
            signal.pidfd_send_signal(descriptor, number)


async def wait_end(process: ProcessId) -> None:
    """Return once the process has ended, whoever its parent is."""
    with _held(process) as descriptor:
        if descriptor is None:
            return
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)


def wait_gone(processes: Iterable[ProcessId], *, timeout: float) -> list[ProcessId]:
    """Block until the processes are gone; return those that are not after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    left = [process for process in processes if is_alive(process)]
    while left and (patience := deadline - time.monotonic()) > 0:
        with _held(left[0]) as descriptor:
            if descriptor is not None:
                select.select([descriptor], [], [], patience)
        left = [process for process in left if is_alive(process)]
    return left


def end(processes: Iterable[ProcessId], *steps: tuple[int, float]) -> list[ProcessId]:
    """Send processes one signal after the other until they are gone; return those that are not.

    A step is a signal and how many seconds they have after it, all together, before the next.
    """
    left = [process for process in processes if is_alive(process)]
    for number, patience in steps:
        for process in left:
            send(process, number)
        left = wait_gone(left, timeout=patience)
    return left


@contextmanager
def _held(process: ProcessId) -> Iterator[int | None]:
    """Give a descriptor of exactly this process, readable once it has ended; None where it is gone.

    It is readable whether or not the parent has asked for the status. Raises OSError where no more can be opened.
    """
    descriptor = None
    if is_alive(process):
        with suppress(ProcessLookupError):
            descriptor = os.pidfd_open(process.pid)
    try:
        # The descriptor holds the id: if it is the right process now, it is for as long as this is open.
        yield descriptor if descriptor is not None and is_alive(process) else None
    finally:
        if descriptor is not None:
            os.close(descriptor)
