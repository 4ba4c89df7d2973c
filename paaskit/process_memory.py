"""Keeping what a service has in its memory from being written to a disk, or read by other processes of its user."""

import ctypes
import resource

_PR_SET_DUMPABLE = 4


def keep_private() -> None:
    """Have a crash leave no core file, and nobody but root attach to this process or read its memory.

    A core of secrets holds values and keys in plain text. The limit alone would not do: it does not count where cores
    are piped to a program (core(5)). It is lowered for this process and what it starts, which may raise it again for
    itself. Raises OSError where the kernel refuses, which it has no reason to.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE)")
