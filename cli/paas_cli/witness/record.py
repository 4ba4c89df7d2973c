# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH100, PTH103, PTH105, PTH118, PTH123
"""What a witness has cosigned, a file for each log: the note, on the disk before anybody is answered.

One process at a time has the folder. A file that can't be read stops what is about its log: to forget what was
cosigned would be to cosign another history.
"""

import fcntl
import os
import threading
from contextlib import suppress
from hashlib import sha256
from types import TracebackType
from typing import Final, Self

from paas_cli.errors import Failure
from paas_cli.terminal.text import visible
from transparency.failures import Malformed
from transparency.notes import checkpoints, signed
from transparency.witness import Kept

_LOCK: Final = "lock"


class Damaged(Exception):
    """What was kept of a log can't be read."""


class Record:
    """A folder: a `transparency.witness.Record`. It may be shared by threads, and is had within `with`."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.abspath(folder)
        self._lock = threading.Lock()
        self._held = -1

    def __enter__(self) -> Self:
        """Take the folder. Raises Failure where it can't be written, or another process has it."""
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._held = os.open(os.path.join(self._folder, _LOCK), flags, 0o600)
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise Failure(f"{visible(self._folder)} can't be written: {reason}.") from None
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._held)
            raise Failure(f"Another witness keeps its state in {visible(self._folder)}; it needs one alone.") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._held)

    def latest(self, origin: str) -> Kept | None:
        """Return what is kept, None where nothing was cosigned yet. Raises Damaged and OSError."""
        try:
            with open(self._path(origin), "rb") as file:
                note = file.read(signed.LARGEST_NOTE + 1)
        except FileNotFoundError:
            return None
        try:
            checkpoint = checkpoints.parsed(signed.parsed(note).text)
        except Malformed:
            raise Damaged from None
        if checkpoint.origin != origin:
            raise Damaged
        return Kept(checkpoint.size, checkpoint.root, note)

    def replace(self, origin: str, *, before: Kept | None, after: Kept) -> bool:
        """Keep `after` for good, in one step and only where `before` is what is kept. Raises Damaged and OSError."""
        with self._lock:
            if self.latest(origin) != before:
                return False
            self._write(self._path(origin), after.note)
            return True

    def note_of(self, origin_hash: str) -> bytes | None:
        """Return the note that is kept of the log whose origin has this SHA-256, None where there is none."""
        with suppress(FileNotFoundError), open(os.path.join(self._folder, origin_hash), "rb") as file:
            return file.read()
        return None

    def _path(self, origin: str) -> str:
        return os.path.join(self._folder, sha256(origin.encode()).hexdigest())

    def _write(self, path: str, content: bytes) -> None:
        beside = f"{path}.new"
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.replace(beside, path)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # the name as well
        finally:
            os.close(folder)
