"""Where the parts of a log are (tlog-tiles): "Merkle Tree", tiles of 256 hashes, and "Log entries", bundles of them."""

import re
from dataclasses import dataclass
from typing import Final

from transparency.encoding import decimal
from transparency.failures import Malformed

CHECKPOINT: Final = "checkpoint"
WIDTH: Final = 256
HEIGHT: Final = 8
"""Levels of the tree that one level of tiles spans: 2 to the power of HEIGHT is WIDTH."""
_HIGHEST_LEVEL: Final = 63
_ENTRIES: Final = "entries"
_GROUPS: Final = 7  # more than 2**63 leaves have
_PATH: Final = re.compile(
    r"tile/(?P<level>entries|[0-9]{1,2})/"
    rf"(?P<index>(?:x[0-9]{{3}}/){{0,{_GROUPS - 1}}}[0-9]{{3}})"
    r"(?:\.p/(?P<width>[0-9]{1,3}))?"
)


@dataclass(frozen=True, order=True)
class Tile:
    """Hashes of one level, `width` of at most 256. At level 0 they are the leaves'."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it is, below the log's prefix."""
        return f"tile/{self.level}/{_numbered(self.index, self.width)}"

    @property
    def whole(self) -> "Tile":
        """The full tile that this one becomes."""
        return Tile(self.level, self.index)


@dataclass(frozen=True, order=True)
class Bundle:
    """Entries, `width` of at most 256: those whose hashes are in the tile of level 0 with this index."""

    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it is, below the log's prefix."""
        return f"tile/{_ENTRIES}/{_numbered(self.index, self.width)}"

    @property
    def whole(self) -> "Bundle":
        """The full bundle that this one becomes."""
        return Bundle(self.index)

    @property
    def first_entry(self) -> int:
        """The index of its first entry in the log."""
        return self.index * WIDTH


def parsed(path: str) -> Tile | Bundle:
    """Return what a path names. Raises Malformed for any other spelling than the one it has."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise Malformed("the path of a tile or of entries is not as tlog-tiles has it")
    index = int(match["index"].replace("x", "").replace("/", ""))
    width = WIDTH if match["width"] is None else decimal(match["width"], largest=WIDTH - 1)
    if match["level"] == _ENTRIES:
        found: Tile | Bundle = Bundle(index, width)
    else:
        found = Tile(decimal(match["level"], largest=_HIGHEST_LEVEL), index, width)
    if width == 0 or found.path != path:
        raise Malformed("the path of a tile or of entries is not as tlog-tiles has it")
    return found


def _numbered(index: int, width: int) -> str:
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups)) + ("" if width == WIDTH else f".p/{width}")
