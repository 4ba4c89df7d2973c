"""A stack whose releaser reaches the cluster by way of a proxy, which sees each call and so can choose the moment."""

from collections.abc import Iterator

import pytest

from tests.e2e.installation import Installation, Paas
from tests.fixtures.tls import Certificates
from tests.kubernetes.cluster.images.own import DEMO
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.faults.behind import behind
from tests.kubernetes.faults.proxy import Proxy
from tests.kubernetes.faults.threaded import proxy_in_a_thread
from tests.kubernetes.product import installed_beside

TENANT = "killed"


@pytest.fixture(scope="module")
def between(control_plane: ControlPlane, tls: Certificates) -> Iterator[Proxy]:
    """The proxy."""
    with proxy_in_a_thread(control_plane, tls) as found:
        yield found


@pytest.fixture(scope="module")
def stack(
    control_plane: ControlPlane, between: Proxy, tls: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """The services on this machine, for a tenant of their own."""
    file = tmp_path_factory.mktemp("killed") / "releaser.kubeconfig"
    with control_plane.tenant(TENANT), installed_beside(behind(between, control_plane, tls, file=file)) as found:
        yield found


@pytest.fixture(scope="module")
def web(stack: Installation) -> Iterator[Paas]:
    """An app of two instances, which runs."""
    kim = stack.person("kim@example.com", tenant=TENANT)
    kim.ok("apps:create", "web", "--image", DEMO, "--instances", "2", "--health-path", "/health")
    yield kim.with_(PAAS_APP="web")
    kim("apps:destroy", "web", "--confirm", "web")


@pytest.fixture
def proxy(between: Proxy) -> Iterator[Proxy]:
    """The proxy, which does nothing of its own any more afterwards."""
    yield between
    between.choose = lambda _: None
    between.answered = lambda _: None
