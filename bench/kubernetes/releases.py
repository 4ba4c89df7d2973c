"""Our releases there: sixteen apps that change at once, and how soon one change is in its Deployment."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.kubernetes.raw import IMAGE
from bench.platform import Bench, sign_in
from services.releaser.cluster import Cluster
from services.releaser.manifests import APP_LABEL, MANAGED_BY, MANAGED_BY_LABEL, RELEASE_LABEL

APPS = 16
APP = "web"


def tenant(number: int) -> str:
    """Each app is a tenant's of its own, so that no share of a tenant is what is measured."""
    return f"bench{number}"


@dataclass
class OurApps:
    """One app without instances for each tenant: a release of it is over once its Deployment says what it should."""

    bench: Bench
    _tokens: Sequence[str]
    _rounds: int = 0

    @classmethod
    def of(cls, bench: Bench) -> "OurApps":
        """Sign an admin of each tenant in; there are no apps yet."""
        return cls(bench, [sign_in(bench.stack, tenant=tenant(number)) for number in range(APPS)])

    async def create(self) -> None:
        """Make them, and have the first release of each over."""
        for token in self._tokens:
            number = await self.bench.create_app(APP, image=IMAGE, token=token)
            await self.bench.until_released(APP, number, token=token)

    async def all_at_once(self) -> float:
        """Change every app at once; the seconds until all are released."""
        self._rounds += 1
        start = time.perf_counter()
        await asyncio.gather(*map(self._change, self._tokens))
        return time.perf_counter() - start

    async def _change(self, token: str) -> None:
        release = await self.bench.set_vars(APP, {"ROUND": str(self._rounds)}, token=token)
        await self.bench.until_released(APP, release, token=token)

    async def until_patched(self, watch: "Watch") -> float:
        """Change the first app; the seconds from the acknowledgement until the API server tells of its Deployment."""
        self._rounds += 1
        release = await self.bench.set_vars(APP, {"ROUND": str(self._rounds)}, token=self._tokens[0])
        acknowledged = time.perf_counter()
        return max(0.0, await watch.seen(release) - acknowledged)

    async def many(self, count: int) -> None:
        """Make so many more apps of the first tenants, and have all be released."""
        room = asyncio.Semaphore(APPS)

        async def make(index: int) -> None:
            async with room:
                name, token = f"many-{index}", self._tokens[index % APPS]
                number = await self.bench.create_app(name, image=IMAGE, token=token)
                await self.bench.until_released(name, number, token=token)

        await asyncio.gather(*map(make, range(count)))


class Watch:
    """When the API server told of each release of the first tenant's app."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._seen: dict[int, float] = {}
        self._news = asyncio.Condition()

    async def run(self) -> None:
        """Watch until cancelled."""
        selector = f"{MANAGED_BY_LABEL}={MANAGED_BY},{APP_LABEL}={APP}"
        _, since = await self._cluster.deployments(self._namespace, selector=selector)
        while True:
            async for _, found in self._cluster.watch_deployments(self._namespace, selector=selector, since=since):
                since = found["metadata"]["resourceVersion"]
                labels = found.get("spec", {}).get("template", {}).get("metadata", {}).get("labels", {})
                async with self._news:
                    self._seen.setdefault(int(labels.get(RELEASE_LABEL, 0)), time.perf_counter())
                    self._news.notify_all()

    async def seen(self, release: int) -> float:
        """Return when the release was seen first, by the clock of `time.perf_counter`."""
        async with self._news:
            await self._news.wait_for(lambda: release in self._seen)
        return self._seen[release]


def namespaces(prefix: str = "tenant-") -> Sequence[str]:
    """Return the names that the tenants' namespaces have."""
    return [f"{prefix}{tenant(number)}" for number in range(APPS)]
