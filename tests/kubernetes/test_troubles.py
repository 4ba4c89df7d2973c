"""What people read where a release can't be what it should: images, nodes, quotas, adopted Deployments.

With the words of `paas` and nothing that `kubectl` would have to be asked for. Leaves out programs that fail
(test_product.py) and API servers that do (faults, test_api_server.py).
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.installation import Installation, Paas, Run
from tests.kubernetes.cluster.cluster import Cluster
from tests.kubernetes.cluster.images.own import DEMO
from tests.kubernetes.conftest import EnvironOf
from tests.kubernetes.control_plane import NAMESPACE, ControlPlane

# In which a cluster that has other things to do has come as far as saying why it is not ready.
SOON = ("--ready-timeout", "20s")


@pytest.fixture
def create(ada: Paas) -> Iterator[Callable[..., Run]]:
    """`create(name, *options)`: what `paas apps:create` says; the app is destroyed at the end."""
    made: list[str] = []

    def make(name: str, *options: str) -> Run:
        made.append(name)
        return ada("apps:create", name, *options)

    yield make
    for name in made:
        ada("apps:destroy", name, "--confirm", name)


@pytest.fixture
def theirs(cluster: Cluster) -> Iterator[Callable[..., str]]:
    """`theirs(**spec)`: a Deployment of somebody else's with one container `main`; NAMESPACE/NAME."""
    labels = {"app": "somebody-s"}

    def make(*, pod: dict[str, Any] | None = None, **spec: Any) -> str:
        containers = [{"name": "main", "image": DEMO}]
        template = {"metadata": {"labels": labels}, "spec": {"containers": containers, **(pod or {})}}
        made = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template, **spec}
        manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "somebody-s"}, "spec": made}
        cluster.apply(manifest, namespace=NAMESPACE)
        return f"{NAMESPACE}/somebody-s"

    yield make
    cluster.kubectl("delete", "deployment", "somebody-s", "-n", NAMESPACE, "--ignore-not-found")


def refused(run: Run) -> str:
    """What was said of a release that failed, as one line."""
    assert run.exit_code != 0, run.out
    return " ".join(f"{run.err} {run.out}".split())


def test_an_image_that_does_not_exist(create: Callable[..., Run]) -> None:
    told = refused(create("absent", "--image", "paas.test/absent:1"))
    assert "An instance did not become ready: its image can't be pulled (" in told


def test_an_image_whose_name_is_none(create: Callable[..., Run]) -> None:
    told = refused(create("nameless", "--image", "NO:IMAGE:AT:ALL"))
    assert "its image has a name that is none (InvalidImageName)" in told


def test_a_pod_that_no_node_takes(create: Callable[..., Run], theirs: Callable[..., str]) -> None:
    place = theirs(pod={"nodeSelector": {"disk": "golden"}})
    told = refused(create("unplaced", "--adopt", place, *SOON))
    assert "An instance did not become ready within 20 seconds: no node takes it (Unschedulable)" in told


def test_a_quota_that_has_no_room_for_its_pods(installation: Installation, control_plane: ControlPlane) -> None:
    with control_plane.tenant("narrow") as namespace:
        control_plane.kubectl.do("create", "quota", "narrow", "--hard=pods=0", "-n", namespace)
        narrow = installation.person("nora@example.com", tenant="narrow")
        told = refused(narrow("apps:create", "web", "--image", DEMO, *SOON))
        assert "No new instance could be made within 20 seconds: a quota or a policy of the namespace" in told
        narrow.ok("apps:destroy", "web", "--confirm", "web")


def test_a_namespace_that_is_not_there_or_not_ours(installation: Installation, cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", "tenant-stranger")
    try:
        for tenant in ("nowhere", "stranger"):
            somebody = installation.person("sam@example.com", tenant=tenant)
            told = refused(somebody("apps:create", "web", "--image", DEMO))
            assert f"Releaser may not write to the namespace tenant-{tenant}: it is missing or not ours" in told
            somebody.ok("apps:destroy", "web", "--confirm", "web")
    finally:
        cluster.kubectl("delete", "namespace", "tenant-stranger", "--wait=false")


def test_an_adopted_deployment_that_is_paused(
    create: Callable[..., Run], theirs: Callable[..., str], ada: Paas, cluster: Cluster
) -> None:
    told = refused(create("paused", "--adopt", theirs(paused=True)))
    assert "The Deployment somebody-s is paused, so nothing rolls" in told
    assert f"`kubectl rollout resume -n {NAMESPACE} deployment/somebody-s`" in told
    cluster.kubectl("rollout", "resume", "deployment/somebody-s", "-n", NAMESPACE)
    ada.with_(PAAS_APP="paused").ok("config:set", "A=1")


def test_an_adopted_deployment_without_instances(
    create: Callable[..., Run], theirs: Callable[..., str], ada: Paas, cluster: Cluster
) -> None:
    made = create("asleep", "--adopt", theirs(replicas=0))
    assert made.exit_code == 0, made.err
    ada.with_(PAAS_APP="asleep").ok("config:set", "A=1")
    found = cluster.get("deployment", "somebody-s", namespace=NAMESPACE)
    assert found["spec"]["replicas"] == 0
    assert "A" in [entry["name"] for entry in found["spec"]["template"]["spec"]["containers"][0]["env"]]


def test_an_adopted_deployment_with_containers_of_other_names(
    create: Callable[..., Run], theirs: Callable[..., str], cluster: Cluster
) -> None:
    told = refused(create("misnamed", "--adopt", theirs(replicas=0), "--container", "app"))
    assert "The Deployment somebody-s has no container app; it has main." in told
    found = cluster.get("deployment", "somebody-s", namespace=NAMESPACE)
    assert "env" not in found["spec"]["template"]["spec"]["containers"][0], "nothing of it was changed"


def test_half_a_mebibyte_of_variables(
    create: Callable[..., Run], ada: Paas, cluster: Cluster, environ_of: EnvironOf
) -> None:
    made = create("large", "--image", DEMO, "--health-path", "/health")
    assert made.exit_code == 0, made.err
    large = ada.with_(PAAS_APP="large")
    lines = "".join(f"LARGE_{number}={'x' * 65_000}\n" for number in range(8))
    large.ok("config:import", "-", stdin=lines.encode())
    (pod,) = [
        each["metadata"]["name"]
        for each in cluster.pods("paas/app=large", namespace=NAMESPACE)
        if "deletionTimestamp" not in each["metadata"]
    ]
    environment = environ_of(NAMESPACE, pod)
    assert {len(environment[f"LARGE_{number}"]) for number in range(8)} == {65_000}
