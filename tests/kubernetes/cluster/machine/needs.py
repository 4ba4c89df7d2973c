"""What a cluster needs of this machine: a list of what is missing, and Debian's own packages for it."""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from local.failures import LocalFailure
from tests.fixtures.debian import install

# Each program with the package of Debian that has it.
_PROGRAMS: Final = {
    "containerd": "containerd",
    "ctr": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "runc": "runc",
    "ip": "iproute2",
    "unshare": "util-linux",
    "mount": "mount",
}
_CNI_PACKAGE: Final = "containernetworking-plugins"
_CNI_PROGRAMS: Final = ("bridge", "host-local", "loopback")
_CNI_FOLDERS: Final = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))


def ensure() -> None:
    """Install what is missing where this is Debian and we are root. Raises LocalFailure naming what still is."""
    if sys.platform != "linux":
        raise LocalFailure("A Kubernetes cluster needs Linux: run this in a virtual machine, or set KUBECONFIG.")
    if os.geteuid() != 0:
        raise LocalFailure("A Kubernetes cluster runs containers, which takes root: use sudo, or set KUBECONFIG.")
    if packages := missing_packages():
        install(packages)
    if packages := missing_packages():
        raise LocalFailure(f"A Kubernetes cluster needs {' '.join(packages)}: install what Debian calls so.")


def missing_packages() -> list[str]:
    """The packages of Debian that have what this machine lacks."""
    lacking = {package for program, package in _PROGRAMS.items() if shutil.which(program) is None}
    return sorted(lacking if cni_programs() else lacking | {_CNI_PACKAGE})


def cni_programs() -> Path | None:
    """The folder with the programs that give a pod its network."""
    return next((each for each in _CNI_FOLDERS if all((each / name).is_file() for name in _CNI_PROGRAMS)), None)
