"""What is left of an instance whose keeper is gone: killed with SIGKILL, or with the machine short of memory.

Whoever has a keeper above is not looked at: that is the keeper's to end. Standard library only.
"""

import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from machine.processes import ProcessId, identify, is_alive, send
from machine.procfs import has_variables, parent_of, pids, user_of
from services.releaser.runtimes.local.confinement.groups import end_group
from services.releaser.runtimes.local.confinement.launch import is_keeper

_PATIENCE_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.005


def end_remains(*, marks: Mapping[str, str], user: int, group: str) -> bool:
    """Kill what is left of an instance until nothing is; return whether nothing was left, or all is gone.

    Found by the instance's control group; by its app's user (0 if it has none); and by the variables it was started
    with, which a program may have put away. Takes up to five seconds, and some milliseconds where there is nothing.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    gone = not group or end_group(Path(group), patience=_PATIENCE_SECONDS)
    while found := [process for pid in pids() if (process := _left(pid, marks, user)) is not None]:
        for process in found:
            send(process, signal.SIGKILL)
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return gone


def _left(pid: int, marks: Mapping[str, str], user: int) -> ProcessId | None:
    # Of most processes no more is looked at than this: there may be thousands, none of them the instance's.
    if not _is_of_it(pid, marks, user) or (process := identify(pid)) is None:
        return None
    # Once more, since the id may have become another's before it was known whose it is.
    return process if _is_of_it(pid, marks, user) and is_alive(process) and not _is_kept(pid) else None


def _is_of_it(pid: int, marks: Mapping[str, str], user: int) -> bool:
    return (user != 0 and user_of(pid) == user) or has_variables(pid, marks)


def _is_kept(pid: int) -> bool:
    """Whether one of the processes above is a keeper.

    The way up is gone again from the start where somebody on it ended meanwhile: then there is somebody else.
    """
    above: int | None = pid
    while above != 0:
        above = parent_of(above if above is not None else pid)
        if above is None and identify(pid) is None:
            return False
        if above and is_keeper(above):
            return True
    return False
