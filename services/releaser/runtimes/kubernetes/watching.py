"""What happens to the apps' Deployments, as it happens: one watch for each namespace, shared by all who wait.

Of each Deployment the newest standing is kept, and nothing else of the object.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

import structlog

from paaskit.logs import describe_exception
from paaskit.wakeups import Wakeup, Wakeups
from services.releaser.cluster import Cluster, Object
from services.releaser.cluster_errors import ClusterError
from services.releaser.manifests import MANAGED_BY, MANAGED_BY_LABEL
from services.releaser.runtimes.kubernetes.standing import Standing, standing_of

log = structlog.get_logger()

_OURS: Final = f"{MANAGED_BY_LABEL}={MANAGED_BY}"
_FIRST_BACKOFF_SECONDS: Final = 0.5
_LONGEST_BACKOFF_SECONDS: Final = 15.0

Changed = Callable[[Object], None]
"""Is told of each Deployment of ours whose spec has changed since it was last seen, and must return at once."""


class Watching:
    """Watches the namespaces that it is told of, for as long as it runs."""

    def __init__(self, cluster: Cluster, *, changed: Changed) -> None:
        self._cluster = cluster
        self._told = changed
        self._namespaces: dict[str, asyncio.Task[None]] = {}
        self._standings: dict[str, Standing] = {}
        self._news = Wakeups[str]()

    def begin(self, namespace: str) -> None:
        """Have a namespace watched; without effect where it is."""
        if namespace not in self._namespaces:
            self._namespaces[namespace] = asyncio.create_task(self._watch(namespace))

    async def close(self) -> None:
        """Stop watching."""
        for task in self._namespaces.values():
            task.cancel()
        await asyncio.gather(*self._namespaces.values(), return_exceptions=True)
        self._namespaces.clear()

    def newest(self, uid: str) -> Standing | None:
        """Return how a Deployment was when it was last seen; None where it never was, or is gone."""
        return self._standings.get(uid)

    def note(self, deployment: Object) -> None:
        """Take in a Deployment as it was just answered.

        Of a generation before the newest nothing is taken in: a watch may lag behind the answer to a write, and what it
        still says of before, which is complete, is not how the write came out.
        """
        standing = standing_of(deployment)
        known = self._standings.get(standing.uid)
        if known is not None and standing.generation < known.generation:
            return
        self._standings[standing.uid] = standing
        self._news.announce(standing.uid)
        if known is None or known.generation != standing.generation or standing.complete != known.complete:
            self._told(deployment)

    def expect(self, uid: str) -> AbstractContextManager[Wakeup]:
        """Give what happens each time there is news of a Deployment."""
        return self._news.expect(uid)

    async def _watch(self, namespace: str) -> None:
        backoff = _FIRST_BACKOFF_SECONDS
        since = ""
        while True:
            try:
                if not since:
                    found, since = await self._cluster.deployments(namespace, selector=_OURS)
                    self._drop_others(namespace, {deployment["metadata"]["uid"] for deployment in found})
                    for deployment in found:
                        self.note(deployment)
                async for kind, deployment in self._cluster.watch_deployments(namespace, selector=_OURS, since=since):
                    since = deployment["metadata"]["resourceVersion"]
                    backoff = _FIRST_BACKOFF_SECONDS
                    if kind == "DELETED":
                        self._drop(deployment)
                    elif kind != "BOOKMARK":
                        self.note(deployment)
            except ClusterError as error:
                # Whatever was missed meanwhile is in the list that a new watch begins with.
                since = ""
                log.info("watch_begins_anew", namespace=namespace, code=error.code, reason=error.reason)
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, _LONGEST_BACKOFF_SECONDS)
            except Exception as error:
                since = ""
                log.error("watch_failed", namespace=namespace, **describe_exception(error))
                await asyncio.sleep(_LONGEST_BACKOFF_SECONDS)

    def _drop(self, deployment: Object) -> None:
        uid = deployment["metadata"]["uid"]
        self._standings.pop(uid, None)
        self._news.announce(uid)

    def _drop_others(self, namespace: str, there: set[str]) -> None:
        """Forget those of a namespace that went while nobody watched."""
        for uid, standing in list(self._standings.items()):
            if standing.namespace == namespace and uid not in there:
                del self._standings[uid]
                self._news.announce(uid)
