"""Operating-system processes of instances: started clean, recognised again, waited for, ended with all they started.

Standard library only, because `local_stop` uses it where nothing else may be installed. A process is named by its id
and its start time, since ids are used again.
"""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Final

_PROC: Final = Path("/proc")
# Below the range that the kernel gives to outgoing connections, so that none of those is in the way.
_FIRST_PORT: Final = 20_000
_PORTS: Final = 10_000


@dataclass(frozen=True)
class ProcessId:
    """One process for ever: its id and its start time in clock ticks since boot."""

    pid: int
    started: int


def boot_id() -> str:
    """Return what names this boot of the machine; start times of another boot mean nothing."""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def identify(pid: int) -> ProcessId | None:
    """Return the full name of a running process; None where there is none, or only its remains (a zombie)."""
    fields = _stat(pid)
    if fields is None or fields[0] in ("Z", "X"):
        return None
    return ProcessId(pid, int(fields[19]))


def alive(process: ProcessId) -> bool:
    """Whether this very process runs."""
    return identify(process.pid) == process


def find_leader(marks: Mapping[str, str], *, known: Collection[int]) -> ProcessId | None:
    """Return the process that leads a session and was started with these variables, `known` ones excepted.

    For a process started just before a crash, whose id nobody had time to write down.
    """
    wanted = {f"{name}={value}".encode() for name, value in marks.items()}
    for entry in _PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) in known:
            continue
        try:
            found = wanted <= set((entry / "environ").read_bytes().split(b"\0"))
        except OSError:
            continue
        fields = _stat(int(entry.name)) if found else None
        if fields is not None and fields[3] == entry.name:
            return identify(int(entry.name))
    return None


def start(
    command: Sequence[str], environment: Mapping[str, str], *, log: Path
) -> "tuple[ProcessId, subprocess.Popen[bytes]]":
    """Start a program in a session of its own with exactly this environment and its output appended to `log`.

    Raises OSError where it can't be started, and ValueError where the environment can't be one.
    """
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        child = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            close_fds=True,
        )
    finally:
        os.close(output)
    fields = _stat(child.pid)  # also there when it has ended already: nobody but us reaps it
    return ProcessId(child.pid, int(fields[19]) if fields else 0), child


def signal_group(process: ProcessId, number: signal.Signals) -> None:
    """Send a signal to a process and everything it started in its session's first group, if it is still there."""
    if alive(process):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


def kill_stragglers(process: ProcessId) -> None:
    """Kill what a process that has just ended left behind. Call before it is reaped: until then its id is its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def wait_end(process: ProcessId) -> None:
    """Return once the process has ended, whoever its parent is."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if not alive(process):
            return
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
    finally:
        os.close(descriptor)


def claim_port(taken: Collection[int]) -> tuple[int, socket.socket]:
    """Return a port of 127.0.0.1 that nobody listens on and that is not in `taken`. Raises OSError if there is none.

    Until the socket that comes with it is closed no other releaser of this machine is given the port: a program takes
    a while to listen on it, and to a look from outside it is free until then.
    """
    first = SystemRandom().randrange(_PORTS)
    for offset in range(_PORTS):
        port = _FIRST_PORT + (first + offset) % _PORTS
        if port in taken:
            continue
        # A name in Linux's abstract namespace: one holder at a time, and gone with its process.
        claim = socket.socket(socket.AF_UNIX)
        with suppress(OSError), socket.socket() as candidate:
            claim.bind(f"\0paas-releaser-port-{port}")
            candidate.bind(("127.0.0.1", port))
            return port, claim
        claim.close()
    raise OSError("no free port")


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/<pid>/stat after the program's name, which may hold anything; the state is first."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()
