"""Who may do what, as the API server answers it (SubjectAccessReview): every account x verb x resource x namespace.

Everything that the API server has is asked for, subresources included; what is not in the reviewed table is refused.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.rendered import WORKLOADS
from tests.deploy.test_privileges import RELEASER
from tests.kubernetes.control_plane import NAMESPACE
from tests.kubernetes.kubectl import Api, Kubectl

ACCOUNTS = (*WORKLOADS, "migrations")
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
# Verbs of their own kind: with each an account could become another one, or give itself more.
_RISING = {
    ("", "users"): "impersonate",
    ("", "groups"): "impersonate",
    ("", "serviceaccounts"): "impersonate",
    ("rbac.authorization.k8s.io", "clusterroles"): "escalate",
    ("rbac.authorization.k8s.io", "roles"): "bind",
}
PLACES = (NAMESPACE, "paas", "default")
# What Kubernetes lets every account do: ask what it is and may itself, and read which authorities the cluster trusts.
_EVERYBODY = {
    ("authentication.k8s.io", "selfsubjectreviews", "create"),
    ("authorization.k8s.io", "selfsubjectaccessreviews", "create"),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "create"),
    *(("certificates.k8s.io", "clustertrustbundles", verb) for verb in ("get", "list", "watch")),
}
_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
Asked = tuple[str, str, str]
"""A group, a resource (with its subresource) and a verb."""


@pytest.fixture(scope="module")
def api(installed: Kubectl) -> Iterator[Api]:
    """A connection for many questions."""
    with installed.api() as opened:
        yield opened


def _resources(api: Api) -> list[tuple[str, str, bool]]:
    """Every resource that the API server has, by group and name, and whether it is in namespaces."""
    paths = {"": "/api/v1"}
    for group in api.get("/apis")["groups"]:
        paths[group["name"]] = f"/apis/{group['preferredVersion']['groupVersion']}"
    return [
        (group, resource["name"], resource["namespaced"])
        for group, path in paths.items()
        for resource in api.get(path)["resources"]
    ]


def _may(api: Api, account: str, place: str, asked: Asked) -> bool:
    group, resource, verb = asked
    name, _, subresource = resource.partition("/")
    attributes = {"group": group, "resource": name, "subresource": subresource, "verb": verb, "namespace": place}
    user = {
        "user": f"system:serviceaccount:paas:{account}",
        "groups": ["system:serviceaccounts", "system:serviceaccounts:paas", "system:authenticated"],
    }
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"resourceAttributes": attributes, **user},
    }
    status: dict[str, Any] = api.create(_REVIEWS, review)["status"]
    return bool(status["allowed"])


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_may_do_what_was_reviewed_and_nothing_else(account: str, api: Api) -> None:
    resources = _resources(api)
    assert {("", "secrets", True), ("", "pods/exec", True), ("apps", "deployments/scale", True)} <= set(resources)
    allowed = {
        (place, asked)
        for group, resource, in_namespaces in resources
        for verb in (*VERBS, *([_RISING[group, resource]] if (group, resource) in _RISING else []))
        for place in (PLACES if in_namespaces else ("",))
        if _may(api, account, place, asked := (group, resource, verb)) and asked not in _EVERYBODY
    }
    reviewed = {(NAMESPACE, (group, resource, verb)) for (group, resource), verbs in RELEASER.items() for verb in verbs}
    assert allowed == (reviewed if account == "releaser" else set())


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_can_t_become_another_one_nor_read_what_has_no_resource(account: str, installed: Kubectl) -> None:
    for arguments in (["impersonate", "users"], ["impersonate", "groups"], ["get", "/metrics"], ["get", "/logs/"]):
        done = installed.ask("auth", "can-i", *arguments, account=account)
        assert done.out.strip() == "no", arguments


def test_the_administrator_of_these_tests_may_which_shows_that_the_question_is_a_question(installed: Kubectl) -> None:
    assert installed.do("auth", "can-i", "list", "secrets", "-n", NAMESPACE).strip() == "yes"
