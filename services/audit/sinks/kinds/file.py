"""JSON Lines, appended to a file on this machine that others read, ship and rotate.

The file is opened anew for each batch, by its name: one that was moved away, as by logrotate, is left alone from the
next batch on. A batch is on the disk (fdatasync) when it counts as delivered.
"""

import asyncio
import fcntl
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from errno import EDQUOT, ENOENT, ENOSPC, ENOTDIR
from pathlib import Path
from typing import Final

from services.audit.sinks.sink import Batch, Undelivered

_MODE: Final = 0o600
_REASONS: Final = {ENOENT: "no_folder", ENOTDIR: "no_folder", ENOSPC: "disk_full", EDQUOT: "disk_full"}


class FileSink:
    """A file. What a disk makes wait has a thread of its own, so that nothing else waits with it."""

    at_once = 1

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sink-file")

    async def deliver(self, batch: Batch) -> None:
        """Append a line for each event; on the disk when it returns. Raises Undelivered."""
        content = b"".join(line + b"\n" for line in batch.lines)
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, _append, self._path, content)
        except OSError as error:
            raise Undelivered(_REASONS.get(error.errno or 0, "not_written")) from None

    async def close(self) -> None:
        """End the thread once it has written what it is at."""
        self._thread.shutdown(wait=False)


def _append(path: Path, content: bytes) -> None:
    """Append all of `content` or nothing, after a whole line. Raises OSError."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, _MODE)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(0, "is no file")
        # Several processes of one machine may have the same file: each writes after the whole lines of the others.
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file).st_size
        # Of one who died, or whose disk was full, there may be half a line, which is written again by somebody.
        whole = content if size == 0 or os.pread(file, 1, size - 1) == b"\n" else b"\n" + content
        try:
            _write(file, whole)
            os.fdatasync(file)
        except OSError:
            with suppress(OSError):  # of a file that may only be appended to; then the half line stays
                os.ftruncate(file, size)
            raise
        if size == 0:
            _keep_name(path)
    finally:
        os.close(file)


def _write(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]


def _keep_name(path: Path) -> None:
    """Have the name of a new file on the disk as well."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
