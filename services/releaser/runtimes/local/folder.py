"""The folder of a local runtime, which one process has at a time: a file lock sees to it.

The lock goes with its process, so whoever has it knows that the holder before is gone. Standard library only, because
`stop` uses it where nothing else may be installed.
"""

import asyncio
import fcntl
import os
from pathlib import Path
from typing import Final

from services.releaser.runtimes.local.record import make_private

_LOCK_FILE: Final = "lock"
_TRY_EVERY_SECONDS: Final = 1.0


class RuntimeFolder:
    """A runtime folder at `root`, which need not be there yet, and whether it is this process's."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock: int | None = None

    @property
    def held(self) -> bool:
        """Whether it is this process's now."""
        return self._lock is not None

    async def stand_by(self, holder: str) -> str:
        """Return once the folder is this process's, as `take` does; others may have it for as long as they run."""
        while (predecessor := self.take(holder)) is None:
            await asyncio.sleep(_TRY_EVERY_SECONDS)
        return predecessor

    def take(self, holder: str) -> str | None:
        """Take the folder for the lease holder `holder`; return the holder that had it before, or '' where none had.

        None while another process has it. '' where it is this process's already. Raises OSError.
        """
        if self._lock is not None:
            return ""
        make_private(self.root)
        try:
            lock = lock_folder(self.root)
        except BlockingIOError:
            return None
        predecessor = os.pread(lock, 200, 0).decode("ascii", "replace")
        os.ftruncate(lock, 0)
        os.pwrite(lock, holder.encode(), 0)
        self._lock = lock
        return predecessor

    def leave(self) -> None:
        """Leave it to whoever stands by."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def lock_folder(root: Path) -> int:
    """Return a descriptor that keeps other processes out for as long as it is open. Raises BlockingIOError."""
    lock = os.open(root / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(lock)
        raise
    return lock
