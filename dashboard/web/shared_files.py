"""The content of the files that pages share, and the names they are served under, which change with their content.

A script that imports another names it as it lies beside it, `from "./asking.js"`; it is served with the name that the
other is served under, so that a change of one is a change of all that stand on it. An import map would say the same,
but has to stand in the page, where no script may.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).resolve().parent.parent / "static"
_IMPORTED: Final = re.compile(rb'(?<=from "\./)[a-z_]+\.js(?=";)')


@dataclass(frozen=True)
class SharedFile:
    """A file as it is served."""

    served_as: str
    content: bytes


@cache
def shared_files() -> Mapping[str, SharedFile]:
    """All of them, by their names in the folder. Raises FileNotFoundError for an import of what is not there."""
    return {path.name: _served(path) for path in sorted(STATIC.iterdir())}


def _served(path: Path) -> SharedFile:
    content = path.read_bytes()
    if path.suffix == ".js":
        content = _IMPORTED.sub(lambda name: _served(STATIC / name[0].decode()).served_as.encode(), content)
    return SharedFile(f"{path.stem}.{hashlib.sha256(content).hexdigest()[:16]}{path.suffix}", content)
