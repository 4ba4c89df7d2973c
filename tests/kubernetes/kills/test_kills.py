"""`kill -9` of the releaser at each step of a release: it is gone on with, and nothing rolls a second time.

How often something rolled is counted where Kubernetes does: a ReplicaSet and a revision for each rollout, and a
generation for each change of the Deployment. Leaves out kills by the hundred at moments of chance (tests/crash).
"""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web as http

from tests.e2e.installation import Installation, Paas, kill, pid_of, releases, superuser
from tests.fixtures.waiting import soon
from tests.kubernetes.cluster.cluster import Cluster
from tests.kubernetes.faults.proxy import Fault, Proxy
from tests.kubernetes.kills.conftest import TENANT

NAMESPACE = f"tenant-{TENANT}"
STEPS = {"the Secret": ("POST", "/secrets"), "the Deployment": ("PATCH", "/deployments/web")}


class Rollouts:
    """What Kubernetes has counted of the app's rollouts."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._before = self._deployment()

    def was_one(self, release: int, *, instances: int = 2) -> bool:
        """Whether there was one since, to `release`, with pods that were each started once."""
        now = self._deployment()
        pods = [pod for pod in self._listed("pods") if pod["metadata"]["labels"]["paas/release"] == str(release)]
        sets = [each for each in self._listed("replicasets") if _release_of(each) == str(release)]
        assert len(sets) == 1, "each rollout has a ReplicaSet"
        assert now["metadata"]["generation"] - self._before["metadata"]["generation"] == 1
        assert _revision(now) - _revision(self._before) == 1
        assert [each["restartCount"] for pod in pods for each in pod["status"]["containerStatuses"]] == [0] * instances
        return True

    def ready(self, release: int) -> int:
        """How many pods of a release are ready."""
        sets = [each for each in self._listed("replicasets") if _release_of(each) == str(release)]
        return sum(each["status"].get("readyReplicas", 0) for each in sets)

    def _deployment(self) -> dict[str, Any]:
        return self._cluster.get("deployment", "web", namespace=NAMESPACE)

    def _listed(self, kind: str) -> list[dict[str, Any]]:
        chosen = ("-l", "paas/app=web", "-n", NAMESPACE, "-o", "json")
        found: list[dict[str, Any]] = json.loads(self._cluster.kubectl("get", kind, *chosen))["items"]
        return [each for each in found if "deletionTimestamp" not in each["metadata"]]


def _release_of(replica_set: dict[str, Any]) -> str:
    return str(replica_set["spec"]["template"]["metadata"]["labels"]["paas/release"])


def _revision(thing: dict[str, Any]) -> int:
    return int(thing["metadata"]["annotations"]["deployment.kubernetes.io/revision"])


@pytest.fixture
def rollouts(cluster: Cluster, stack: Installation, web: Paas) -> Rollouts:
    """Counted from now on; releaser is back from the kill before."""
    stack.stack.wait_ready()
    return Rollouts(cluster)


def once(step: tuple[str, str], act: Callable[[], None]) -> Callable[[http.Request], bool]:
    """Do something with the first request of a kind; whether this is it."""
    done = threading.Event()

    def look(request: http.Request) -> bool:
        if done.is_set() or request.method != step[0] or not request.path.endswith(step[1]):
            return False
        done.set()
        act()
        return True

    return look


def change(web: Paas, command: str, *arguments: str) -> int:
    """Make a change that nobody watches, since a releaser that is killed often is away for longer; its release.

    Which number it has is looked up: a releaser that dies of it may not have said so, and the change is told it later.
    """
    newest = releases(web)[0]
    before = int(newest["number"])

    def there() -> bool:
        newest.update(_newest(web))
        return int(newest["number"]) > before

    web.ok(command, *arguments, "--no-wait")
    soon(there)
    return int(newest["number"])


def released(web: Paas, number: int) -> None:
    """See that a release succeeded, and that there was no other one after it."""
    soon(lambda: _newest(web).get("finished_at"))
    newest = releases(web)[0]
    assert (newest["number"], newest["state"]) == (number, "succeeded"), newest["message"]


def _newest(web: Paas) -> dict[str, Any]:
    """The newest release, or nothing while releaser is away."""
    shown = web("releases", "-n", "1", "--json")
    found: list[dict[str, Any]] = shown.document["releases"] if shown.exit_code == 0 else [{}]
    return found[0]


@pytest.mark.parametrize("step", STEPS)
def test_killed_before_it_writes(stack: Installation, web: Paas, proxy: Proxy, rollouts: Rollouts, step: str) -> None:
    victim = pid_of(stack.stack, "releaser")
    seen = once(STEPS[step], lambda: kill(victim))
    proxy.choose = lambda request: Fault() if seen(request) else None
    number = change(web, "config:set", f"A=before {step}")
    released(web, number)
    assert pid_of(stack.stack, "releaser") != victim
    assert rollouts.was_one(number)


@pytest.mark.parametrize("step", STEPS)
def test_killed_once_it_has_written(
    stack: Installation, web: Paas, proxy: Proxy, rollouts: Rollouts, step: str
) -> None:
    victim = pid_of(stack.stack, "releaser")
    seen = once(STEPS[step], lambda: kill(victim))
    proxy.answered = seen
    number = change(web, "config:set", f"A=after {step}")
    released(web, number)
    assert pid_of(stack.stack, "releaser") != victim
    assert rollouts.was_one(number)


def test_killed_while_it_watches(stack: Installation, web: Paas, rollouts: Rollouts) -> None:
    # Between the first and the second instance is time enough to look, also for whoever is held up meanwhile.
    number = change(web, "config:set", "A=watched", "SLOW=8")
    soon(lambda: rollouts.ready(number) == 1)
    victim = pid_of(stack.stack, "releaser")
    kill(victim)
    released(web, number)
    assert pid_of(stack.stack, "releaser") != victim
    assert rollouts.was_one(number)
    released(web, change(web, "config:unset", "SLOW"))


def test_killed_before_it_marks_what_came_up(stack: Installation, web: Paas, proxy: Proxy, rollouts: Rollouts) -> None:
    with superuser(stack.stack, "releaser") as database:
        database.autocommit = False
        # From the write on nobody can mark anything: the placement is written down before it, and once it came up.
        seen = once(STEPS["the Deployment"], lambda: _lock(database))
        proxy.answered = seen
        number = change(web, "config:set", "A=marked")
        soon(lambda: _waits(stack))
        assert rollouts.ready(number) == 2
        victim = pid_of(stack.stack, "releaser")
        kill(victim)
        database.rollback()
    released(web, number)
    assert pid_of(stack.stack, "releaser") != victim
    assert rollouts.was_one(number)


def _lock(database: Any) -> None:
    database.execute("LOCK TABLE placements IN EXCLUSIVE MODE")


def _waits(stack: Installation) -> bool:
    """Whether releaser waits for the lock."""
    statement = "SELECT FROM pg_stat_activity WHERE usename = 'releaser' AND wait_event_type = 'Lock'"
    with superuser(stack.stack, "releaser") as database:
        return bool(database.execute(statement).fetchall())
