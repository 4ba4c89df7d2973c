"""The rendered NetworkPolicies allow the calls of the access rules in the protos, and no others.

That a cluster's network plugin enforces them is the cluster's: see docs/deploy.md.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from itertools import chain
from typing import Any

import paas
import pytest
from paas.access.v1 import access_pb2

from gateway.methods import public_methods
from local.ports import DATABASES
from tests.deploy.rendered import NAME, OTHERS, OVERLAYS, PROCESSES, Manifest, of_kind, pods

INTERNAL, PUBLIC, PAGES = 7443, 7444, 9090
Edge = tuple[str, str, int]
"""Who calls, who is called, and at which port."""
# Callers that are no pods. An operator's calls go through a forwarded port, which no policy sees.
_PEOPLE = {"operator"}
_OUTSIDE = {"world", "monitoring", "dns"}


def _wanted() -> set[Edge]:
    """The edges of the access rules: services' callers, users' methods and the check from the gateway."""
    edges = {("gateway", method.upstream, PUBLIC) for method in public_methods()} | {
        ("gateway", "sign-in-check", INTERNAL),
        # Its pages, and what it asks for whoever visits them: it calls no service itself.
        ("gateway", "dashboard", INTERNAL),
        ("dashboard", "gateway", INTERNAL),
    }
    for package in sorted(module.name for module in pkgutil.iter_modules(paas.__path__)):
        file = importlib.import_module(f"paas.{package}.v1.{package}_pb2").DESCRIPTOR
        for method in chain.from_iterable(service.methods for service in file.services_by_name.values()):
            callers = set(method.GetOptions().Extensions[access_pb2.rule].callers) - _PEOPLE
            edges |= {_edge(caller, package) for caller in callers}
    return edges


def _edge(caller: str, package: str) -> Edge:
    # What is not a user's and comes through the gateway comes to the door that the gateway has: reports of leaks.
    return (caller, "tokens", PUBLIC) if (caller, package) == ("gateway", "leaks") else (caller, package, INTERNAL)


def _labels(place: str) -> dict[str, dict[str, str]]:
    found = {name: template["metadata"]["labels"] for name, template in pods(place)}
    # The one caller that we don't bring: what attaches add-ons.
    return found | {"provisioner": {NAME: "provisioner"}}


def _selected(selector: dict[str, Any], place: str) -> set[str]:
    """The workloads whose pods a selector means."""
    found = set()
    for name, labels in _labels(place).items():
        exact = selector.get("matchLabels", {}).items() <= labels.items()
        among = all(
            each["operator"] == "In" and labels.get(each["key"]) in each["values"]
            for each in selector.get("matchExpressions", [])
        )
        if exact and among:
            found.add(name)
    return found


def _peers(peers: list[dict[str, Any]] | None, place: str) -> set[str]:
    """Who a rule's `from` or `to` means; without one, the world."""
    if peers is None:
        return {"world"}
    found: set[str] = set()
    for peer in peers:
        if "ipBlock" in peer:
            found.add("world")
        elif "namespaceSelector" in peer:
            namespace = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
            found.add({"kube-system": "dns", "monitoring": "monitoring"}[namespace])
        else:
            found |= _selected(peer["podSelector"], place)
    return found


def _ports(rule: Manifest, workload: str, place: str) -> set[int]:
    templates = dict(pods(place))
    named = {
        each["name"]: each["containerPort"]
        for container in templates[workload]["spec"]["containers"]
        for each in container.get("ports", [])
    }
    return {named[each["port"]] if isinstance(each["port"], str) else each["port"] for each in rule["ports"]}


def _policies(place: str) -> Iterator[Manifest]:
    yield from of_kind(place, "NetworkPolicy").values()


def _incoming(place: str) -> set[Edge]:
    return {
        (peer, workload, port)
        for policy in _policies(place)
        for workload in _selected(policy["spec"]["podSelector"], place) - {"provisioner"}
        for rule in policy["spec"].get("ingress", [])
        for peer in _peers(rule.get("from"), place)
        for port in _ports(rule, workload, place)
    }


def _outgoing(place: str) -> set[Edge]:
    return {
        (workload, peer, port)
        for policy in _policies(place)
        for workload in _selected(policy["spec"]["podSelector"], place) - {"provisioner"}
        for rule in policy["spec"].get("egress", [])
        for peer in _peers(rule.get("to"), place)
        for port in {each["port"] for each in rule["ports"]}
    }


def _between(edges: set[Edge]) -> set[Edge]:
    return {edge for edge in edges if not {*_OUTSIDE, *OTHERS} & {*edge}}


@pytest.mark.parametrize("place", OVERLAYS)
def test_who_is_let_in_is_who_the_access_rules_name(place: str) -> None:
    assert _between(_incoming(place)) == _wanted()


@pytest.mark.parametrize("place", OVERLAYS)
def test_who_is_let_out_is_who_calls(place: str) -> None:
    assert _between(_outgoing(place)) == {edge for edge in _wanted() if edge[0] != "provisioner"}


@pytest.mark.parametrize("place", OVERLAYS)
def test_what_comes_from_outside_comes_to_the_gateway_and_to_the_pages_of_metrics(place: str) -> None:
    outside = {edge for edge in _incoming(place) if _OUTSIDE & {*edge}}
    assert outside == {("world", "gateway", 8080)} | {("monitoring", process, PAGES) for process in PROCESSES}


def test_what_leaves_a_cluster_goes_to_the_database_the_kubernetes_api_the_key_service_and_the_issuer() -> None:
    """Each by whom it is for: the API is the releaser's, the key service secrets', the issuer for who knows people."""
    databases = {(name, "world", 5432) for name in PROCESSES}
    databases |= {(f"{name}-migrations", "world", 5432) for name in DATABASES} | {("audit-retention", "world", 5432)}
    theirs = {("releaser", "world", 443), ("secrets", "world", 443), ("secrets", "world", 988)}
    theirs |= {("tokens", "world", 443), ("sign-in-check", "world", 443), ("dashboard", "world", 443)}
    assert {edge for edge in _outgoing("production") if edge[1] == "world"} == databases | theirs
    anywhere = [
        (each["metadata"]["name"], peer["ipBlock"]["except"])
        for each in _policies("production")
        for rule in each["spec"].get("egress", [])
        for peer in rule["to"]
        if peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0"
    ]
    # CI systems have addresses that change; none of them is inside.
    assert anywhere == [("ci-issuers", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"])]


def test_with_sinks_audit_alone_reaches_one_place_more() -> None:
    assert set(_outgoing("sinks")) - set(_outgoing("production")) == {("audit", "world", 443)}


def test_a_database_inside_is_reached_by_services_and_owners_alone() -> None:
    users = {*PROCESSES, *(f"{name}-migrations" for name in DATABASES), "audit-retention"}
    wanted = {(user, "postgres", 5432) for user in users}
    assert {edge for edge in _incoming("local") if edge[1] == "postgres"} == wanted
    assert {edge for edge in _outgoing("local") if edge[1] == "postgres"} == wanted


def test_keycloak_inside_is_reached_by_who_verifies_sign_ins_or_begins_them_and_reaches_nobody() -> None:
    wanted = {(name, "keycloak", 8443) for name in ("tokens", "sign-in-check", "dashboard")}
    assert {edge for edge in _incoming("local") if "keycloak" in edge} == wanted
    assert {edge for edge in _outgoing("local") if "keycloak" in edge} == wanted | {("keycloak", "dns", 53)}


@pytest.mark.parametrize("place", [*OVERLAYS, "tenant"])
def test_what_no_policy_allows_is_refused(place: str) -> None:
    everybody = [each["spec"] for each in _policies(place) if each["spec"]["podSelector"] == {}]
    assert any({"Ingress", "Egress"} <= set(each["policyTypes"]) for each in everybody)


def test_a_tenant_s_apps_are_reached_by_themselves_and_reach_no_node() -> None:
    (policy,) = _policies("tenant")
    assert policy["spec"]["ingress"] == [{"from": [{"podSelector": {}}]}]
    blocks = [peer["ipBlock"] for rule in policy["spec"]["egress"] for peer in rule["to"] if "ipBlock" in peer]
    assert {"169.254.0.0/16", "fd00:ec2::254/128"} <= set(chain.from_iterable(each["except"] for each in blocks))
