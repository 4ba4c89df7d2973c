"""The Kubernetes runtime behind a proxy that does what busy and broken API servers do, with a database of its own.

It has the releaser's own account, whose token the proxy passes on.
"""

import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from paaskit.db import Database
from paaskit.redact import Plaintext
from services.releaser.domain import AppKey, Spec
from services.releaser.runtimes.kubernetes.runtime import KubernetesRuntime
from services.releaser.runtimes.protocol import DesiredRelease
from services.releaser.store.placements import PlacementStore
from tests.fixtures.tls import Certificates
from tests.kubernetes.cluster.cluster import Cluster
from tests.kubernetes.cluster.images.own import DEMO
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.faults.behind import behind, standing_before
from tests.kubernetes.faults.proxy import Proxy
from tests.kubernetes.runtime import runtime_with


@dataclass
class Stand:
    """A runtime, and an app of no instances unless a test says otherwise."""

    runtime: KubernetesRuntime
    placements: PlacementStore
    proxy: Proxy
    cluster: Cluster
    namespace: str
    key: AppKey
    known: dict[int, DesiredRelease]

    def desired(self, release: int, *, instances: int = 0, **variables: str) -> DesiredRelease:
        """What a release is to bring about, and did where it has to be gone back to."""
        self.known[release] = DesiredRelease(
            key=self.key,
            app="web",
            release=release,
            spec=Spec(image=DEMO, instances=instances, health_path="/health"),
            variables={name: Plaintext(value) for name, value in variables.items()},
        )
        return self.known[release]

    def found(self, kind: str, name: str) -> dict[str, Any]:
        """An object as it is in the cluster."""
        return self.cluster.get(kind, name, namespace=self.namespace)

    def value_of(self, release: int, name: str) -> str:
        """What the Secret of a release has."""
        return base64.b64decode(self.found("secret", f"web-env-v{release}")["data"][name]).decode()


@pytest.fixture
def tenant(control_plane: ControlPlane) -> Iterator[str]:
    """A tenant with a namespace."""
    name = f"t{uuid4().hex[:8]}"
    with control_plane.tenant(name):
        yield name


@pytest.fixture
async def before(control_plane: ControlPlane, tls: Certificates) -> AsyncIterator[Proxy]:
    """The proxy."""
    async with standing_before(control_plane, tls) as found:
        yield found


@pytest.fixture
def kubeconfig(before: Proxy, control_plane: ControlPlane, tls: Certificates, tmp_path: Path) -> Path:
    """What leads to it, with the releaser's account."""
    return behind(before, control_plane, tls, file=tmp_path / "kubeconfig")


@pytest.fixture
async def stand(
    cluster: Cluster, tenant: str, database: Database, before: Proxy, kubeconfig: Path
) -> AsyncIterator[Stand]:
    known: dict[int, DesiredRelease] = {}

    async def source(_: AppKey, release: int) -> DesiredRelease:
        return known[release]

    async with runtime_with(kubeconfig, database, source=source) as runtime:
        key = AppKey(tenant=tenant, app_id=uuid4().hex)
        yield Stand(runtime, PlacementStore(database), before, cluster, f"tenant-{tenant}", key, known)
