"""Starting the keeper of one instance, and finding it again. Standard library only."""

import marshal
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from machine.processes import ProcessId, identify
from machine.procfs import pids, user_of, words_of
from services.releaser.runtimes.local.confinement import keeper

_KEEPER: Final = str(Path(keeper.__file__).resolve())
# -I and -S: nothing from the environment or from site-packages is needed, and it starts in 10 ms.
_COMMAND: Final = (sys.executable, "-I", "-S", _KEEPER)


@dataclass(frozen=True, kw_only=True)
class Confinement:
    """What programs are given of this machine.

    `groups` is where their control groups are made, None where they have none; `folder` is where they work; `shown`
    are folders that they may enter whatever is on the way; `core_bytes` is the largest core file they may leave, -1
    for any.
    """

    groups: Path | None
    folder: Path
    shown: tuple[Path, ...] = ()
    core_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Job:
    """One program: its command and whole environment, its user (0 for ours), its home and its log."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    user: int
    home: Path
    log: Path


class Launched(NamedTuple):
    """A keeper. `report` is a descriptor that says why its program could not be started, and ends when it was."""

    id: ProcessId
    child: "subprocess.Popen[bytes]"
    report: int


def launch(job: Job, confinement: Confinement, *, token: str, group: str) -> Launched:
    """Start a keeper with a program to start. Raises OSError. Does not wait for the program."""
    told = {
        "command": list(job.command),
        "environment": dict(job.environment),
        "folder": str(confinement.folder),
        "uid": job.user,
        "shown": [str(folder) for folder in (*confinement.shown, confinement.folder, job.home)],
        "core": confinement.core_bytes,
    }
    # Memory and not a pipe, which holds 64 KiB until somebody reads; no other user can open it.
    memory = os.memfd_create("job", os.MFD_CLOEXEC)
    read, write = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(read, False)
    output = -1
    try:
        with os.fdopen(memory, "wb", closefd=False) as file:
            marshal.dump(told, file)
        os.lseek(memory, 0, os.SEEK_SET)
        output = os.open(job.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if job.user:
            os.fchown(output, job.user, job.user)  # or it could not open /dev/stdout
        child = subprocess.Popen(
            [*_COMMAND, token, str(write), group],
            env={},
            stdin=memory,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=(write,),
        )
    except BaseException:
        os.close(read)
        raise
    finally:
        for descriptor in (memory, write, output):
            if descriptor >= 0:
                os.close(descriptor)
    # Also there when it has ended already: nobody but us reaps it.
    return Launched(identify(child.pid) or ProcessId(child.pid, 0), child, read)


def is_keeper(pid: int) -> bool:
    """Whether a process is a keeper that a releaser of our user started."""
    return words_of(pid)[3:4] == [_KEEPER] and user_of(pid) == os.geteuid()


def find_keeper(token: str) -> ProcessId | None:
    """Return the keeper with this token: one started just before a crash, whose id nobody had time to write down."""
    for pid in pids() if token else ():
        if words_of(pid)[3:5] == [_KEEPER, token] and is_keeper(pid):
            return identify(pid)
    return None
