"""Which of a shared group's releases lie between two of an app, however long ago they were.

A release is ordered with the greatest versions that there were, and numbers have no gap, so one is found by halves.
Must not know how releases are asked for.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from paas.releaser.v1.releaser_pb2 import Release

from dashboard.releases.shared import Moved, is_later, is_new

# There are more in between where an app was not released for long; the newest of them are looked at.
_MOST: Final = 100
_AT_ONCE: Final = 10

Newest = Callable[[], Awaitable[Sequence[Release]]]
"""Asks for the group's newest releases, the newest first."""
Numbered = Callable[[Sequence[int]], Awaitable[Sequence[Release]]]
"""Asks for those of these numbers, in their order."""


@dataclass(frozen=True, kw_only=True)
class Between:
    """A group's releases in between, the newest first, and whether they are all."""

    releases: Sequence[Release]
    is_whole: bool


async def between(group: Moved, *, newest: Newest, numbered: Numbered) -> Between:
    """Return the releases of a group that an app's later release has something of, and its earlier has not.

    Asks once where they are among the newest. Else for as many as it takes to find them by halves, and then for them.
    """
    listed = await newest()
    found = [each for each in listed if not is_later(each, group)]
    top = listed[-1].number - 1 if listed else 0
    if not found:
        top = await _last_that_is_not_later(group, top, numbered)
    # One more than are told of says whether there is one.
    while top > 0 and len(found) <= _MOST and (not found or is_new(found[-1], group)):
        count = min(_AT_ONCE, top, _MOST + 1 - len(found))
        found += await numbered(range(top, top - count, -1))
        top -= count
    new = [each for each in found if is_new(each, group)]
    return Between(releases=new[:_MOST], is_whole=len(new) <= _MOST)


async def _last_that_is_not_later(group: Moved, top: int, numbered: Numbered) -> int:
    """The greatest number up to `top` of a release that has nothing that the app's lacks; 0 where there is none."""
    low, high = 0, top + 1
    while high - low > 1:
        middle = (low + high) // 2
        (release,) = await numbered([middle])
        if is_later(release, group):
            high = middle
        else:
            low = middle
    return low
