"""The readers that are built, once: in `~/.cache/paas/readers/<key>`. python-dotenv is in the project's environment."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fixtures import building, user_cache

FOLDER: Final = Path(__file__).parent
GO: Final = FOLDER / "go"
NODE: Final = FOLDER / "node"


@dataclass(frozen=True)
class Programs:
    """`go` reads with godotenv and compose-go, the script `node` with npm's dotenv."""

    go: Path
    node: Path


def ensure_built() -> Programs:
    """Build what is not there yet, only once at a time. Raises LocalFailure."""
    go = building.version("go", "version", needed="Readers of .env files are built with Go 1.26 or newer")
    node = building.version("node", "--version", needed="One reader of .env files needs node 20 or newer")
    files = [*sorted(GO.iterdir()), *sorted(NODE.glob("*.*"))]
    folder = user_cache.cache_folder("readers") / building.key(files, *building.GO_FLAGS, go, node)
    found = Programs(folder / "readers", folder / "node" / "read.cjs")
    if found.go.exists() and found.node.exists():
        return found
    folder.mkdir(parents=True, exist_ok=True)
    with user_cache.alone(folder / "lock"):
        if not found.go.exists():
            building.build_with_go(found.go, ".", module=GO)
        if not found.node.exists():
            _install(found.node.parent)
    return found


def _install(folder: Path) -> None:
    """The script with the package it needs; its own place is taken last."""
    new = folder.with_name(".node")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for file in ("package.json", "package-lock.json", "read.cjs"):
        shutil.copy(NODE / file, new / file)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]
    building.run(command, what="npm's dotenv", cwd=new)
    new.rename(folder)
