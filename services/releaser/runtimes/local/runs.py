"""Which releases may have written which part of an instance's log, whose file all of its processes append to.

What a process writes may hold values of its release, and is shown with these masked: so it has to be known of every
part that is shown who may have written it. Offsets are in bytes. Pure; standard library only, as `record` is.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Run:
    """The processes of one release, one after the other: where they began to write, and where they had all ended."""

    release: int
    start: int
    end: int | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a log, from the first line that begins at `start` or after.

    `releases` are those that may have written in it, the newest last.
    """

    start: int
    releases: tuple[int, ...]


class Runs:
    """The runs of one app's instances by index, as far as what they wrote may be shown."""

    def __init__(self, known: Mapping[int, Iterable[Run]]) -> None:
        self._runs = {index: list(runs) for index, runs in known.items()}

    def known(self) -> dict[int, tuple[Run, ...]]:
        """Return what is written down of them."""
        return {index: tuple(runs) for index, runs in self._runs.items()}

    def begin(self, index: int, release: int, *, size: int) -> None:
        """Note that a process is about to be started, with a log of `size` bytes. One that was mended goes on."""
        runs = self._runs.setdefault(index, [])
        if runs and runs[-1].release == release:
            runs[-1] = replace(runs[-1], end=None)
        else:
            runs.append(Run(release=release, start=size))
        self._runs[index] = _shown(runs)

    def end(self, index: int, release: int, *, size: int) -> None:
        """Note that no process of this release writes any more, now that the log has `size` bytes."""
        runs = self._runs.get(index, [])
        self._runs[index] = _shown(
            [replace(run, end=size) if run.release == release and run.end is None else run for run in runs]
        )

    def shortened(self, index: int, *, size: int) -> None:
        """Note that a log was emptied and has `size` bytes by now, of whomever had not ended before.

        It may have been within a line, so nothing is shown before the first one's end.
        """
        self._runs[index] = [
            replace(run, start=1, end=None if run.end is None else size) for run in self._runs.get(index, [])
        ]

    def running(self) -> set[tuple[int, int]]:
        """Return index and release of those that have not ended."""
        return {(index, run.release) for index, runs in self._runs.items() for run in runs if run.end is None}

    def forget(self, indexes: Collection[int]) -> None:
        """Forget all but these indexes."""
        self._runs = {index: runs for index, runs in self._runs.items() if index in indexes}


def part_of(runs: Iterable[Run]) -> Part | None:
    """Return what may be shown of a log, None where nothing is known of it."""
    kept = list(runs)
    if not kept:
        return None
    return Part(start=_start(kept), releases=tuple(dict.fromkeys(run.release for run in kept)))


def _start(runs: list[Run]) -> int:
    return min(run.start for run in [*(run for run in runs if run.end is None), runs[-1]])


def _shown(runs: list[Run]) -> list[Run]:
    """Leave out those that had ended before what is shown begins."""
    if not runs:
        return runs
    start = _start(runs)
    return [run for run in runs if run is runs[-1] or run.end is None or run.end > start]
