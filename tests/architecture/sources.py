"""The repository's Python files, parsed, for the tests of house rules."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SERVICES: Final = ("audit", "config", "releaser", "secrets", "tokens")
CODE: Final = (
    "paaskit",
    "services",
    "dashboard",
    "gateway",
    "cli",
    "client",
    "local",
    "machine",
    "transparency",
    "env_schema",
    "protos",
    "bench",
    "tests",
)
"""Folders with code of ours; `gen` is generated."""


@dataclass(frozen=True)
class Source:
    """One file. `path` is relative to the repository, with slashes."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return _parsed(self.text)

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rpartition("/")[2]

    def imports(self) -> Iterator[str]:
        """The full names of all modules imported anywhere in the file, and of what is imported from them."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path}: relative import"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def imports_any(self, *modules: str) -> list[str]:
        """Those imports that are of one of `modules` or of something within."""
        return [name for name in self.imports() if any(name == each or name.startswith(f"{each}.") for each in modules)]


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """All files under `folders`, or under CODE."""
    found = [path for folder in folders or CODE for path in sorted((ROOT / folder).rglob("*.py"))]
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in found
        if "__pycache__" not in path.parts
    )


def kept_files() -> list[Path]:
    """Every file that git keeps or would keep, of any kind."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
