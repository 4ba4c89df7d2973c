"""Runs one program as somebody else than root: `python unprivileged.py nobody|namespace SIGNAL PROGRAM [ARGUMENT]...`.

PostgreSQL refuses uid 0. `nobody` gives the privileges up. `namespace` keeps root's access to root's files but shows
the program uid 65534, through a user namespace: for where `nobody` can't enter the folders. Standard library only,
and one thread, because a user namespace can't be entered by a process with two.

The program gets SIGNAL when the process that started this one dies. It is asked for last: a change of user clears it.
"""

import ctypes
import os
import sys
from pathlib import Path

NOBODY = 65534
_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


def become_nobody() -> None:
    """Drops to uid and gid 65534 with no other group."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def enter_namespace() -> None:
    """Enters a user namespace in which this process's user is called 65534. Raises OSError where that is forbidden."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1", encoding="ascii")


def main(arguments: list[str]) -> int:
    """Becomes the program; returns only where it can't."""
    how, number, *command = arguments
    parent = os.getppid()
    try:
        if how == "namespace":
            enter_namespace()
        else:
            become_nobody()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            return 1
        os.execv(command[0], command)  # noqa: S606 - becoming the program is what this one is for
    except OSError as error:
        sys.stderr.write(f"can't run {command[0]} as {how}: {error.strerror}\n")
    return 126


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
