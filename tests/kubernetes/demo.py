"""`make demo-kubernetes`: the demo with apps that are pods, in the cluster that KUBECONFIG names or in one of ours.

    python -m tests.kubernetes.demo [--port PORT]    start it and show it
    python -m tests.kubernetes.demo stop             stop it, with the cluster if it is ours

Of another's cluster kubectl and its right to make a namespace are needed, and an image that the cluster can have:
PAAS_DEMO_IMAGE names one that serves on 8080, else Python's own is taken from its registry.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local import demo, demo_app
from local.demo_place import Hint
from local.failures import LocalFailure
from local.layout import CLONE, STATE_FOLDER
from local.paas_cli_run import Terminal, heading
from local.ports import DEFAULT_BASE_PORT
from local.signin import TENANT
from local.stack import Stack
from tests.kubernetes.cluster import cluster, supervisor
from tests.kubernetes.cluster.build import ensure_built
from tests.kubernetes.cluster.images.own import DEMO
from tests.kubernetes.cluster.layout import Layout

_FOLDER: Final = CLONE / STATE_FOLDER / "kubernetes"
_CLUSTER: Final = _FOLDER / "cluster"
_NAMESPACE: Final = f"tenant-{TENANT}"
_FOREIGN_IMAGE: Final = "python:3-alpine"
_SERVES: Final = ("--health-path", "/", "--", "python3", "-m", "http.server", "8080")


@dataclass(frozen=True)
class InCluster:
    """Pods. `kubectl` is the command that reaches their cluster."""

    kubectl: Sequence[str]
    kubeconfig: Path
    options: Sequence[str]

    program: str = "an image, as pods of a Deployment"
    looked_at: str = "/proc/1/environ of each pod"

    @property
    def hints(self) -> Sequence[Hint]:
        """What to do with it."""
        kubectl = f"KUBECONFIG={shlex.quote(str(self.kubeconfig))} {shlex.join(self.kubectl)}"
        return (
            ("use it", f"cd {_FOLDER.relative_to(CLONE)}; ../../.venv/bin/paas config -a {demo.APP}"),
            ("its pods", f"{kubectl} -n {_NAMESPACE} get deployments,pods,secrets"),
            ("stop it", "make stop"),
        )

    def inside(self, _: Terminal, app: str) -> Mapping[str, Mapping[str, str]]:
        """What the kernel has as the environment of each pod's first process."""
        chosen = ("-n", _NAMESPACE, "-l", f"paas/app={app}", "--field-selector", "status.phase=Running", "-o", "name")
        return {pod: self._environment(pod) for pod in self.run("get", "pods", *chosen).split()}

    def _environment(self, pod: str) -> Mapping[str, str]:
        raw = self.run("exec", "-n", _NAMESPACE, pod, "--", "cat", "/proc/1/environ")
        variables = dict(line.partition("=")[::2] for line in raw.split("\0") if line)
        ours = {name: value for name, value in variables.items() if not name.startswith(("KUBERNETES_", "PYTHON"))}
        return demo_app.shown_environment(ours)

    def run(self, *arguments: str) -> str:
        """What kubectl prints. Raises LocalFailure with its words."""
        command = [*self.kubectl, *arguments]
        try:
            done = subprocess.run(
                command,
                env={**os.environ, "KUBECONFIG": str(self.kubeconfig)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise LocalFailure(f"There is no {command[0]} on this machine: install it.") from error
        if done.returncode != 0:
            raise LocalFailure(f"{command[0]} {arguments[0]}: {done.stderr.strip()}")
        return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what it is asked; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.kubernetes.demo", description=__doc__)
    parser.add_argument("verb", nargs="?", default="start", choices=("start", "stop"))
    parser.add_argument("--port", type=int, default=DEFAULT_BASE_PORT)
    options = parser.parse_args(arguments)
    try:
        if options.verb == "stop":
            _stop()
        else:
            _start(options.port)
    except LocalFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def _start(port: int) -> None:
    place = _place()
    if not place.run("get", "namespace", _NAMESPACE, "--ignore-not-found", "-o", "name"):
        place.run("create", "namespace", _NAMESPACE)
    demo.run(Stack(_FOLDER / STATE_FOLDER, base_port=port, kubeconfig=place.kubeconfig), place)


def _place() -> InCluster:
    if given := os.environ.get("KUBECONFIG"):
        image = os.environ.get("PAAS_DEMO_IMAGE")
        options = ("--image", image) if image else ("--image", _FOREIGN_IMAGE, *_SERVES)
        return InCluster(("kubectl",), Path(given).absolute(), options)
    heading("Start Kubernetes: etcd, API server, controllers, scheduler, kubelet and containerd")
    if supervisor.is_running(_CLUSTER):
        print("It runs already.")
    else:
        started = time.monotonic()
        cluster.start(_CLUSTER, tied=False)
        print(f"Ready after {time.monotonic() - started:.1f} s.")
    own = (str(ensure_built().kubernetes), "kubectl")
    return InCluster(own, Layout(_CLUSTER).kubeconfig, ("--image", DEMO, "--health-path", demo_app.HEALTH_PATH))


def _stop() -> None:
    stopped = Stack(_FOLDER / STATE_FOLDER).stop() if (_FOLDER / STATE_FOLDER).is_dir() else False
    ended = supervisor.stop(_CLUSTER) if _CLUSTER.is_dir() else False
    if _CLUSTER.is_dir():
        # A cluster of ours keeps nothing, so what the services know of it is of no use either.
        shutil.rmtree(_FOLDER)
    if stopped or ended:
        print("The demo on Kubernetes has stopped.")


if __name__ == "__main__":
    sys.exit(main())
