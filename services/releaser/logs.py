"""What an app's instances write, for who may change releases: the values of its variables are masked in every line.

A line is given away only once the values of every release that may have written it are known, so that where config or
secrets can't be reached nothing is. Values are fetched for one call and kept no longer than it lasts.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from paaskit.access import AppRef
from paaskit.errors import InvalidInput, Refused, Unavailable
from paaskit.wakeups import Wakeups
from services.releaser.apps import Apps
from services.releaser.domain import AppKey
from services.releaser.runtimes.output import Mask
from services.releaser.runtimes.protocol import ReleaseSource, Runtime, RuntimeAway, Written
from services.releaser.work.states import GROUP_GONE
from services.releaser.work.waiting import Waiting

MOST_LINES: Final = 1000
_DEFAULT_LINES: Final = 100
_LONGEST_LINE: Final = 4_000
_LOOK_EVERY_SECONDS: Final = 0.5
_LEFT_OUT: Final = "(Left out: a shared group was destroyed since, and what to mask in these lines with it.)"


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which lines are asked for. `lines` of each instance at the most, None for as many as usual; `instance` 0 for all.

    With `follow`, what is written from then on as well.
    """

    app: AppRef
    lines: int | None = None
    instance: int = 0
    follow: bool = False


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Lines of one instance, the oldest first, values masked. `release` is the newest that may have written them."""

    instance: int
    release: int
    lines: tuple[str, ...]


class Logs:
    """Reads what instances write. `source` gives the values to mask."""

    def __init__(self, apps: Apps, runtime: Runtime, source: ReleaseSource, *, wakeups: Wakeups[AppKey]) -> None:
        self._apps = apps
        self._runtime = runtime
        self._source = source
        self._wakeups = wakeups

    async def read(self, question: Question) -> AsyncIterator[Lines]:
        """Yield what is asked for.

        Raises InvalidInput, NotFound, Refused for a shared group, and Unavailable, also where the server stops.
        """
        lines = _DEFAULT_LINES if question.lines is None else question.lines
        if not 0 <= lines <= MOST_LINES:
            raise InvalidInput(f"At most {MOST_LINES} lines can be asked for.")
        key = await self._apps.find_app(question.app)
        mask = Mask()
        written = self._runtime.written(key, lines=lines, follow=question.follow)
        try:
            async for each in self._until_stopped(written):
                if question.instance not in (0, each.index):
                    continue
                yield await self._shown(key, each, mask)
        except RuntimeAway as away:
            raise Unavailable(f"{away.name} can't be reached now. Try again in a moment.") from None
        except Waiting as waiting:
            raise Unavailable(
                f"{waiting.what} can't be reached now, so it is not known what to mask. Try again in a moment."
            ) from None

    async def _shown(self, key: AppKey, written: Written, mask: Mask) -> Lines:
        """Return lines as they may be shown, once every value that may be in them is known."""
        try:
            for release in written.releases:
                if release not in mask.releases:
                    mask.add(await self._source(key, release))
        except Refused as refused:
            if refused.reason != GROUP_GONE:
                raise
            return _left_out(written)
        return _shown(written, mask)

    async def _until_stopped(self, written: AsyncIterator[Written]) -> AsyncIterator[Written]:
        """Yield what is written. Raises Unavailable once the server stops, whether or not anything is written."""
        coming: asyncio.Task[Written | None] | None = None
        try:
            while not self._wakeups.closed:
                coming = coming or asyncio.ensure_future(_next(written))
                done, _ = await asyncio.wait({coming}, timeout=_LOOK_EVERY_SECONDS)
                if not done:
                    continue
                each, coming = coming.result(), None
                if each is None:
                    return
                yield each
        finally:
            if coming is not None:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
        raise Unavailable("The releaser is stopping. Ask again in a moment.", metadata={"service": "releaser"})


async def _next(written: AsyncIterator[Written]) -> Written | None:
    return await anext(written, None)


def _shown(written: Written, mask: Mask) -> Lines:
    lines: Sequence[str] = [mask.applied(line)[:_LONGEST_LINE] for line in written.lines]
    return Lines(instance=written.index, release=written.releases[-1], lines=tuple(lines))


def _left_out(written: Written) -> Lines:
    return Lines(instance=written.index, release=written.releases[-1], lines=(_LEFT_OUT,) if written.lines else ())
