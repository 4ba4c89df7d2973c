"""The first process of a cluster's namespaces: starts the parts and ends when one of them does.

It runs in a PID namespace and a mount namespace of the cluster's own (`supervisor.py`). The kernel kills every process
of a PID namespace with its first one, and takes a mount away with the last process that sees it. So whatever a cluster
starts or mounts, pods included, ends with this process, however it ends.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NoReturn

from local.failures import LocalFailure
from local.last_words import last_words
from tests.kubernetes.cluster import api
from tests.kubernetes.cluster.layout import Layout, api_url
from tests.kubernetes.cluster.machine.network import Bridge
from tests.kubernetes.cluster.parts import Part, all_parts
from tests.kubernetes.cluster.record import read_record

# Paths that the kubelet, containerd or runc write to and that can't be set: each cluster sees its own.
_OWN_FOLDERS: Final = ("/run/containerd", "/var/lib/kubelet", "/var/log/containers")
# What the kubelet would set for the whole machine (setupKernelTunables in its pkg/kubelet/cm): it reads these answers.
_KERNEL_SETTINGS: Final = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
# Seconds. Many times what a loaded machine needs.
_PATIENCE: Final = 180.0
_LOOK: Final = 0.05


class Node:
    """The parts that were started."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, parts: Iterable[Part]) -> None:
        """Start them; does not wait until they do their work."""
        for part in parts:
            with self._layout.log(part.name).open("ab") as log:
                self._running[part.name] = subprocess.Popen(
                    part.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"
                )

    def until_api_answers(self, url: str) -> None:
        """Wait for the API server. Raises LocalFailure where a part ends instead, or nothing comes of it."""
        deadline = time.monotonic() + _PATIENCE
        while not api.answers(url, self._layout.pki):
            self._require_running()
            if time.monotonic() > deadline:
                raise LocalFailure(f"The API server did not become ready: {self._words('kube-apiserver')}")
            time.sleep(_LOOK)

    def import_images(self, archives: Iterable[str]) -> None:
        """Give containerd the images, once it takes them. Raises LocalFailure."""
        socket, deadline = str(self._layout.containerd_socket), time.monotonic() + _PATIENCE
        ctr = ("ctr", "--address", socket, "--namespace", "k8s.io")
        while _quiet([*ctr, "version"]).returncode != 0:
            self._require_running()
            if time.monotonic() > deadline:
                raise LocalFailure(f"containerd did not become ready: {self._words('containerd')}")
            time.sleep(_LOOK)
        for archive in archives:
            done = _quiet([*ctr, "images", "import", archive])
            if done.returncode != 0:
                raise LocalFailure(f"containerd did not take the image {archive}: {done.stderr.strip()}")

    def until_one_ends(self) -> NoReturn:
        """Collect whoever ends, as a first process has to. Raises LocalFailure when it is a part."""
        parts = {process.pid: name for name, process in self._running.items()}
        while True:
            pid, status = os.wait()
            if name := parts.get(pid):
                raise self._ended(name, os.waitstatus_to_exitcode(status))

    def _require_running(self) -> None:
        for name, process in self._running.items():
            if (code := process.poll()) is not None:
                raise self._ended(name, code)

    def _ended(self, name: str, code: int) -> LocalFailure:
        return LocalFailure(f"{name} ended with {code}: {self._words(name)}")

    def _words(self, name: str) -> str:
        return f"{last_words(self._layout.log(name))} More is in {self._layout.log(name)}."


def run(folder: Path) -> NoReturn:
    """Be the first process of a cluster that `supervisor.py` has prepared in `folder`. Raises LocalFailure."""
    layout = Layout(folder)
    record = read_record(layout.record)
    if os.getpid() != 1 or record is None:
        raise LocalFailure("This is what a cluster's supervisor starts: use `up`.")
    _mount_own(layout)
    parts = all_parts(layout, record.ports, kubernetes=Path(record.kubernetes), node_address=Bridge(record.bridge).node)
    node = Node(layout)
    node.start(part for part in parts if not part.needs_others)
    node.import_images(record.images)
    node.until_api_answers(api_url(record.ports))
    node.start(part for part in parts if part.needs_others)
    node.until_one_ends()


def _mount_own(layout: Layout) -> None:
    # A pod's mounts come and go in the namespace of the kubelet and of containerd, which are two processes of this one.
    _mount("--make-rshared", "/")
    for place in _OWN_FOLDERS:
        Path(place).mkdir(parents=True, exist_ok=True)
        _mount("-t", "tmpfs", "-o", "mode=0711", "tmpfs", place)
    answers = layout.data / "kernel"
    for name, value in _KERNEL_SETTINGS.items():
        answer = answers / name
        answer.parent.mkdir(parents=True, exist_ok=True)
        answer.write_text(f"{value}\n", encoding="ascii")
        _mount("--bind", str(answer), f"/proc/sys/{name}")


def _mount(*arguments: str) -> None:
    done = _quiet(["mount", *arguments])
    if done.returncode != 0:
        raise LocalFailure(f"A cluster has to mount file systems, and may not here: {done.stderr.strip()}.")


def _quiet(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, check=False, capture_output=True, text=True)


def main(folder: Path) -> int:
    """`run` as a program: the reason for its end is the last line of its log."""
    try:
        run(folder)
    except LocalFailure as failure:
        print(failure, file=sys.stderr, flush=True)
        return 1
