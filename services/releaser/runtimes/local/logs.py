"""What the instances of an app wrote, read from their logs as it is written. Must not mask: who shows it does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.releaser.domain import AppKey
from services.releaser.runtimes.local.record import log_of, read_records
from services.releaser.runtimes.local.runs import Part, part_of
from services.releaser.runtimes.protocol import Written

_LOOK_EVERY_SECONDS: Final = 0.5
_MOST_BYTES: Final = 65_536
"""How much is read of one log at a time; what is older is left out."""


@dataclass
class _Position:
    """How far a log was read, and the line that is not whole yet.

    With `is_cut` what comes next may be the rest of a line, and begin with the rest of a value that nobody would find.
    """

    offset: int
    rest: bytes = b""
    is_cut: bool = False


async def written(root: Path, key: AppKey, *, lines: int, follow: bool) -> AsyncIterator[Written]:
    """Yield the last lines that each instance wrote and, with `follow`, what they write from then on, for ever."""
    positions: dict[int, _Position] = {}
    first = True
    while True:
        for each in await asyncio.to_thread(_read, root, key, positions, lines if first else None):
            yield each
        if not follow:
            return
        first = False
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _read(root: Path, key: AppKey, positions: dict[int, _Position], most: int | None) -> list[Written]:
    found = dict[int, list[str]]()
    before = _parts(root, key)
    for index, (folder, part) in before.items():
        with suppress(OSError):  # it writes nothing yet, or its app goes
            lines = _lines(log_of(folder, index), positions.setdefault(index, _begin(part)))
            found[index] = lines if most is None else lines[max(0, len(lines) - most) :]
    # Whoever writes is written down before it does: what was read may be of a release that has just begun.
    after = _parts(root, key)
    return [
        Written(index=index, releases=_releases(before[index][1], after.get(index)), lines=tuple(lines))
        for index, lines in found.items()
        if lines
    ]


def _parts(root: Path, key: AppKey) -> dict[int, tuple[Path, Part]]:
    """Return the folder of the logs, and what may be shown of each, by instance."""
    found = {}
    for path, record in read_records(root):
        if (record.tenant, record.app_id) == (key.tenant, key.app_id):
            for index, runs in sorted(record.runs.items()):
                if (part := part_of(runs)) is not None:
                    found[index] = path.parent, part
    return found


def _releases(part: Part, later: tuple[Path, Part] | None) -> tuple[int, ...]:
    return tuple(dict.fromkeys((*part.releases, *(later[1].releases if later else ()))))


def _begin(part: Part) -> _Position:
    """Begin where the part does, but for a line that had begun before: with the byte before, a line's end or not."""
    return _Position(max(0, part.start - 1), is_cut=part.start > 0)


def _lines(log: Path, position: _Position) -> list[str]:
    """Return the lines that are new and whole. One of more than 64 KiB is left out."""
    with log.open("rb") as file:
        size = log.stat().st_size
        if position.offset > size:  # it was emptied, maybe within a line
            position.offset, position.rest, position.is_cut = 0, b"", True
        if size - position.offset > _MOST_BYTES:
            position.offset, position.rest, position.is_cut = size - _MOST_BYTES, b"", True
        file.seek(position.offset)
        text = position.rest + file.read(_MOST_BYTES)
        position.offset = file.tell()
    if position.is_cut:
        _, end, text = text.partition(b"\n")
        position.is_cut = not end
    *whole, position.rest = text.split(b"\n")
    if len(position.rest) >= _MOST_BYTES:
        position.rest, position.is_cut = b"", True
    return [line.decode("utf-8", "replace").removesuffix("\r") for line in whole]
