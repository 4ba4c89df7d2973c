"""The cgroup that all pods of a cluster are below, in both versions of cgroups.

The first version has a tree for each controller, the second one tree for all (cgroups(7)).
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MOUNTED: Final = Path("/sys/fs/cgroup")
_CONTROLLERS: Final = ("cpu", "cpuset", "memory", "pids", "hugetlb")
# Seconds until the kernel has counted out processes that were killed.
_PATIENCE: Final = 60.0


def make(name: str, *, mounted: Path = _MOUNTED) -> None:
    """Make it in every tree. `name` is its path from the root, as the kubelet is told it (`/paas-...`)."""
    if (mounted / "cgroup.controllers").is_file():
        for controller in _CONTROLLERS:
            # One that this machine lacks is none that the kubelet insists on, or it says so itself.
            with contextlib.suppress(OSError):
                (mounted / "cgroup.subtree_control").write_text(f"+{controller}")
    for place in _places(name, mounted):
        place.mkdir(exist_ok=True)


def remove(name: str, *, mounted: Path = _MOUNTED) -> None:
    """Remove it and all below it, once their processes are gone."""
    deadline = time.monotonic() + _PATIENCE
    for place in _places(name, mounted):
        while place.is_dir() and not _removed(place) and time.monotonic() < deadline:
            time.sleep(0.05)


def _places(name: str, mounted: Path) -> Iterator[Path]:
    below = name.strip("/")
    assert below, "the root is not ours"
    if (mounted / "cgroup.controllers").is_file():
        yield mounted / below
        return
    # Several names may be links to one tree.
    yield from {Path(os.path.realpath(tree)) / below for tree in mounted.iterdir() if tree.is_dir()}


def _removed(place: Path) -> bool:
    for folder, _, _ in os.walk(place, topdown=False):
        try:
            Path(folder).rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True
