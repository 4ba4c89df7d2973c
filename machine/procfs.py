"""Processes as /proc shows them (proc(5)): everything here may be over by the time it is returned."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")


def pids() -> list[int]:
    """Return the ids of all processes that can be seen."""
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def stat_of(pid: int) -> list[str] | None:
    """Return the fields of /proc/<pid>/stat from the state on: the program's name before may hold anything.

    None where there is no such process.
    """
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def parent_of(pid: int) -> int | None:
    """Return the id of a process's parent, 0 where it has none that can be seen; None where it is gone."""
    fields = stat_of(pid)
    return None if fields is None else int(fields[1])


def user_of(pid: int) -> int | None:
    """Return the real user of a process; None where it is gone."""
    try:
        lines = (PROC / str(pid) / "status").read_text(errors="replace").splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) for line in lines if line.startswith("Uid:"))


def words_of(pid: int) -> list[str]:
    """Return a process's command line; empty where it is gone."""
    try:
        return (PROC / str(pid) / "cmdline").read_text(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def has_variables(pid: int, marks: Mapping[str, str]) -> bool:
    """Whether a process was started with these variables; not where that can't be read."""
    wanted = {f"{name}={value}".encode() for name, value in marks.items()}
    try:
        return wanted <= set((PROC / str(pid) / "environ").read_bytes().split(b"\0"))
    except OSError:
        return False
