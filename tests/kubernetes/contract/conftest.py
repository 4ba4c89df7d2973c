"""A namespace, and what a program in a pod needs to ask what becomes of it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from paaskit.db import Database
from tests.integration.releaser.runtimes.fates import Fates, serving
from tests.integration.releaser.runtimes.ground import KEY
from tests.kubernetes.cluster.cluster import Cluster
from tests.kubernetes.cluster.machine.network import Bridge
from tests.kubernetes.cluster.record import read_record
from tests.kubernetes.contract.ground import PREFIX, KubernetesGround
from tests.kubernetes.control_plane import ControlPlane


@pytest.fixture(scope="module")
def place(control_plane: ControlPlane) -> Iterator[None]:
    """The namespace of the contract's tenant."""
    with control_plane.tenant(KEY.tenant, prefix=PREFIX):
        yield


@pytest.fixture(scope="module")
def node(cluster: Cluster) -> str:
    """The node's address, where pods reach this process."""
    if cluster.layout is None:
        pytest.skip("KUBECONFIG names another cluster, whose pods do not reach this machine.")
    record = read_record(cluster.layout.record)
    assert record is not None
    return Bridge(record.bridge).node


@pytest.fixture
def releaser(control_plane: ControlPlane, place: None, tmp_path: Path) -> Path:
    """The kubeconfig of the releaser's account, which may release into that namespace."""
    return control_plane.kubeconfig(tmp_path / "kubeconfig")


@pytest.fixture
async def ground(cluster: Cluster, node: str, releaser: Path, database: Database) -> AsyncIterator[KubernetesGround]:
    """What the contract asks for."""
    fates = Fates()
    async with serving(fates, node) as asked:
        found = KubernetesGround(cluster, fates, asked=asked)
        async with found.open(releaser, database):
            yield found
