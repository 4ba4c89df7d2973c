"""Heroku's command line, which npm installs into a folder of this user's cache. Nothing else here needs it."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.fixtures.user_cache import cache_folder

_VERSION: Final = "11.10.0"


def installed() -> Path | None:
    """Its program, installed where it was not; None where there is no npm, or npm can't."""
    folder = cache_folder(f"heroku-{_VERSION}")
    program = folder / "node_modules" / ".bin" / "heroku"
    if not program.exists():
        npm = shutil.which("npm")
        if npm is None:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [npm, "install", "--prefix", folder, "--no-audit", "--no-fund", "--silent", f"heroku@{_VERSION}"],
            check=False,
        )
    return program if program.exists() else None
