"""A cluster as whoever uses it sees it.

    with Cluster.temporary() as cluster:
        cluster.kubectl("apply", "-f", "-", text=manifest)

It has a supervisor of its own, which takes the cluster away when this process ends, however it does.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.failures import LocalFailure
from local.last_words import last_words
from local.private_files import private_folder
from machine.kinship import dying_with_parent
from tests.kubernetes.cluster import supervisor
from tests.kubernetes.cluster.build import ensure_built
from tests.kubernetes.cluster.layout import Layout

_LOOK: Final = 0.05


@dataclass(frozen=True)
class Cluster:
    """A running cluster: the administrator's kubeconfig, and where its own parts are if they are on this machine."""

    kubeconfig: Path
    layout: Layout | None = None

    @classmethod
    @contextmanager
    def temporary(cls) -> Iterator["Cluster"]:
        """One in a temporary folder until the end of the block. Raises LocalFailure."""
        folder = Path(tempfile.mkdtemp(prefix="paas-kube-"))
        try:
            start(folder, tied=True)
            layout = Layout(folder)
            yield cls(layout.kubeconfig, layout)
        finally:
            supervisor.stop(folder)
            shutil.rmtree(folder, ignore_errors=True)

    def kubectl(self, *arguments: str, text: str = "") -> str:
        """What kubectl prints for these arguments; `text` is its standard input. Raises LocalFailure with its words."""
        command = [str(ensure_built().kubernetes), "kubectl", *arguments]
        settings = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        done = subprocess.run(command, env=settings, input=text, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise LocalFailure(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def get(self, kind: str, name: str, *, namespace: str = "default") -> dict[str, Any]:
        """One object. Raises LocalFailure where there is none."""
        found = json.loads(self.kubectl("get", kind, name, "--namespace", namespace, "--output=json"))
        assert isinstance(found, dict)
        return found

    def pods(self, selector: str, *, namespace: str) -> list[dict[str, Any]]:
        """The pods that have the labels of `selector`."""
        listed = self.kubectl("get", "pods", "--selector", selector, "--namespace", namespace, "--output=json")
        return list(json.loads(listed)["items"])

    def apply(self, manifest: Mapping[str, Any], *, namespace: str) -> None:
        """Make an object or change it. Raises LocalFailure where the API server refuses it."""
        self.kubectl("apply", "--namespace", namespace, "--filename=-", text=json.dumps(manifest))

    def rolled_out(self, deployment: str, *, namespace: str) -> None:
        """Wait until a Deployment is what it should be. Raises LocalFailure where it does not become so."""
        self.kubectl("rollout", "status", f"deployment/{deployment}", "--namespace", namespace, "--timeout=120s")


def start(folder: Path, *, tied: bool) -> None:
    """Start a cluster in `folder` and wait until it takes pods; `tied`, it ends with this process.

    Raises LocalFailure where it doesn't start, or one runs there already.
    """
    layout = Layout(folder)
    layout.require_short()
    if supervisor.is_running(folder):
        raise LocalFailure(f"A cluster runs in {folder} already: stop it with `down {folder}`.")
    supervisor.stop(folder)
    private_folder(layout.logs)
    command = [sys.executable, "-m", "tests.kubernetes.cluster", "supervise", str(folder)]
    with layout.log("supervisor").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=supervisor.ROOT,
            # A Ctrl-C at the terminal is for the starter.
            start_new_session=True,
            preexec_fn=dying_with_parent(signal.SIGTERM) if tied else None,  # noqa: PLW1509 - it only calls prctl
        )
    while not layout.ready.exists():
        if process.poll() is not None:
            raise LocalFailure(f"The cluster did not start: {last_words(layout.log('supervisor'))}")
        time.sleep(_LOOK)
