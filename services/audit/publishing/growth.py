"""What a log gets as it grows by some entries: tiles, bundles and a root.

Must not read or write anything but through the callable it is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from transparency.encoding import HASH_SIZE
from transparency.merkle.hashing import EMPTY_ROOT, leaf_hashes, subtree_root
from transparency.merkle.nodes import subtrees
from transparency.merkle.tree import Tree
from transparency.tiles.bundles import encoded
from transparency.tiles.paths import HEIGHT, WIDTH, Bundle, Tile
from transparency.tiles.reader import Fetch, TileReader

_TILE_BYTES: Final = WIDTH * HASH_SIZE


@dataclass(frozen=True)
class Head:
    """A log's tree at some size."""

    size: int = 0
    root: bytes = EMPTY_ROOT


@dataclass(frozen=True)
class Growth:
    """The tree after a growth, and what has to be written before a checkpoint of it is published."""

    head: Head
    parts: dict[Tile | Bundle, bytes]


def grown(head: Head, entries: Sequence[bytes], fetch: Fetch) -> Growth:
    """Return how the log of `head` grows by `entries`.

    What is there is read in distrust, up to the root: nothing goes on from a file that was changed. Raises Misfit.
    """
    reader = TileReader(fetch, size=head.size, root=head.root)
    growth = _grown_tree(head, leaf_hashes(list(entries)), reader)
    first, partial = divmod(head.size, WIDTH)
    bundles = [*(reader.entries(first) if partial else []), *entries]
    for at in range(0, len(bundles), WIDTH):
        bundle = bundles[at : at + WIDTH]
        growth.parts[Bundle(first + at // WIDTH, len(bundle))] = encoded(bundle)
    return growth


def grown_by_hashes(head: Head, leaves: bytes, fetch: Fetch) -> Growth:
    """Return the same where no more is left of the entries than their hashes: tiles, and no bundles. Raises Misfit."""
    return _grown_tree(head, leaves, TileReader(fetch, size=head.size, root=head.root))


def _grown_tree(head: Head, leaves: bytes, reader: TileReader) -> Growth:
    tree = Tree(head.size, reader.hashes(subtrees(0, head.size)))
    tree.extend(leaves)
    parts: dict[Tile | Bundle, bytes] = {}
    level, added = 0, leaves
    while added:
        first, partial = divmod(head.size >> (HEIGHT * level), WIDTH)
        hashes, added = (reader.tile(level, first) if partial else b"") + added, b""
        for at in range(0, len(hashes), _TILE_BYTES):
            tile = hashes[at : at + _TILE_BYTES]
            parts[Tile(level, first + at // _TILE_BYTES, len(tile) // HASH_SIZE)] = tile
            if len(tile) == _TILE_BYTES:
                added += subtree_root(tile)
        level += 1
    return Growth(Head(tree.size, tree.root()), parts)
