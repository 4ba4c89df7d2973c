"""Processes with all that they started."""

import signal
import time
from collections.abc import Iterable
from typing import Final

from machine.processes import ProcessId, end, identify, is_alive, send, wait_gone
from machine.procfs import parent_of, pids

# Seconds after which what can't be killed is left, and between two looks at what is still to be killed.
_KILL_PATIENCE: Final = 10.0
_KILL_LOOK: Final = 0.2
_LAST_PATIENCE: Final = 5.0


def descendants(pid: int) -> list[ProcessId]:
    """Return every living process below `pid`, parents before children."""
    children: dict[int, list[int]] = {}
    for candidate in pids():
        parent = parent_of(candidate)
        if parent is not None:
            children.setdefault(parent, []).append(candidate)
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(0), [])
        waiting += below
        found += [process for child in below if (process := identify(child)) is not None]
    return found


def end_trees(roots: Iterable[ProcessId], *, grace: float) -> bool:
    """End processes and all below them: SIGTERM, `grace` seconds later SIGKILL until none is left.

    The roots are killed last. One that is a subreaper (an app's keeper) is then the parent of whatever was below it,
    also of what was started, or left its own parent, while it was being ended. Return whether any of them was alive.
    """
    tree = _with_descendants(roots)
    if not tree:
        return False
    inner = {below for process in tree for below in descendants(process.pid)}
    kept = [process for process in tree if process not in inner]
    for process in tree:
        send(process, signal.SIGTERM)
    wait_gone(tree, timeout=grace)
    deadline = time.monotonic() + _KILL_PATIENCE
    while (below := _left_below(kept, tree)) and time.monotonic() < deadline:
        for process in below:
            send(process, signal.SIGKILL)
        wait_gone(below, timeout=_KILL_LOOK)
    end(kept, (signal.SIGKILL, _LAST_PATIENCE))
    return True


def _left_below(kept: list[ProcessId], tree: list[ProcessId]) -> list[ProcessId]:
    """What is to be killed still: a process whose parent ended first is below nothing of ours, but was in the tree."""
    return [process for process in _with_descendants([*kept, *tree]) if process not in kept]


def _with_descendants(processes: Iterable[ProcessId]) -> list[ProcessId]:
    living = [process for process in processes if is_alive(process)]
    return list(dict.fromkeys([*living, *(below for process in living for below in descendants(process.pid))]))
