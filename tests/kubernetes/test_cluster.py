"""That the cluster is a real one: pods run, get their variables from Secrets, are replaced, and leave nothing behind.

What the releaser does with a cluster is tested beside this; here it is only the cluster itself.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from machine.processes import identify
from tests.fixtures.waiting import PATIENCE
from tests.kubernetes.cluster import supervisor
from tests.kubernetes.cluster.cluster import Cluster
from tests.kubernetes.cluster.layout import Layout
from tests.kubernetes.cluster.machine.network import Bridge
from tests.kubernetes.cluster.record import Record, read_record
from tests.kubernetes.conftest import EnvironOf, require_own_cluster
from tests.kubernetes.manifests import deployment, env_secret

# The first of them starts a cluster.


def test_the_node_is_ready_and_of_the_version(cluster: Cluster) -> None:
    node = cluster.get("node", "localhost")
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.37.2"
    assert {each["type"]: each["status"] for each in node["status"]["conditions"]}["Ready"] == "True"


def test_a_pod_gets_its_variables_from_a_secret(cluster: Cluster, namespace: str, environ_of: EnvironOf) -> None:
    cluster.apply(env_secret("env-v1", {"GREETING": "good morning", "KEY": "a=b\nc"}), namespace=namespace)
    cluster.apply(deployment("web", secret="env-v1", replicas=1), namespace=namespace)
    cluster.rolled_out("web", namespace=namespace)
    (pod,) = cluster.pods("app=web", namespace=namespace)
    found = environ_of(namespace, pod["metadata"]["name"])
    assert found["GREETING"] == "good morning"
    assert found["KEY"] == "a=b\nc"
    assert "PAAS_REQUIRE_KUBERNETES" not in found


def test_pods_have_addresses_of_their_own_and_the_same_port(cluster: Cluster, namespace: str) -> None:
    cluster.apply(env_secret("env-v1", {"GREETING": "hello"}), namespace=namespace)
    cluster.apply(deployment("web", secret="env-v1", replicas=2), namespace=namespace)
    cluster.rolled_out("web", namespace=namespace)
    addresses = {pod["status"]["podIP"] for pod in cluster.pods("app=web", namespace=namespace)}
    assert len(addresses) == 2
    for address in addresses:
        with urllib.request.urlopen(f"http://{address}:8080/health", timeout=PATIENCE) as answer:
            assert b'"GREETING": "hello"' in answer.read()


def test_another_secret_replaces_the_pods(cluster: Cluster, namespace: str, environ_of: EnvironOf) -> None:
    for number in (1, 2):
        cluster.apply(env_secret(f"env-v{number}", {"GREETING": str(number)}), namespace=namespace)
    cluster.apply(deployment("web", secret="env-v1", replicas=2), namespace=namespace)
    cluster.rolled_out("web", namespace=namespace)
    before = {pod["metadata"]["uid"] for pod in cluster.pods("app=web", namespace=namespace)}
    cluster.apply(deployment("web", secret="env-v2", replicas=2), namespace=namespace)
    cluster.rolled_out("web", namespace=namespace)
    cluster.kubectl("wait", "--for=delete", "pod", "-l", "app=web,secret=env-v1", "-n", namespace, "--timeout=90s")
    after = cluster.pods("app=web", namespace=namespace)
    assert len(after) == 2
    assert not before & {pod["metadata"]["uid"] for pod in after}
    for pod in after:
        assert environ_of(namespace, pod["metadata"]["name"])["GREETING"] == "2"


def test_a_program_that_crashes_is_started_again_and_never_ready(cluster: Cluster, namespace: str) -> None:
    pod = _failing(cluster, namespace, {"CRASH": "1"})
    crashed = "--for=jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}=1"
    cluster.kubectl("wait", crashed, f"pod/{pod}", "-n", namespace, "--timeout=90s")


def test_a_program_that_fails_its_health_check_runs_and_is_never_ready(cluster: Cluster, namespace: str) -> None:
    pod = _failing(cluster, namespace, {"FAIL_HEALTH": "1"})
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Running", f"pod/{pod}", "-n", namespace, "--timeout=90s")
    (container,) = cluster.get("pod", pod, namespace=namespace)["status"]["containerStatuses"]
    assert (container["ready"], container["restartCount"]) == (False, 0)


def _failing(cluster: Cluster, namespace: str, variables: dict[str, str]) -> str:
    """A Deployment with these variables that did not become what it should be in time; the name of its pod."""
    cluster.apply(env_secret("env-v1", variables), namespace=namespace)
    cluster.apply(deployment("web", secret="env-v1", replicas=1, deadline=3), namespace=namespace)
    cluster.kubectl("wait", "--for=condition=Progressing=False", "deployment/web", "-n", namespace, "--timeout=90s")
    assert cluster.get("deployment", "web", namespace=namespace)["status"].get("readyReplicas", 0) == 0
    (pod,) = cluster.pods("app=web", namespace=namespace)
    return str(pod["metadata"]["name"])


_HOLDER = """
import sys, time
from tests.kubernetes.cluster.cluster import start
from pathlib import Path
start(Path(sys.argv[1]), tied=True)
print("up", flush=True)
time.sleep(3600)
"""


@pytest.mark.parametrize("killed", ["stopped", "starter", "supervisor"])
def test_a_cluster_that_ends_leaves_nothing(tmp_path: Path, killed: str) -> None:
    """By `down`, by the death of whoever started it, and by `down` after its supervisor was killed."""
    require_own_cluster()
    folder = Path(f"/tmp/paas-end-{os.getpid()}-{killed}")
    holder = subprocess.Popen([sys.executable, "-c", _HOLDER, str(folder)], cwd=supervisor.ROOT, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"up\n"
        layout = Layout(folder)
        cluster, record = Cluster(layout.kubeconfig, layout), read_record(layout.record)
        assert record is not None
        _run_a_pod(cluster)
        assert _remains(folder, record), "the search finds nothing of a cluster that runs"
        if killed == "starter":
            holder.kill()
        elif killed == "supervisor":
            os.kill(record.supervisor.pid, signal.SIGKILL)
        if killed != "starter":
            supervisor.stop(folder)
        _until_gone(folder, record)
        assert [path.name for path in folder.iterdir()] == ["log"]
    finally:
        holder.kill()
        holder.wait()
        supervisor.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _run_a_pod(cluster: Cluster) -> None:
    cluster.apply(env_secret("env-v1", {"GREETING": "hello"}), namespace="default")
    cluster.apply(deployment("web", secret="env-v1", replicas=1), namespace="default")
    cluster.rolled_out("web", namespace="default")


def _until_gone(folder: Path, record: Record) -> None:
    deadline = time.monotonic() + PATIENCE
    while (left := _remains(folder, record)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left


def _remains(folder: Path, record: Record) -> dict[str, Any]:
    """Processes that name the folder or are in the cluster's cgroup, mounts seen by anybody, the bridge, cgroups."""
    found: dict[str, Any] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or identify(int(entry.name)) is None:
            continue
        texts = {name: _read(entry / name) for name in ("cmdline", "cgroup", "mountinfo")}
        if "tests.kubernetes.cluster.cluster" in texts["cmdline"]:
            continue  # the starter
        if str(folder) in texts["cmdline"] + texts["mountinfo"] or record.cgroup in texts["cgroup"]:
            found[entry.name] = texts["cmdline"]
    if Path(f"/sys/class/net/{Bridge(record.bridge).name}").exists():
        found["bridge"] = record.bridge
    # Other than a pattern, a walk passes over what goes while it goes on.
    if cgroups := [path for path, _, _ in os.walk("/sys/fs/cgroup") if path.endswith(f"/{record.cgroup.strip('/')}")]:
        found["cgroups"] = cgroups
    return found


def _read(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
