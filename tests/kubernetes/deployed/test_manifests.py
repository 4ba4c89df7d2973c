"""The API server takes every manifest, without a warning, and admits every pod that is made from them.

Kinds of cert-manager's are left out: their definitions are cert-manager's.
"""

import json

import pytest

from tests.deploy.rendered import FOREIGN, OTHERS, OVERLAYS, Manifest, manifests, pods
from tests.kubernetes.kubectl import Kubectl


@pytest.mark.parametrize("place", [*OVERLAYS, "tenant"])
def test_the_api_server_takes_every_manifest(place: str, installed: Kubectl) -> None:
    ours = [each for each in manifests(place) if each["kind"] not in FOREIGN]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": ours})
    tried = ["apply", "--dry-run=server", "--server-side", "--force-conflicts", "--validate=strict", "--filename=-"]
    done = installed.ask(*tried, text=text)
    assert (done.code, done.warnings) == (0, []), done.err
    assert len(done.out.splitlines()) == len(ours)


@pytest.mark.parametrize("place", OVERLAYS)
def test_every_pod_is_admitted(place: str, installed: Kubectl) -> None:
    """Pod Security enforces `restricted` where they run: a Deployment is taken whatever its pods are, a pod is not."""
    for name, template in pods(place):
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"{name}-tried", "namespace": "paas", "labels": template["metadata"]["labels"]},
            "spec": template["spec"] | (_made_by_its_set(template) if name in OTHERS else {}),
        }
        done = installed.ask("create", "--dry-run=server", "--validate=strict", "--filename=-", text=json.dumps(pod))
        assert (done.code, done.warnings) == (0, []), done.err


def _made_by_its_set(template: Manifest) -> Manifest:
    """What a StatefulSet puts into its pods; and an account that there is: theirs are not installed."""
    claimed = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    return {"volumes": [*template["spec"]["volumes"], claimed], "serviceAccountName": "audit"}


def test_a_pod_that_is_not_confined_is_refused(installed: Kubectl) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "as-root", "namespace": "paas"},
        "spec": {"serviceAccountName": "audit", "containers": [{"name": "it", "image": "it"}]},
    }
    done = installed.ask("create", "--dry-run=server", "--filename=-", text=json.dumps(pod))
    assert "violates PodSecurity" in done.err
