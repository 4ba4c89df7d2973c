"""What may happen to an app next, from how it stands. Pure; must not know SQL or a runtime."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.releaser.domain import Release, State, Versions
from services.releaser.runtimes.protocol import Progress

# Where the last release stood for so many, the app is changed by a program, faster than it can be released. Restarting
# its instances every second would keep them from ever getting warm, so its releases start so many times further apart.
_CROWD: Final = 5
_FURTHER_APART: Final = 3.0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an app stands when its next step is chosen. `open_releases` are unfinished or to be undone, oldest first; of
    those that are queued, the newest alone.

    `since_start` is how long ago, in seconds, one of its releases started; None where none has. `stood_for` is how many
    that release was, with those it took the place of. An app is not `settled` while there may be orders for it that
    named no version.
    """

    removal: bool
    open_releases: Sequence[Release]
    since_start: float | None
    stood_for: int = 1
    settled: bool = True


@dataclass(frozen=True, kw_only=True)
class Step:
    """What to do with an app next."""


@dataclass(frozen=True, kw_only=True)
class Nothing(Step):
    """Nothing is open."""


@dataclass(frozen=True, kw_only=True)
class Remove(Step):
    """The app was destroyed: stop it and end its queue."""


@dataclass(frozen=True, kw_only=True)
class Wait(Step):
    """A release started a moment ago; what comes in meanwhile is released together."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Undo(Step):
    """A release failed: settle what becomes of its change."""

    release: Release


@dataclass(frozen=True, kw_only=True)
class Run(Step):
    """Bring about a release; those queued before it end with it. `resumed` where it had been started before."""

    release: Release
    resumed: bool = False


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a release came out: `succeeded` or `failed`, a sentence about why, and how far it was; None: as written.

    `output` is the end of what a failing instance wrote, values masked. Of one that is `untouched` nothing was applied.
    A shared group's is `stopped_by` the app whose release failed.
    """

    release: Release
    state: State
    message: str = ""
    progress: Progress | None = None
    output: str = ""
    untouched: bool = False
    stopped_by: str | None = None


def choose_step(standing: Standing, *, spacing_seconds: float) -> Step:
    """Return what to do next. One release at a time: what was begun is finished first, then the newest is taken.

    The newest has at least the versions of all that are queued before it, so it may take their place. What it was
    queued with does not count in an app that is not settled.
    """
    if standing.removal:
        return Remove()
    for release in standing.open_releases:
        if release.undo_due:
            return Undo(release=release)
        if release.state is State.RUNNING:
            return Run(release=release, resumed=True)
    if not standing.open_releases:
        return Nothing()
    spacing = spacing_seconds * (_FURTHER_APART if standing.stood_for >= _CROWD else 1.0)
    if standing.since_start is not None and standing.since_start < spacing:
        return Wait(seconds=spacing - standing.since_start)
    newest = standing.open_releases[-1]
    return Run(release=newest if standing.settled else replace(newest, versions=Versions()))
