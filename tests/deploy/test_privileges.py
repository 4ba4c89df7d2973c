"""Least privilege, as rendered: Kubernetes is the releaser's, the key service secrets', and pods are confined.

What the API server makes of it is asked in tests/kubernetes/test_least_privilege.py.
"""

import pytest

from local.ports import DATABASES
from tests.deploy.rendered import IMAGES, OVERLAYS, WORKLOADS, containers, of_kind, pods

# Reviewed: changing it is changing what a releaser that was taken over can do.
RELEASER = {
    ("", "secrets"): {"create", "get", "delete"},
    ("apps", "deployments"): {"create", "get", "list", "watch", "patch", "delete"},
    ("apps", "replicasets"): {"get", "list", "watch"},
    ("", "pods"): {"get", "list", "watch"},
    ("", "pods/log"): {"get"},
}


@pytest.mark.parametrize("place", OVERLAYS)
def test_the_releaser_s_role_is_as_reviewed(place: str) -> None:
    (role,) = of_kind(place, "ClusterRole", "Role").values()
    assert role["metadata"]["name"] == "paas-releaser"
    granted = {
        (group, resource): set(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert granted == RELEASER
    assert sum(len(rule["apiGroups"]) * len(rule["resources"]) for rule in role["rules"]) == len(RELEASER)


@pytest.mark.parametrize("place", OVERLAYS)
def test_it_is_bound_nowhere_but_in_tenants_namespaces(place: str) -> None:
    assert of_kind(place, "ClusterRoleBinding", "RoleBinding") == {}
    (binding,) = of_kind("tenant", "ClusterRoleBinding", "RoleBinding").values()
    assert (binding["kind"], binding["metadata"]["namespace"]) == ("RoleBinding", "tenant-acme")
    assert binding["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "ClusterRole",
        "name": "paas-releaser",
    }
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "releaser", "namespace": "paas"}]


@pytest.mark.parametrize("place", OVERLAYS)
def test_nobody_but_the_releaser_has_a_token(place: str) -> None:
    accounts = of_kind(place, "ServiceAccount")
    assert {name for name, each in accounts.items() if each["automountServiceAccountToken"]} == set()
    mounted = {name for name, template in pods(place) if template["spec"]["automountServiceAccountToken"]}
    assert mounted == {"releaser"}
    assert not of_kind("tenant", "ServiceAccount")["default"]["automountServiceAccountToken"]
    for name, template in pods(place):
        assert not [each for each in template["spec"]["volumes"] if "projected" in each or "hostPath" in each], name


@pytest.mark.parametrize("place", OVERLAYS)
def test_every_service_is_an_account_of_its_own(place: str) -> None:
    accounts = {name: template["spec"]["serviceAccountName"] for name, template in pods(place)}
    assert {name: accounts[name] for name in WORKLOADS} == {name: name for name in WORKLOADS}
    assert {accounts[f"{name}-migrations"] for name in DATABASES} == {"migrations"}


def test_the_key_service_s_identity_is_secrets_alone() -> None:
    with_identity = {
        name: annotation
        for name, each in of_kind("production", "ServiceAccount").items()
        for annotation in each["metadata"].get("annotations", {})
        if annotation != "paas.internal/service"
    }
    assert with_identity == {"secrets": "iam.gke.io/gcp-service-account"}


@pytest.mark.parametrize("place", OVERLAYS)
def test_pods_are_confined(place: str) -> None:
    """What the `restricted` level of Pod Security asks for, and a root file system that can't be written."""
    for name, template in pods(place):
        spec = template["spec"]
        context = spec["securityContext"]
        assert context["runAsNonRoot"], name
        assert context["runAsUser"] > 0, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"} & set(spec), name
        assert spec["enableServiceLinks"] is False, name
        for container in containers(template):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name


@pytest.mark.parametrize("place", [*OVERLAYS, "tenant"])
def test_namespaces_admit_no_other_pods(place: str) -> None:
    (namespace,) = of_kind(place, "Namespace").values()
    name, level = ("tenant-acme", "baseline") if place == "tenant" else ("paas", "restricted")
    assert namespace["metadata"]["name"] == name
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == level


@pytest.mark.parametrize("place", OVERLAYS)
def test_the_policy_for_release_variables_denies_and_fails_closed(place: str) -> None:
    (policy,) = of_kind(place, "ValidatingAdmissionPolicy").values()
    (binding,) = of_kind(place, "ValidatingAdmissionPolicyBinding").values()
    assert policy["spec"]["failurePolicy"] == "Fail"
    assert binding["spec"] == {"policyName": policy["metadata"]["name"], "validationActions": ["Deny"]}
    (rule,) = policy["spec"]["matchConstraints"]["resourceRules"]
    assert (set(rule["operations"]), rule["resources"]) == ({"CREATE", "UPDATE", "DELETE"}, ["secrets"])


def test_every_certificate_is_for_one_name() -> None:
    """The URI is what the other side admits, see decision 5."""
    certificates = of_kind("production", "Certificate")
    names = {*IMAGES, "operator", "provisioner"}
    assert set(certificates) == names | {"paas-ca"}
    for name in names:
        spec = certificates[name]["spec"]
        assert (spec["uris"], spec["dnsNames"]) == ([f"spiffe://paas/{name}"], [f"{name}.paas.internal"])
        assert (spec["secretName"], spec["issuerRef"]) == (f"{name}-tls", {"kind": "Issuer", "name": "paas"})
        assert not spec.get("isCA", False)
