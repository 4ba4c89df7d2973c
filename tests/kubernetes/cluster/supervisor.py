"""A cluster's supervisor: makes all that a cluster needs, starts its first process, and takes everything away again.

It does so when it is told to end, when the cluster ends, and when whoever started it dies (`cluster.py`). If it is
killed itself, so is the cluster, by the kernel; what is then left (a network interface, empty cgroups, files) is
removed by `down`.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from local.failures import LocalFailure
from local.last_words import last_words
from local.ports import reserve
from local.private_files import private_folder
from machine.kinship import dying_with_parent
from machine.processes import ProcessId, end, identify, is_alive
from machine.trees import descendants
from tests.kubernetes.cluster import api, pki
from tests.kubernetes.cluster.build import ensure_built
from tests.kubernetes.cluster.images.own import own_images
from tests.kubernetes.cluster.layout import Layout, Ports, api_url
from tests.kubernetes.cluster.machine import cgroups, needs, network
from tests.kubernetes.cluster.parts import containerd_configuration, kubelet_configuration
from tests.kubernetes.cluster.record import Record, read_record, write_record

ROOT: Final = Path(__file__).parents[3]
# Seconds from its first process until a cluster takes pods. Many times what a loaded machine needs.
_PATIENCE: Final = 240.0
_LOOK: Final = 0.1
# Seconds that a supervisor gets to take away what it made.
_GRACE: Final = 60.0
_NAMESPACES: Final = ("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc")


def main(folder: Path) -> int:
    """Run a cluster in `folder` until it ends or this process is told to; the exit status."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _told_to_end)
    layout = Layout(folder)
    try:
        _run(layout)
    except LocalFailure as failure:
        print(failure, file=sys.stderr, flush=True)
        return 1
    finally:
        # From here on nothing else may come between: the second signal is for the impatient.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        take_away(layout)


def stop(folder: Path) -> bool:
    """End the cluster of `folder`, also one whose supervisor was killed. Whether there was anything to end."""
    layout = Layout(folder)
    record = read_record(layout.record)
    if record is None:
        return False
    end([record.supervisor], (signal.SIGTERM, _GRACE), (signal.SIGKILL, _GRACE))
    take_away(layout)
    return True


def is_running(folder: Path) -> bool:
    """Whether a supervisor takes care of a cluster in `folder`."""
    record = read_record(Layout(folder).record)
    return record is not None and is_alive(record.supervisor)


def take_away(layout: Layout) -> None:
    """End the cluster's processes and remove what it made. Its logs are left."""
    record = read_record(layout.record)
    layout.ready.unlink(missing_ok=True)
    if record is not None:
        if record.node is not None:
            # The first process of the namespaces; `unshare` ends with it.
            end(descendants(record.node.pid)[:1] if is_alive(record.node) else [], (signal.SIGKILL, _GRACE))
            end([record.node], (signal.SIGKILL, _GRACE))
        network.remove(network.Bridge(record.bridge).name)
        cgroups.remove(record.cgroup)
    for each in (layout.data, layout.settings, layout.pki):
        shutil.rmtree(each, ignore_errors=True)
    for file in (layout.kubeconfig, layout.containerd_socket, layout.folder / "containerd.sock.ttrpc", layout.record):
        file.unlink(missing_ok=True)


def _run(layout: Layout) -> NoReturn:
    needs.ensure()
    programs = ensure_built()
    for folder in (layout.folder, layout.logs, layout.data, layout.settings, layout.settings / "cni"):
        private_folder(folder)
    # Kept by this process for as long as the cluster runs, so that nobody else is given them meanwhile.
    reserved = [each for _ in range(4) if (each := reserve(0))]
    ports = Ports(*(each.getsockname()[1] for each in reserved))
    supervisor = _this_process()
    bridge = network.claim(supervisor)
    record = Record(
        supervisor=supervisor,
        bridge=bridge.number,
        cgroup=f"/paas-kubernetes-{secrets.token_hex(4)}",
        ports=ports,
        kubernetes=str(programs.kubernetes),
        images=tuple(map(str, own_images(pause=programs.pause))),
    )
    write_record(layout.record, record)
    cgroups.make(record.cgroup)
    pki.make(layout.pki, server=api_url(ports))
    _write_settings(layout, record)
    process = _start_node(layout)
    write_record(layout.record, Record(**{**vars(record), "node": identify(process.pid)}))
    _wait_ready(layout, record, process)
    process.wait()
    raise _ended(layout)


def _this_process() -> ProcessId:
    """Who runs this."""
    found = identify(os.getpid())
    assert found is not None
    return found


def _write_settings(layout: Layout, record: Record) -> None:
    folder, cni_programs = layout.settings, needs.cni_programs()
    assert cni_programs is not None
    (folder / "containerd.toml").write_text(containerd_configuration(layout, cni_programs=cni_programs))
    kubelet = kubelet_configuration(layout, record.ports, cgroup=record.cgroup)
    (folder / "kubelet.json").write_text(json.dumps(kubelet, indent=1))
    cni = network.cni_configuration(network.Bridge(record.bridge), data=str(layout.data / "addresses"))
    (folder / "cni" / "pods.conflist").write_text(json.dumps(cni, indent=1))


def _start_node(layout: Layout) -> "subprocess.Popen[bytes]":
    command = [*_NAMESPACES, sys.executable, "-m", "tests.kubernetes.cluster", "node", str(layout.folder)]
    with layout.log("node").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            preexec_fn=dying_with_parent(signal.SIGKILL),  # noqa: PLW1509 - this process has one thread
        )


def _wait_ready(layout: Layout, record: Record, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _PATIENCE
    while not api.takes_pods(api_url(record.ports), layout.pki):
        if process.poll() is not None:
            raise _ended(layout)
        if time.monotonic() > deadline:
            raise LocalFailure(f"The node did not become ready: {last_words(layout.log('kubelet'))}")
        time.sleep(_LOOK)
    shutil.copyfile(layout.pki / "admin.kubeconfig", layout.kubeconfig)
    layout.kubeconfig.chmod(0o600)
    layout.ready.touch()


def _ended(layout: Layout) -> LocalFailure:
    return LocalFailure(f"The cluster ended: {last_words(layout.log('node'))}")


def _told_to_end(number: int, _: FrameType | None) -> None:
    # What unwinds from here is `main`'s `finally`.
    sys.exit(0 if number == signal.SIGTERM else 130)
