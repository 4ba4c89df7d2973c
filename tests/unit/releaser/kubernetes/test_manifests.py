"""The objects of an app."""

import base64
import json
from functools import partial

from services.releaser.domain import AppKey, Spec
from services.releaser.manifests import (
    Place,
    deployment_manifest,
    instances_manifest,
    labels_of,
    secret_manifest,
)

KEY = AppKey(tenant="acme", app_id="a" * 32)
PLACE = Place(namespace="tenant-acme", name="web", container="web")
ADOPTED = Place(namespace="tenant-acme", name="theirs", container="main", adopted=True)
OWNER = {"metadata": {"name": "web", "uid": "u-1"}}
of_release = partial(deployment_manifest, grace_seconds=10)
SPEC = Spec(command=("run", "it"), image="registry.example/web:1", instances=3, health_path="/health")


def test_a_secret_has_every_variable_and_goes_with_its_deployment() -> None:
    values = {"A": "1", "EMPTY": "", "TEXT": "grün\n"}
    secret = secret_manifest(KEY, "web", 7, place=PLACE, owner=OWNER, values=values)
    assert secret["metadata"]["name"] == "web-env-v7"
    assert secret["immutable"] is True
    assert {name: base64.b64decode(value).decode() for name, value in secret["data"].items()} == values
    assert secret["metadata"]["labels"] == {**labels_of(KEY, "web"), "paas/release": "7"}
    (owner,) = secret["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("Deployment", "u-1")


def test_the_deployment_refers_to_each_variable_and_holds_no_value() -> None:
    manifest = of_release(KEY, "web", 7, place=PLACE, spec=SPEC, names=["B", "A"], version="41")
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [
        {"name": name, "value": "", "valueFrom": {"secretKeyRef": {"name": "web-env-v7", "key": name}}}
        for name in ("A", "B")
    ]
    assert container["command"] == ["run", "it"]
    assert manifest["metadata"]["resourceVersion"] == "41"
    assert manifest["spec"]["template"]["metadata"]["labels"]["paas/release"] == "7"
    assert "replicas" not in manifest["spec"]
    assert "ConfigMap" not in json.dumps(manifest)


def test_one_new_instance_first_unless_all_at_once() -> None:
    for all_at_once, surge in ((False, 1), (True, "100%")):
        spec = Spec(image="i", instances=3, all_at_once=all_at_once)
        manifest = of_release(KEY, "web", 7, place=PLACE, spec=spec, names=[])
        assert manifest["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": surge, "maxUnavailable": 0}


def test_of_an_adopted_deployment_only_environment_and_labels_are_ours() -> None:
    manifest = of_release(KEY, "web", 7, place=ADOPTED, spec=Spec(), names=["A"])
    assert manifest["metadata"]["name"] == "theirs"
    assert manifest["spec"].keys() == {"template"}
    assert manifest["spec"]["template"]["spec"].keys() == {"containers"}
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    assert container.keys() == {"name", "env"}
    assert container["name"] == "main"


def test_a_pod_has_as_long_to_end_as_an_instance_of_this_machine() -> None:
    manifest = of_release(KEY, "web", 7, place=PLACE, spec=SPEC, names=[])
    assert manifest["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 10


def test_how_many_there_are_is_one_field() -> None:
    manifest = instances_manifest(PLACE, 0, version="41")
    assert manifest["spec"] == {"replicas": 0}
    assert manifest["metadata"]["resourceVersion"] == "41"


def test_the_same_release_gives_the_same_manifest() -> None:
    one, other = (of_release(KEY, "web", 7, place=PLACE, spec=SPEC, names=names) for names in (["B", "A"], ["A", "B"]))
    assert one == other


def test_a_pod_has_no_account_of_the_cluster_and_no_variable_but_ours() -> None:
    manifest = of_release(KEY, "web", 7, place=PLACE, spec=SPEC, names=[])
    pod = manifest["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["containers"][0]["securityContext"] == {"allowPrivilegeEscalation": False}
