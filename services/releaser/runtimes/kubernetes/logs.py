"""What the pods of an app write. A pod is of one release, whose values alone can be in its log. Must not mask."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from services.releaser.cluster import Cluster
from services.releaser.cluster_errors import Away, ClusterError
from services.releaser.domain import AppKey
from services.releaser.manifests import Place, selector_of
from services.releaser.runtimes.kubernetes.pods import Object, release_of, running
from services.releaser.runtimes.protocol import Written

_LOOK_EVERY_SECONDS: Final = 2.0
_MOST_BYTES: Final = 4 * 1024 * 1024
"""How much is read of one pod's log: as many lines as can be asked for, each as long as it may be shown."""
_MOST_WAITING: Final = 200
"""How many lines may wait for who reads them; the pods' logs are read no faster."""


@dataclass
class _Reader:
    """What reads one pod's log; `ended` is when the reading stopped, in seconds of a clock that only goes on."""

    task: "asyncio.Task[None]"
    ended: float | None = None


async def written(cluster: Cluster, place: Place, key: AppKey, *, lines: int, follow: bool) -> AsyncIterator[Written]:
    """Yield the last lines of each pod and, with `follow`, what they write from then on. Raises ClusterError."""
    if follow:
        async for each in _Following(cluster, place, key, lines).run():
            yield each
        return
    for index, pod in enumerate(await _pods(cluster, place, key), 1):
        with suppress(ClusterError):  # its container has not started, or it has just gone
            text = await cluster.last_words(
                place.namespace, pod["metadata"]["name"], container=place.container, lines=lines, most=_MOST_BYTES
            )
            # What follows the last line's end is not whole, or was cut.
            if whole := text.split("\n")[:-1]:
                yield _written(index, pod, [line.removesuffix("\r") for line in whole])


async def _pods(cluster: Cluster, place: Place, key: AppKey) -> Sequence[Object]:
    return running(await cluster.pods(place.namespace, selector=selector_of(key)))


def _written(index: int, pod: Object, lines: Sequence[str]) -> Written:
    return Written(index=index, releases=(release_of(pod),), lines=tuple(lines))


class _Following:
    """Reads the logs of all pods side by side, of new ones from when they are there."""

    def __init__(self, cluster: Cluster, place: Place, key: AppKey, lines: int) -> None:
        self._cluster = cluster
        self._place = place
        self._key = key
        # Of the pods there are at first; all that a later one writes comes after the question.
        self._lines: int | None = lines
        self._found: asyncio.Queue[Written] = asyncio.Queue(_MOST_WAITING)
        self._readers: dict[str, _Reader] = {}

    async def run(self) -> AsyncIterator[Written]:
        looking: asyncio.Task[Any] = asyncio.ensure_future(self._look())
        coming: asyncio.Task[Written] = asyncio.ensure_future(self._found.get())
        try:
            while True:
                done, _ = await asyncio.wait({looking, coming}, return_when=asyncio.FIRST_COMPLETED)
                if coming in done:
                    yield coming.result()
                    coming = asyncio.ensure_future(self._found.get())
                if looking in done:
                    looking.result()  # ends with an error alone
        finally:
            tasks = [looking, coming, *(reader.task for reader in self._readers.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        """Begin to read each pod's log, and again where its reading ended and it is still there. Raises Away."""
        while True:
            for index, pod in enumerate(await _pods(self._cluster, self._place, self._key), 1):
                name = pod["metadata"]["name"]
                reader = self._readers.get(name)
                if reader is None or reader.task.done():
                    self._readers[name] = self._begin(index, pod, reader)
            self._lines = None
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def _begin(self, index: int, pod: Object, before: _Reader | None) -> _Reader:
        since = None
        if before is not None and before.ended is not None:
            since = math.ceil(time.monotonic() - before.ended) + 1
        return _Reader(asyncio.ensure_future(self._read(index, pod, lines=self._lines, since=since)))

    async def _read(self, index: int, pod: Object, *, lines: int | None, since: int | None) -> None:
        name = pod["metadata"]["name"]
        began = False
        with suppress(Away, ClusterError):  # its container has not started, or has ended: looked at again
            async for line in self._cluster.follow_words(
                self._place.namespace, name, container=self._place.container, lines=lines, since_seconds=since
            ):
                began = True
                await self._found.put(_written(index, pod, [line.decode("utf-8", "replace").removesuffix("\r")]))
        if began or since is not None:
            self._readers[name].ended = time.monotonic()
