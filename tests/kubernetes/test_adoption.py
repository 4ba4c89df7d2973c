"""An app that takes over the environment of a Deployment somebody else made, and gives it back."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.installation import Paas
from tests.fixtures.waiting import soon
from tests.kubernetes.cluster.cluster import Cluster
from tests.kubernetes.cluster.images.own import DEMO
from tests.kubernetes.conftest import EnvironOf
from tests.kubernetes.control_plane import NAMESPACE


def theirs(cluster: Cluster) -> dict[str, Any]:
    """The Deployment as it is now."""
    return cluster.get("deployment", "theirs", namespace=NAMESPACE)


def env_of(cluster: Cluster) -> dict[str, Any]:
    """The entries of its main container, by name."""
    containers = theirs(cluster)["spec"]["template"]["spec"]["containers"]
    (main,) = [container for container in containers if container["name"] == "main"]
    return {entry["name"]: entry for entry in main.get("env", [])}


@pytest.fixture
def deployment(cluster: Cluster, ada: Paas) -> Iterator[None]:
    """Two containers, an environment of its own, and an annotation that a tool of theirs keeps."""
    labels = {"app": "theirs"}
    containers = [
        {"name": "main", "image": DEMO, "env": [{"name": "THEIRS", "value": "1"}, {"name": "TAKEN", "value": "hand"}]},
        {"name": "sidecar", "image": DEMO, "env": [{"name": "PORT", "value": "8081"}]},
    ]
    template = {"metadata": {"labels": labels, "annotations": {"tool": "theirs"}}, "spec": {"containers": containers}}
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "theirs"},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
    }
    cluster.apply(manifest, namespace=NAMESPACE)
    cluster.rolled_out("theirs", namespace=NAMESPACE)
    yield
    cluster.kubectl("delete", "deployment", "theirs", "-n", NAMESPACE, "--ignore-not-found")


@pytest.mark.usefixtures("deployment")
def test_its_environment_is_taken_over_and_given_back(ada: Paas, cluster: Cluster, environ_of: EnvironOf) -> None:
    unnamed = ada("apps:create", "unnamed", "--adopt", f"{NAMESPACE}/theirs")
    assert unnamed.exit_code != 0
    assert "main, sidecar" in unnamed.err
    ada.ok("apps:destroy", "unnamed", "--confirm", "unnamed")
    ada.ok("apps:create", "adopting", "--adopt", f"{NAMESPACE}/theirs", "--container", "main")
    shop = ada.with_(PAAS_APP="adopting")
    shop.ok("config:set", "GREETING=hello")
    for pod in cluster.pods("paas/app=adopting", namespace=NAMESPACE):
        if "deletionTimestamp" not in pod["metadata"]:
            environment = environ_of(NAMESPACE, pod["metadata"]["name"], container="main")
            assert (environment["GREETING"], environment["THEIRS"]) == ("hello", "1")
            assert "PORT" not in environment, "its port is its own affair"
    refused = shop("config:set", "TAKEN=ours")
    assert refused.exit_code == 6
    assert "kubectl" in refused.err
    assert 'env[name="TAKEN"]' in refused.err
    # What an autoscaler, or a person, says of the number stays.
    cluster.kubectl("scale", "deployment/theirs", "--replicas=3", "-n", NAMESPACE)
    shop.ok("config:set", "GREETING=good morning")
    assert theirs(cluster)["spec"]["replicas"] == 3
    assert theirs(cluster)["spec"]["template"]["metadata"]["annotations"]["tool"] == "theirs"
    ada.ok("apps:destroy", "adopting", "--confirm", "adopting")
    soon(lambda: env_of(cluster).keys() == {"THEIRS", "TAKEN"})
    assert env_of(cluster)["TAKEN"]["value"] == "hand"
    labels = theirs(cluster)["spec"]["template"]["metadata"]["labels"]
    assert labels == {"app": "theirs"}


def test_another_tenants_deployment_is_not_adopted(ada: Paas) -> None:
    refused = ada("apps:create", "greedy", "--adopt", "kube-system/coredns")
    assert refused.exit_code != 0
    assert f"is not this tenant's, which is {NAMESPACE}" in refused.err
    ada.ok("apps:destroy", "greedy", "--confirm", "greedy")
