"""What a process and its children are to each other (prctl(2)): who has the orphans, who ends with whom."""

import ctypes
import os
from collections.abc import Callable
from functools import cache
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent dies, instead of the system's first process.

    Raises OSError.
    """
    if _libc().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def dying_with_parent(number: int) -> Callable[[], None]:
    """Return what a child runs between fork and exec so that it gets signal `number` when its parent dies.

    prctl is looked up here, before the fork: loading a library in between is not safe.
    """
    prctl, parent = _libc().prctl, os.getpid()

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # it died before it could be watched

    return prepare


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
