"""Where logs are published: a folder with one of each log, in the layout of c2sp.org/tlog-tiles.

It may be any file system that all replicas share and others read, and it is all that a web server has to be given.
A file is there as a whole or not at all, and only a checkpoint is ever replaced.
"""

import os
import secrets
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from transparency.failures import Malformed, NotServed
from transparency.tiles.paths import CHECKPOINT, WIDTH, Bundle, Tile, parsed

# Whoever reads a log at the checkpoint before the last one still finds its partial tiles for so long.
_KEPT_SECONDS: Final = 600.0
_ENTRIES: Final = "tile/entries"


class LogFolder:
    """One log's folder, made when it is first written to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str) -> bytes:
        """Return what is at a path of tlog-tiles. Raises NotServed where nothing is, and for any other path."""
        if path != CHECKPOINT:
            try:
                parsed(path)
            except Malformed:
                raise NotServed(path) from None
        try:
            return (self._folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise NotServed(path) from None

    def checkpoint(self) -> bytes | None:
        """Return the checkpoint that is published, None before there is one."""
        try:
            return self.read(CHECKPOINT)
        except NotServed:
            return None

    def write(self, parts: Mapping[Tile | Bundle, bytes]) -> None:
        """Write what a growth has brought; on the disk when it returns."""
        for part, content in parts.items():
            self._write(part.path, content)

    def publish(self, checkpoint: bytes) -> None:
        """Replace the checkpoint. What it stands for has been written."""
        self._write(CHECKPOINT, checkpoint)

    def forget(self, parts: Iterable[Tile | Bundle]) -> None:
        """Delete narrower ones of what was written, which its full one or later ones stand for."""
        for part in parts:
            partial = (self._folder / part.whole.path).with_suffix(".p")
            with suppress(FileNotFoundError):
                for name in _narrowest_first(partial):
                    if name != str(part.width):
                        # Wider ones were written later: where one is young, so are all that follow.
                        if part.width != WIDTH and not _is_old(partial / name):
                            break
                        (partial / name).unlink(missing_ok=True)
                if part.width == WIDTH:
                    partial.rmdir()

    def drop_entries(self, up_to: int) -> int:
        """Delete the bundles all of whose entries are before an index; how many files. Safe to repeat."""
        count = 0
        for path in (self._folder / _ENTRIES).rglob("*"):
            if path.is_file():
                with suppress(Malformed):  # what is being written beside
                    part = parsed(path.relative_to(self._folder).as_posix())
                    if (part.index + 1) * WIDTH <= up_to:
                        path.unlink(missing_ok=True)
                        count += 1
        return count

    def _write(self, path: str, content: bytes) -> None:
        """Written beside and renamed, so that nobody reads half of it."""
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
        try:
            with beside.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


def _narrowest_first(partial: Path) -> list[str]:
    """Return the names of files in a folder of partial tiles, last what somebody who died has left there."""
    with os.scandir(partial) as entries:
        return sorted((each.name for each in entries), key=lambda name: int(name) if name.isdecimal() else WIDTH)


def _is_old(path: Path) -> bool:
    return path.stat().st_mtime < time.time() - _KEPT_SECONDS
