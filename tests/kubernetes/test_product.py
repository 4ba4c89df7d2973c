"""The whole product on a real cluster: `paas` and the services outside, pods inside.

One app from its making to its end, as a person would: variables reach the pods' processes, a bad value reaches one pod
and is taken back, what is edited by hand is named, nothing is left at the end.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.installation import Paas, events
from tests.fixtures.waiting import soon
from tests.kubernetes.cluster.cluster import Cluster
from tests.kubernetes.cluster.images.own import DEMO
from tests.kubernetes.conftest import EnvironOf
from tests.kubernetes.control_plane import NAMESPACE


@pytest.fixture
def web(ada: Paas, request: pytest.FixtureRequest) -> Iterator[Paas]:
    """An app of two instances, which runs; destroyed at the end."""
    name = "app-" + "".join(letter for letter in request.node.name if letter.isalpha())[-20:]
    options = ("--image", DEMO, "--instances", "2", "--health-path", "/health", "--ready-timeout", "60s")
    ada.ok("apps:create", name, *options)
    yield ada.with_(PAAS_APP=name)
    ada("apps:destroy", name, "--confirm", name)


class Inside:
    """What is in the tenant's namespace."""

    def __init__(self, cluster: Cluster, app: str, environ_of: EnvironOf) -> None:
        self._cluster, self._app, self._environ_of = cluster, app, environ_of

    def environments(self) -> list[dict[str, str]]:
        """What the kernel has as the environment of each pod that is not about to go."""
        return [self._environ_of(NAMESPACE, pod["metadata"]["name"]) for pod in self.pods()]

    def pods(self) -> list[dict[str, Any]]:
        """Those that are not about to go."""
        found = self._cluster.pods(f"paas/app={self._app}", namespace=NAMESPACE)
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def names(self, kind: str) -> set[str]:
        """What there is of the app of a kind."""
        chosen = ("-l", f"paas/app={self._app}", "-n", NAMESPACE, "-o", "json")
        return {each["metadata"]["name"] for each in json.loads(self._cluster.kubectl("get", kind, *chosen))["items"]}


@pytest.fixture
def inside(cluster: Cluster, web: Paas, environ_of: EnvironOf) -> Inside:
    return Inside(cluster, web.environment["PAAS_APP"], environ_of)


def test_variables_reach_every_process_and_by_secrets_alone(web: Paas, inside: Inside) -> None:
    app = web.environment["PAAS_APP"]
    before = {pod["metadata"]["uid"] for pod in inside.pods()}
    web.ok("config:set", "GREETING=good morning")
    changed = web.ok("secrets:set", "KEY=-", stdin=b"hunter2")
    assert "release v3" in changed.out
    environments = inside.environments()
    assert len(environments) == 2
    for environment in environments:
        told = {"GREETING": "good morning", "KEY": "hunter2", "PAAS_APP": app, "PAAS_RELEASE": "v3", "PORT": "8080"}
        assert told.items() <= environment.items()
    assert not before & {pod["metadata"]["uid"] for pod in inside.pods()}
    assert inside.names("secret") == {f"{app}-env-v{number}" for number in (1, 2, 3)}
    assert inside.names("configmap") == set()
    assert "hunter2" not in json.dumps(inside.pods())
    shown = web.ok("apps:info", "--json").document["instances"]
    assert [(each["index"], each["state"], each["release"]) for each in shown] == [(1, "ready", 3), (2, "ready", 3)]


def test_a_bad_value_reaches_one_pod_and_is_taken_back(web: Paas, inside: Inside) -> None:
    web.ok("config:set", "GREETING=hello")
    before = {pod["metadata"]["uid"] for pod in inside.pods()}
    failed = web("config:set", "CRASH=1", "GREETING=worse")
    assert failed.exit_code == 6, failed.err or failed.out
    assert "exited with code 1" in failed.err
    assert "reverted" in failed.err
    assert "CRASH=1: ending at once" not in failed.err
    assert "The instance that failed wrote at last:" in failed.out
    soon(lambda: len(inside.pods()) == 2)
    for environment in inside.environments():
        assert environment["GREETING"] == "hello"
        assert "CRASH" not in environment
    assert len(before) == 2


def test_no_instances_are_released_at_once_and_more_come(web: Paas, inside: Inside) -> None:
    web.ok("apps:update", "--instances", "0")
    soon(lambda: not inside.pods())
    web.ok("config:set", "A=1")
    web.ok("apps:update", "--instances", "3")
    assert len(inside.pods()) == 3


def test_a_hand_in_the_environment_is_named_and_put_right(web: Paas, inside: Inside, cluster: Cluster) -> None:
    app = web.environment["PAAS_APP"]
    web.ok("config:set", "GREETING=hello")
    cluster.kubectl("set", "env", f"deployment/{app}", "-n", NAMESPACE, "GREETING=by hand", "THEIRS=1")
    soon(lambda: web.ok("apps:info", "--json").document["drift"])
    drift = web.ok("apps:info", "--json").document["drift"]
    assert drift["names"] == ["GREETING"]
    assert drift["manager"] == "kubectl-set"
    told = events(web, action="apps.drift", app=app)
    assert [(each["actor"], each["targets"]) for each in told] == [("kubernetes:kubectl-set", ["GREETING"])]
    refused = web("config:set", "OTHER=1")
    assert refused.exit_code != 0
    assert "kubectl-set" in refused.err
    web.ok("releases:create")
    soon(lambda: web.ok("apps:info", "--json").document["drift"] is None)
    for environment in inside.environments():
        assert environment["GREETING"] == "hello"
        assert environment["THEIRS"] == "1", "another manager's stays"


def test_rollback_and_destroy(ada: Paas, web: Paas, inside: Inside) -> None:
    web.ok("config:set", "A=1")
    web.ok("config:set", "A=2")
    web.ok("rollback", "v2")
    assert [environment["A"] for environment in inside.environments()] == ["1", "1"]
    app = web.environment["PAAS_APP"]
    ada.ok("apps:destroy", app, "--confirm", app)
    soon(lambda: not inside.pods() and not inside.names("secret") and not inside.names("deployment"))
