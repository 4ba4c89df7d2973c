"""Objects of Kubernetes for tests of the cluster itself."""

from collections.abc import Mapping
from typing import Any

from tests.kubernetes.cluster.images.own import DEMO


def env_secret(name: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """An immutable Secret whose keys are variables."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "immutable": True,
        "stringData": dict(variables),
    }


def deployment(name: str, *, secret: str, replicas: int, deadline: int = 80) -> dict[str, Any]:
    """A Deployment of the demo image whose variables are those of the Secret; `deadline` in seconds."""
    labels = {"app": name, "secret": secret}
    container = {
        "name": "main",
        "image": DEMO,
        "imagePullPolicy": "Never",
        "envFrom": [{"secretRef": {"name": secret}}],
        "readinessProbe": {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 1},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": deadline,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"terminationGracePeriodSeconds": 5, "containers": [container]},
            },
        },
    }
