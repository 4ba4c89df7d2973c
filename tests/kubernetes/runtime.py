"""The Kubernetes runtime alone, without the services around it, over a database of the releaser's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from paaskit.db import Database
from paaskit.trail import Trail
from services.releaser.cluster import Cluster
from services.releaser.runtimes.kubernetes.runtime import KubernetesRuntime
from services.releaser.runtimes.protocol import ReleaseSource
from services.releaser.store.drifts import DriftStore
from services.releaser.store.placements import PlacementStore


@asynccontextmanager
async def runtime_with(
    kubeconfig: Path, database: Database, *, source: ReleaseSource, prefix: str = "tenant-"
) -> AsyncIterator[KubernetesRuntime]:
    """One that reaches a cluster by a kubeconfig, until the end of the block. What it tells audit goes nowhere."""
    async with grpc.aio.insecure_channel("127.0.0.1:1") as nobody:
        runtime = KubernetesRuntime(
            await Cluster.connect(str(kubeconfig)),
            PlacementStore(database),
            DriftStore(database, Trail(database, nobody)),
            source=source,
            namespace_prefix=prefix,
            ready_timeout=60,
            grace=2,
        )
        try:
            yield runtime
        finally:
            await runtime.close()
