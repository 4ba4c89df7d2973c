"""A rollout is followed to its end: until every instance runs as it should, or it is sure enough that they won't.

Must not write to the cluster.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.releaser.cluster import MOST_WORDS, Cluster, Object
from services.releaser.cluster_errors import Away
from services.releaser.manifests import Place, selector_of
from services.releaser.runtimes.kubernetes.pods import Trouble, of_release, trouble_of
from services.releaser.runtimes.kubernetes.standing import Standing
from services.releaser.runtimes.kubernetes.watching import Watching
from services.releaser.runtimes.protocol import ApplyFailed, DesiredRelease, Progress, Report

_LOOK_EVERY_SECONDS: Final = 3.0
_LOOK_AGAIN_AFTER_SECONDS: Final = 5.0
_LINES: Final = 20


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A rollout that is under way: the Deployment's uid, its generation with the change, and how long it may take."""

    desired: DesiredRelease
    place: Place
    uid: str
    generation: int
    patience: float


class Follower:
    """Follows rollouts by what `watching` sees; looks at pods only where nothing goes on."""

    def __init__(self, cluster: Cluster, watching: Watching) -> None:
        self._cluster = cluster
        self._watching = watching

    async def follow(self, followed: Followed, report: Report) -> None:
        """Return once it is complete. Raises ApplyFailed, or Away where what is there is not what was applied."""
        clock = asyncio.get_running_loop().time
        deadline, moved_at = clock() + followed.patience, clock()
        troubled: dict[str, float] = {}
        told: Progress | None = None
        with self._watching.expect(followed.uid) as news:
            while True:
                standing = self._standing(followed)
                if standing.progress != told:
                    told, moved_at = standing.progress, clock()
                    await report(told)
                if standing.complete:
                    return
                if standing.paused:
                    raise ApplyFailed(_paused(followed.place))
                still = clock() - moved_at
                if (late := clock() >= deadline) or still >= _LOOK_EVERY_SECONDS:
                    await self._look_for_trouble(followed, standing, troubled, late=late)
                if still >= _LOOK_AGAIN_AFTER_SECONDS:
                    await self._look_again(followed)
                await news.wait(_LOOK_EVERY_SECONDS)

    def _standing(self, followed: Followed) -> Standing:
        standing = self._watching.newest(followed.uid)
        if standing is None:
            raise Away(reason="Deleted")
        if standing.generation > followed.generation and standing.release != followed.desired.release:
            raise Away(reason="Changed")
        return standing

    async def _look_again(self, followed: Followed) -> None:
        """A watch can be silent because nothing happens, or because it is broken and does not know yet."""
        found = await self._cluster.deployment(followed.place.namespace, followed.place.name)
        if found is None or found["metadata"]["uid"] != followed.uid:
            raise Away(reason="Deleted")
        self._watching.note(found)

    async def _look_for_trouble(
        self, followed: Followed, standing: Standing, troubled: dict[str, float], *, late: bool
    ) -> None:
        """Raise ApplyFailed where a pod won't become ready. `troubled` is since when each pod has had which trouble."""
        now = asyncio.get_running_loop().time()
        pods = await self._cluster.pods(followed.place.namespace, selector=selector_of(followed.desired.key))
        release = followed.desired.release
        troubles = [found for pod in of_release(pods, release) if (found := trouble_of(pod)) is not None]
        since = {f"{trouble.pod} {trouble.sentence}": trouble for trouble in troubles}
        for gone in troubled.keys() - since.keys():
            del troubled[gone]
        for key, trouble in since.items():
            if now - troubled.setdefault(key, now) >= trouble.patience:
                await self._fail(followed, f"An instance did not become ready: {trouble.sentence}.", [trouble])
        if late:
            await self._fail(followed, _too_late(followed, standing, troubles, pods), troubles)

    async def _fail(self, followed: Followed, message: str, troubles: Sequence[Trouble]) -> None:
        """Raise ApplyFailed with the end of what the failing container wrote, as far as it can be had."""
        words = ""
        for trouble in troubles[:1]:
            if trouble.container:
                words = await self._last_words(followed.place.namespace, trouble)
        raise ApplyFailed(message, output=words)

    async def _last_words(self, namespace: str, trouble: Trouble) -> str:
        try:
            text = await self._cluster.last_words(
                namespace, trouble.pod, container=trouble.container, lines=_LINES, previous=trouble.previous
            )
        except Exception:  # what it wrote is an aid; that it can't be had is no other failure
            return ""
        # Where it was cut off, its last line may end with the beginning of a value.
        return text.rpartition("\n")[0] if len(text.encode()) >= MOST_WORDS else text


def _paused(place: Place) -> str:
    return (
        f"The Deployment {place.name} is paused, so nothing rolls; "
        f"`kubectl rollout resume -n {place.namespace} deployment/{place.name}` goes on."
    )


def _too_late(followed: Followed, standing: Standing, troubles: Sequence[Trouble], pods: Sequence[Object]) -> str:
    if troubles:
        return f"An instance did not become ready within {followed.patience:g} seconds: {troubles[0].sentence}."
    if standing.refused or not of_release(pods, followed.desired.release):
        return (
            f"No new instance could be made within {followed.patience:g} seconds: a quota or a policy of the namespace "
            f"{followed.place.namespace} refuses its pods."
        )
    check = followed.desired.spec.health_path
    asked = f"did not answer on {check}" if check else "did not become ready"
    return f"An instance {asked} within {followed.patience:g} seconds."
