"""What makes a rolling upgrade one that nobody notices: probes, order of the end, budgets, scaling, connections."""

import re

import pytest

from local.ports import service_of
from tests.architecture.sources import ROOT
from tests.deploy.rendered import NAME, OVERLAYS, PROCESSES, WORKLOADS, containers, of_kind, pods, program_of

# docs/operations.md: what a process takes of PostgreSQL.
_CONNECTIONS = {"sign-in-check": 5, "dashboard": 8}
_CONNECTIONS_OF_OTHERS = 17
# What a DNS answer may be old by: the cluster's TTL, and until the gateway asks again.
_NAMES_ARE_OLD_BY = 30 + 5
_SERVICE_GRACE = 4 + 4


@pytest.mark.parametrize("place", OVERLAYS)
def test_alive_is_told_from_ready(place: str) -> None:
    for name in WORKLOADS:
        (container,) = dict(pods(place))[name]["spec"]["containers"]
        asked = {probe: container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")}
        assert asked == {"startup": "/alive", "liveness": "/alive", "readiness": "/ready"}


@pytest.mark.parametrize("place", OVERLAYS)
def test_a_service_leaves_its_name_before_it_stops_and_has_the_time_for_both(place: str) -> None:
    for name in PROCESSES:
        spec = dict(pods(place))[name]["spec"]
        (container,) = spec["containers"]
        waited = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert waited >= _NAMES_ARE_OLD_BY
        assert spec["terminationGracePeriodSeconds"] >= waited + _SERVICE_GRACE


@pytest.mark.parametrize("place", OVERLAYS)
def test_the_gateway_drains_and_has_the_time_for_it(place: str) -> None:
    spec = dict(pods(place))["gateway"]["spec"]
    (container,) = spec["containers"]
    (drain,) = [int(each["value"]) for each in container["env"] if each["name"] == "PAAS_DRAIN_SECONDS"]
    assert container["lifecycle"]["preStop"] == {"exec": {"command": ["python", "-m", *container["args"], "--drain"]}}
    assert spec["terminationGracePeriodSeconds"] >= drain + 10


@pytest.mark.parametrize("place", OVERLAYS)
def test_an_upgrade_takes_nothing_away_before_there_is_more(place: str) -> None:
    for name in WORKLOADS:
        spec = of_kind(place, "Deployment")[name]["spec"]
        assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
        assert "replicas" not in spec, "it is the HorizontalPodAutoscaler's"


@pytest.mark.parametrize("place", OVERLAYS)
def test_code_waits_for_its_migrations_which_run_the_same_code(place: str) -> None:
    templates = dict(pods(place))
    for name in PROCESSES:
        service = service_of(name)
        (schema,) = templates[name]["spec"]["initContainers"]
        (serving,) = templates[name]["spec"]["containers"]
        (migrating,) = templates[f"{service}-migrations"]["spec"]["containers"]
        assert serving["args"] == [program_of(name)]
        assert schema["args"] == [*migrating["args"], "--wait"] == ["services.migrations", service, "--wait"]
        assert schema["image"] == serving["image"] == migrating["image"]


@pytest.mark.parametrize("place", OVERLAYS)
def test_every_workload_has_a_budget_and_scales(place: str) -> None:
    budgets, scalers = of_kind(place, "PodDisruptionBudget"), of_kind(place, "HorizontalPodAutoscaler")
    assert set(budgets) == set(scalers) == set(WORKLOADS)
    for name in WORKLOADS:
        assert budgets[name]["spec"] == {"maxUnavailable": 1, "selector": {"matchLabels": {NAME: name}}}
        assert scalers[name]["spec"]["scaleTargetRef"]["name"] == name
        assert scalers[name]["spec"]["minReplicas"] >= (2 if place == "production" else 1)


@pytest.mark.parametrize("place", OVERLAYS)
def test_every_container_says_what_it_needs(place: str) -> None:
    for name, template in pods(place):
        for container in containers(template):
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}, name
            assert "memory" in container["resources"]["limits"], name


def _connections(place: str) -> int:
    scalers = of_kind(place, "HorizontalPodAutoscaler")
    # One more of each while it is upgraded.
    return sum(
        (scalers[name]["spec"]["maxReplicas"] + 1) * _CONNECTIONS.get(name, _CONNECTIONS_OF_OTHERS)
        for name in PROCESSES
    )


def test_the_database_inside_admits_all_that_may_come() -> None:
    (container,) = dict(pods("local"))["postgres"]["spec"]["containers"]
    (admitted,) = [int(found[1]) for each in container["args"] if (found := re.match(r"max_connections=(\d+)", each))]
    assert _connections("local") + 10 < admitted


def test_what_a_database_elsewhere_has_to_admit_is_documented() -> None:
    assert f"up to {_connections('production')} connections" in (ROOT / "docs" / "deploy.md").read_text()
