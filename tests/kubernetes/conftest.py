"""A cluster for the session: the one that KUBECONFIG names, or one of ours on this machine.

What is missing for one of ours makes tests skip with the reason, and with PAAS_REQUIRE_KUBERNETES=1, as in CI, fail.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from local.failures import LocalFailure
from paaskit.db import Database
from tests.e2e.installation import Installation, Paas
from tests.fixtures.postgres import Databases
from tests.kubernetes.cluster.build import ensure_built
from tests.kubernetes.cluster.cluster import Cluster
from tests.kubernetes.cluster.machine import needs
from tests.kubernetes.cluster.machine.pods import container_ids, environment, processes
from tests.kubernetes.control_plane import ControlPlane, installed_in
from tests.kubernetes.kubectl import Kubectl
from tests.kubernetes.product import installed_beside

EnvironOf = Callable[..., dict[str, str]]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster that takes pods."""
    if given := os.environ.get("KUBECONFIG"):
        yield Cluster(Path(given))
        return
    require_own_cluster()
    with Cluster.temporary() as found:
        yield found


def require_own_cluster() -> None:
    """Skip, or fail where it is required, unless this machine can run a cluster."""
    try:
        needs.ensure()
        ensure_built()
    except LocalFailure as failure:
        if os.environ.get("PAAS_REQUIRE_KUBERNETES") == "1":
            pytest.fail(str(failure))
        pytest.skip(str(failure))


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace of the test's own, in which pods have an identity; removed with all that is in it."""
    name = f"test-{uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    try:
        cluster.kubectl("wait", "--for=create", "serviceaccount/default", "-n", name, "--timeout=90s")
        yield name
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def environ_of(cluster: Cluster) -> EnvironOf:
    """`environ_of(namespace, pod)`: what the kernel has as the environment of the pod's first process.

    Of a pod with several containers, `container` says whose: which is started first is nobody's promise.
    """
    if cluster.layout is None:
        pytest.skip("KUBECONFIG names another cluster, whose processes are not on this machine.")

    def look(namespace: str, pod: str, *, container: str = "") -> dict[str, str]:
        found = processes(container_ids(cluster.get("pod", pod, namespace=namespace), container=container))
        assert found, f"the pod {pod} has no process"
        return environment(found[0])

    return look


@pytest.fixture(scope="session")
def kubectl(request: pytest.FixtureRequest) -> Kubectl:
    """An administrator's, which needs no program of ours where KUBECONFIG names a cluster."""
    if given := os.environ.get("KUBECONFIG"):
        return Kubectl(Path(given))
    return Kubectl(request.getfixturevalue("cluster").kubeconfig)


@pytest.fixture(scope="session")
async def control_plane(kubectl: Kubectl) -> AsyncIterator[ControlPlane]:
    """The cluster with what deploy/ puts into it, and one tenant."""
    async with installed_in(kubectl) as found:
        yield found


@pytest.fixture(scope="session")
def installation(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The services on this machine, whose apps run in the cluster."""
    kubeconfig = control_plane.kubeconfig(tmp_path_factory.mktemp("installation") / "releaser.kubeconfig")
    with installed_beside(kubeconfig) as found:
        yield found


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """An empty one of a releaser's, for a runtime without the services around it."""
    async with databases.open("releaser") as opened:
        yield opened


@pytest.fixture(scope="session")
def ada(installation: Installation) -> Paas:
    """`paas` as an admin of the tenant, no app chosen."""
    return installation.person()
