"""The clients that are built, once: in `~/.cache/paas/clients/<key>`, a key of what they are built from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fixtures import building, user_cache

GO: Final = Path(__file__).parent / "go"


@dataclass(frozen=True)
class Programs:
    """Where they are."""

    operator: Path
    terraform: Path


def ensure_built() -> Programs:
    """Build what is not there yet, only once at a time. Raises LocalFailure."""
    go = building.version("go", "version", needed="Clients of others are built with Go 1.26 or newer")
    files = sorted(path for path in GO.rglob("*") if path.is_file())
    folder = user_cache.cache_folder("clients") / building.key(files, *building.GO_FLAGS, go)
    found = Programs(folder / "operator", folder / "terraform")
    programs = (found.operator, found.terraform)
    if all(program.exists() for program in programs):
        return found
    folder.mkdir(parents=True, exist_ok=True)
    with user_cache.alone(folder / "lock"):
        for program in programs:
            if not program.exists():
                building.build_with_go(program, ".", module=GO / program.name)
    return found
