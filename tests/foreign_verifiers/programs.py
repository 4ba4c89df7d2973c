"""The programs of others, built once and kept outside the clone: in `~/.cache/paas/verifiers/<key>`.

The key is made of everything that decides what is built. Where modules and packages come from is the Go client's and
pip's own setting.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.failures import LocalFailure
from tests.fixtures import user_cache

FOLDER: Final = Path(__file__).parent
GO: Final = FOLDER / "go"
REQUIREMENTS: Final = FOLDER / "requirements.txt"
_FLAGS: Final = ("-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w")
_SETTINGS: Final = {"CGO_ENABLED": "0", "GOFLAGS": ""}
_PACKAGES: Final = {"verifier": ".", "fsck": "github.com/transparency-dev/tessera/cmd/fsck"}


@dataclass(frozen=True)
class Programs:
    """Where they are. `aics` is the environment that has aics-tlog."""

    verifier: Path
    fsck: Path
    aics: Path

    @property
    def aics_python(self) -> Path:
        """The Python of that environment."""
        return self.aics / "bin" / "python"


def ensure_built() -> Programs:
    """Build what is not there yet, only once at a time. Raises LocalFailure."""
    folder = user_cache.cache_folder("verifiers") / _key()
    found = Programs(folder / "verifier", folder / "fsck", folder / "aics")
    if all(path.exists() for path in (found.verifier, found.fsck, found.aics)):
        return found
    folder.mkdir(parents=True, exist_ok=True)
    with user_cache.alone(folder / "lock"):
        for program in (found.verifier, found.fsck):
            if not program.exists():
                _build(program, _PACKAGES[program.name])
        if not found.aics.exists():
            _install(found.aics)
    return found


def _key() -> str:
    digest = hashlib.sha256()
    for path in (*sorted(GO.iterdir()), REQUIREMENTS):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    digest.update("\n".join([*_FLAGS, *_PACKAGES.values(), _go_version(), platform.python_version()]).encode())
    return digest.hexdigest()[:32]


def _build(program: Path, package: str) -> None:
    new = program.with_name(f".{program.name}.{os.getpid()}")
    _run(["nice", "-n", "10", "go", "build", *_FLAGS, "-o", str(new), package], what=f"{program.name} with Go", cwd=GO)
    new.rename(program)


def _install(folder: Path) -> None:
    """Programs in an environment hold its path, so it is made where it stays, and taken away where that fails."""
    try:
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--no-deps", "--ignore-requires-python", "-r", str(REQUIREMENTS)], what="aics-tlog with pip")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _run(command: Sequence[str], *, what: str, cwd: Path = FOLDER) -> None:
    print(f"building {what} (once) ...", file=sys.stderr, flush=True)
    if subprocess.run(command, cwd=cwd, env={**os.environ, **_SETTINGS}, check=False).returncode != 0:
        raise LocalFailure(f"{what} could not be built: see above.")


def _go_version() -> str:
    try:
        return subprocess.run(["go", "version"], cwd=GO, check=True, capture_output=True, text=True).stdout.strip()
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise LocalFailure("Verifiers are built with Go 1.26 or newer, and there is no `go`: install it.") from error
