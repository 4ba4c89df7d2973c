"""The processes of a pod as this machine's own kernel shows them: not what Kubernetes says of a pod, but what it is."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

PROC: Final = Path("/proc")


def container_ids(pod: dict[str, Any], *, container: str = "") -> list[str]:
    """The ids of a pod's containers that have been started, or of the one called `container`. `pod` is its JSON."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    wanted = (each for each in statuses if container in ("", each["name"]))
    return [each["containerID"].partition("://")[2] for each in wanted if each.get("containerID")]


def processes(containers: Iterable[str], *, proc: Path = PROC) -> list[int]:
    """The pids, in this process's namespace, of every process in one of these containers, by their cgroups."""
    wanted = tuple(containers)
    return sorted(pid for pid, cgroup in _cgroups(proc) if any(each in cgroup for each in wanted))


def environment(pid: int, *, proc: Path = PROC) -> dict[str, str]:
    """The variables that a process was started with. Raises OSError where it is gone."""
    entries = (proc / str(pid) / "environ").read_bytes().split(b"\0")
    return {
        os.fsdecode(name): os.fsdecode(value) for name, _, value in (each.partition(b"=") for each in entries if each)
    }


def _cgroups(proc: Path) -> Iterator[tuple[int, str]]:
    for entry in proc.iterdir():
        if entry.name.isdigit():
            try:
                yield int(entry.name), (entry / "cgroup").read_text()
            except OSError:
                continue  # it ended meanwhile
