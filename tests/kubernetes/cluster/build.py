"""The two programs of `go/`, built once and kept outside the clone: Kubernetes in one file, and `pause`.

They are in `$XDG_CACHE_HOME/paas/kubernetes/<key>` (`~/.cache` without it), where the key is made of everything that
decides what is built, so that another version is another folder. Where modules come from is the Go client's own
setting. The first build takes ten minutes of two cores and more, so it is said what is being waited for.
"""

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.failures import LocalFailure
from tests.fixtures import user_cache

SOURCES: Final = Path(__file__).parent / "go"
VERSION: Final = "1.37.2"
_MINOR = VERSION.split(".")[1]
# Without these Kubernetes says that it is of no version, and clients refuse it.
_STAMPS: Final = {
    "k8s.io/component-base/version.gitVersion": f"v{VERSION}",
    "k8s.io/component-base/version.gitMajor": "1",
    "k8s.io/component-base/version.gitMinor": _MINOR,
    "k8s.io/client-go/pkg/version.gitVersion": f"v{VERSION}",
}
FLAGS: Final = (
    "-mod=readonly",
    "-trimpath",
    "-buildvcs=false",
    "-ldflags=-s -w " + " ".join(f"-X {name}={value}" for name, value in _STAMPS.items()),
)
# Static programs: `pause` is alone in its image.
SETTINGS: Final = {"CGO_ENABLED": "0", "GOFLAGS": ""}


@dataclass(frozen=True)
class Programs:
    """Where the two programs are."""

    kubernetes: Path
    pause: Path

    def all_there(self) -> bool:
        """Whether both are built."""
        return self.kubernetes.is_file() and self.pause.is_file()


def programs() -> Programs:
    """Where they are once they are built. Raises LocalFailure where there is no Go, whose version is in the key."""
    folder = cache_folder() / key(sources=SOURCES, go_version=_go_version())
    return Programs(folder / "kubernetes", folder / "pause")


def ensure_built() -> Programs:
    """Build what is not there yet, which takes minutes, and only once at a time. Raises LocalFailure."""
    found = programs()
    if found.all_there():
        return found
    found.kubernetes.parent.mkdir(parents=True, exist_ok=True)
    with user_cache.alone(found.kubernetes.parent / "lock"):
        for program, package in ((found.pause, "./pause"), (found.kubernetes, ".")):
            if not program.is_file():
                _build(program, package)
    return found


def key(*, sources: Path, go_version: str) -> str:
    """Changes whenever something else would be built from `sources`, a folder: 32 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum", "main.go", "pause/main.go"):
        content = (sources / name).read_bytes()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    digest.update("\n".join([*FLAGS, *(f"{name}={value}" for name, value in SETTINGS.items()), go_version]).encode())
    return digest.hexdigest()[:32]


def cache_folder() -> Path:
    """Where they are kept."""
    return user_cache.cache_folder("kubernetes")


def _build(program: Path, package: str) -> None:
    print(f"building {program.name} {VERSION} for {program} (minutes, once) ...", file=sys.stderr, flush=True)
    temporary = program.with_name(f".{program.name}.{os.getpid()}")
    command = ["nice", "-n", "10", "go", "build", *FLAGS, "-o", str(temporary), package]
    try:
        done = subprocess.run(command, cwd=SOURCES, env={**os.environ, **SETTINGS}, check=False)
        if done.returncode != 0:
            raise LocalFailure(f"{program.name} could not be built with Go: see above.")
        temporary.rename(program)
    finally:
        temporary.unlink(missing_ok=True)


def _go_version() -> str:
    try:
        return subprocess.run(["go", "version"], cwd=SOURCES, check=True, capture_output=True, text=True).stdout.strip()
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise LocalFailure("Kubernetes is built with Go 1.26 or newer, and there is no `go`: install it.") from error
