"""The programs of others, built once and kept outside the clone: in `~/.cache/paas/verifiers/<key>`.

The key is made of everything that decides what is built.
"""

import platform
import shutil
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fixtures import building, user_cache

FOLDER: Final = Path(__file__).parent
GO: Final = FOLDER / "go"
REQUIREMENTS: Final = FOLDER / "requirements.txt"
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
    folder.mkdir(parents=True, exist_ok=True)
    # An environment is there before what it is for is installed in it, so that nobody looks while another one builds.
    with user_cache.alone(folder / "lock"):
        for program in (found.verifier, found.fsck):
            if not program.exists():
                building.build_with_go(program, _PACKAGES[program.name], module=GO)
        if not found.aics.exists():
            _install(found.aics)
    return found


def _key() -> str:
    go = building.version("go", "version", needed="Verifiers are built with Go 1.26 or newer")
    files = [*sorted(GO.iterdir()), REQUIREMENTS]
    return building.key(files, *building.GO_FLAGS, *_PACKAGES.values(), go, platform.python_version())


def _install(folder: Path) -> None:
    """Programs in an environment hold its path, so it is made where it stays, and taken away where that fails."""
    try:
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command = [*pip, "--no-deps", "--ignore-requires-python", "-r", str(REQUIREMENTS)]
        building.run(command, what="aics-tlog with pip", cwd=FOLDER)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
