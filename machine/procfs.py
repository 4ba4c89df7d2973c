"""Processes as /proc shows them (proc(5)): everything here may be over by the time it is returned."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
_BLOCK: Final = 64 * 1024


def pids() -> list[int]:
    """Return the ids of all processes that can be seen."""
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def stat_of(pid: int) -> list[str] | None:
    """Return the fields of /proc/<pid>/stat from the state on: the program's name before may hold anything.

    None where there is no such process.
    """
    content = _read(pid, "stat")
    return None if content is None else content.rpartition(b")")[2].decode().split()


def parent_of(pid: int) -> int | None:
    """Return the id of a process's parent, 0 where it has none that can be seen; None where it is gone."""
    fields = stat_of(pid)
    return None if fields is None else int(fields[1])


def user_of(pid: int) -> int | None:
    """Return the real user of a process; None where it is gone."""
    content = _read(pid, "status")
    return None if content is None else int(content.partition(b"\nUid:\t")[2].partition(b"\t")[0])


def words_of(pid: int) -> list[str]:
    """Return a process's command line; empty where it is gone."""
    return (_read(pid, "cmdline") or b"").decode(errors="replace").split("\0")[:-1]


def has_variables(pid: int, marks: Mapping[str, str]) -> bool:
    """Whether a process was started with these variables; not where that can't be read."""
    wanted = {f"{name}={value}".encode() for name, value in marks.items()}
    content = _read(pid, "environ")
    return content is not None and wanted <= set(content.split(b"\0"))


def _read(pid: int, name: str) -> bytes | None:
    """A file of a process's, None where there is none; without what Python's own files cost for each of thousands."""
    try:
        descriptor = os.open(f"{PROC}/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        parts = []
        while part := os.read(descriptor, _BLOCK):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return None
    finally:
        os.close(descriptor)
