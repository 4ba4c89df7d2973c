"""As which user apps run: each as one of its own where releaser runs as root, else as releaser's own.

An app's user is in no other group, has no capability, and may not get any (no_new_privs). It has no name and no entry
anywhere; it is a number that nobody else has.
"""

import os
from collections.abc import Collection
from pathlib import Path
from random import SystemRandom
from typing import Final

NOBODY_ELSE: Final = 0
"""In the place of a user: apps run as releaser's own."""

# Numbers that systemd's list of them (UIDS-GIDS) calls unused; then, where a namespace has not that many, those it
# gives to services for as long as they run.
_RANGES: Final = (range(0x7000_0000, 0x7FFF_FFFF), range(61_184, 65_520))


def choose_user(taken: Collection[int]) -> int:
    """Return a user id, which is the group id too, for a new app, or NOBODY_ELSE where there are no others."""
    if os.geteuid() != 0:
        return NOBODY_ELSE
    for wanted in _RANGES:
        if all(_is_mapped(wanted, Path("/proc/self") / name) for name in ("uid_map", "gid_map")):
            random = SystemRandom()
            while (user := random.choice(wanted)) in taken:
                pass
            return user
    return NOBODY_ELSE


def give(folder: Path, user: int) -> None:
    """Make an app's user the owner of its home and what is in it, where it is not yet."""
    if user == NOBODY_ELSE or folder.stat().st_uid == user:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(os.path.join(parent, name), user, user, follow_symlinks=False)  # noqa: PTH118 - as walk gives them
    os.chown(folder, user, user)


def _is_mapped(wanted: range, table: Path) -> bool:
    """Whether a user namespace knows these numbers (user_namespaces(7))."""
    for line in table.read_text().splitlines():
        first, _, count = (int(field) for field in line.split())
        if first <= wanted.start and wanted.stop <= first + count:
            return True
    return False
