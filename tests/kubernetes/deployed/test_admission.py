"""The variables of a release are the releaser's alone, whoever else may write Secrets; and it writes nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.waiting import until
from tests.kubernetes.control_plane import NAMESPACE
from tests.kubernetes.kubectl import Kubectl

_THEIRS = "The variables of a release are changed by the releaser alone."
_NO_OTHER = "The releaser changes no Secret but the variables of releases."
_IMMUTABLE = "The variables of a release are immutable."


def _secret(name: str, *, immutable: bool = True, **metadata: Any) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": NAMESPACE, **metadata},
            "immutable": immutable,
            "stringData": {"GREETING": "hello"},
        }
    )


def _create(kubectl: Kubectl, secret: str, *, account: str = "") -> str:
    """Try to make a Secret; what was said against it, or nothing."""
    done = kubectl.ask("create", "--filename=-", text=secret, account=account)
    return done.err if done.code else ""


@pytest.fixture
def released(installed: Kubectl) -> Iterator[Kubectl]:
    """A tenant with a release's variables."""
    assert _create(installed, _secret("web-env-v1"), account="releaser") == ""
    yield installed
    installed.do("delete", "secret", "web-env-v1", "-n", NAMESPACE, "--ignore-not-found", account="releaser")


def test_the_releaser_makes_reads_and_deletes_them(released: Kubectl) -> None:
    found = json.loads(released.do("get", "secret", "web-env-v1", "-n", NAMESPACE, "-o", "json", account="releaser"))
    assert found["immutable"]
    released.do("delete", "secret", "web-env-v1", "-n", NAMESPACE, account="releaser")


def test_nobody_else_does_and_be_they_an_administrator(released: Kubectl) -> None:
    assert _THEIRS in _create(released, _secret("web-env-v2"))
    for command in (
        ["delete", "secret", "web-env-v1"],
        ["delete", "secret", "--all"],
        ["label", "secret", "web-env-v1", "mine=yes"],
    ):
        assert _THEIRS in released.ask(*command, "-n", NAMESPACE).err
    released.do("get", "secret", "web-env-v1", "-n", NAMESPACE)


def test_one_that_is_called_so_by_the_api_server_is_seen_too(released: Kubectl) -> None:
    made = json.loads(_secret("x"))
    del made["metadata"]["name"]
    made["metadata"]["generateName"] = "web-env-v"
    assert _THEIRS in _create(released, json.dumps(made))
    made["metadata"]["generateName"] = "other-"
    assert _create(released, json.dumps(made)) == ""


def test_administrators_have_secrets_of_their_own_there_which_the_releaser_can_t_touch(released: Kubectl) -> None:
    assert _create(released, _secret("pull-secret", immutable=False)) == ""
    assert _NO_OTHER in _create(released, _secret("another"), account="releaser")
    done = released.ask("delete", "secret", "pull-secret", "-n", NAMESPACE, account="releaser")
    assert _NO_OTHER in done.err
    released.do("delete", "secret", "pull-secret", "-n", NAMESPACE)


def test_what_can_be_changed_is_not_made(released: Kubectl) -> None:
    assert _IMMUTABLE in _create(released, _secret("web-env-v3", immutable=False), account="releaser")


def test_elsewhere_such_a_name_is_anybody_s(released: Kubectl) -> None:
    elsewhere = json.loads(_secret("web-env-v1"))
    elsewhere["metadata"]["namespace"] = "default"
    assert _create(released, json.dumps(elsewhere)) == ""
    released.do("delete", "secret", "web-env-v1", "-n", "default")


async def test_what_its_deployment_owned_goes_with_it(released: Kubectl) -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web"}]},
            },
        },
    }
    made = released.do("create", "--filename=-", "-o", "json", text=json.dumps(deployment), account="releaser")
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": json.loads(made)["metadata"]["uid"]}
    assert _create(released, _secret("web-env-v4", ownerReferences=[owner]), account="releaser") == ""
    # Without waiting: that would be a list of Deployments, or a watch, after it.
    released.do("delete", "deployment", "web", "-n", NAMESPACE, "--wait=false", account="releaser")

    async def is_gone() -> bool:
        return released.ask("get", "secret", "web-env-v4", "-n", NAMESPACE).code != 0

    await until(is_gone)


def test_what_the_releaser_may_not_it_does_not(released: Kubectl) -> None:
    """The refusals that matter most, done and not only asked about."""
    for command in (
        ["get", "secrets", "-n", NAMESPACE],
        ["get", "secrets", "-n", NAMESPACE, "--watch-only", "--request-timeout=60s"],
        ["get", "secret", "web-env-v1", "-n", "paas"],
        ["create", "namespace", "tenant-mine"],
        # As `kubectl exec` asks for it, which would look for the pod before.
        ["create", "--raw", f"/api/v1/namespaces/{NAMESPACE}/pods/web/exec?command=env&stdout=1", "-f", "/dev/null"],
    ):
        assert "Forbidden" in (done := released.ask(*command, account="releaser")).err, (command, done.err)
