"""The file: who may read it, rotation, lines that stay whole whatever becomes of a write, and what is no file.

Leaves out power loss: that fdatasync keeps what it says is the system's.
"""

import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.audit.sinks.kinds.file import FileSink
from services.audit.sinks.sink import Undelivered
from tests.integration.audit.sinks.conftest import batch


def _sequences(path: Path) -> list[str]:
    return [json.loads(line)["sequence"] for line in _lines(path)]


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def _half_a_line(path: Path) -> bytes:
    """Leave one there."""
    path.write_bytes(half := b'{"action":"config.s')
    return half


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def _rotate(path: Path) -> Path:
    """Move it away; return where it is."""
    return path.rename(path.with_suffix(".1"))


def _size(path: Path) -> int:
    return path.stat().st_size


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "audit.jsonl"


@contextmanager
def _room_for(bytes_: int) -> Iterator[None]:
    """No file of this process gets longer, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_nobody_else_may_read_it(path: Path) -> None:
    before = os.umask(0)
    try:
        await FileSink(path).deliver(batch())
    finally:
        os.umask(before)
    assert _mode(path) == 0o600


async def test_a_file_that_was_moved_away_is_followed_by_a_new_one(path: Path) -> None:
    sink = FileSink(path)
    await sink.deliver(batch(count=2))
    rotated = _rotate(path)
    await sink.deliver(batch(first=3, count=1))
    assert (_sequences(rotated), _sequences(path)) == (["1", "2"], ["3"])


async def test_a_full_disk_leaves_no_half_line(path: Path) -> None:
    sink = FileSink(path)
    await sink.deliver(batch(count=1))
    size = _size(path)
    with _room_for(size + 100), pytest.raises(Undelivered, match="not_written"):
        await sink.deliver(batch(first=2))
    assert _size(path) == size
    await sink.deliver(batch(first=2, count=1))
    assert _sequences(path) == ["1", "2"]


async def test_half_a_line_of_one_who_died_takes_no_other_along(path: Path) -> None:
    left = _half_a_line(path)
    await FileSink(path).deliver(batch(count=2))
    half, *whole = _lines(path)
    assert half == left
    assert [json.loads(line)["sequence"] for line in whole] == ["1", "2"]


async def test_a_missing_folder_is_named(path: Path) -> None:
    with pytest.raises(Undelivered, match="no_folder"):
        await FileSink(path.parent / "none" / "audit.jsonl").deliver(batch())


async def test_what_is_no_file_is_not_written_to(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(Undelivered, match="not_written"):
        await FileSink(path).deliver(batch())
