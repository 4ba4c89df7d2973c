"""Hashes and entries of a log whose server is not trusted: each tile is checked up to the checkpoint's root.

A full tile is what a hash of the tile above it says, up to the partial tiles, which are the right edge of the tree and
make up the root together. So one hash that is trusted, the checkpoint's, is enough to read everything.
"""

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from transparency.encoding import HASH_SIZE
from transparency.failures import Malformed, Misfit, NotServed
from transparency.merkle.hashing import leaf_hashes, root_of_subtrees, subtree_root
from transparency.merkle.nodes import Node, subtrees
from transparency.tiles.bundles import decoded
from transparency.tiles.growth import bundle_at, tile_at
from transparency.tiles.paths import HEIGHT, WIDTH, Bundle, Tile

Fetch = Callable[[str], bytes]
"""Returns what is at a path below the log's prefix. Raises NotServed where nothing is."""
_TILES_HELD: Final = 256  # 2 MB


class TileReader:
    """Reads the log that `root` is the root of. It may be shared by threads."""

    def __init__(self, fetch: Fetch, *, size: int, root: bytes) -> None:
        self._fetch = fetch
        self._size = size
        self._root = root
        self._edge: dict[Tile, bytes] | None = None
        self._edge_lock = threading.Lock()
        self._full_tile = lru_cache(maxsize=_TILES_HELD)(self._fetch_full_tile)

    def hashes(self, nodes: Sequence[Node]) -> list[bytes]:
        """Return the hashes of complete subtrees. Raises Misfit, and ValueError for one that is not in the tree."""
        return [self._node(node) for node in nodes]

    def tile(self, level: int, index: int) -> bytes:
        """Return the hashes of a tile, as many as this log's has. Raises Misfit, and ValueError where there is none."""
        tile = tile_at(level, index, self._size)
        edge = self._verified_edge()
        return edge[tile] if tile in edge else self._full_tile(tile)

    def entries(self, index: int) -> list[bytes]:
        """Return the entries of a bundle, as many as this log's has. Raises Misfit for the first that does not fit."""
        bundle = bundle_at(index, self._size)
        hashes = self.tile(0, index)
        entries = self._fetch_bundle(bundle)
        found = leaf_hashes(entries)
        if found == hashes:
            return entries
        wrong = next(at for at in range(bundle.width) if _hash(found, at) != _hash(hashes, at))
        at = bundle.first_entry + wrong
        raise Misfit(f"entry {at} is not what the log committed to", path=bundle.path, index=at)

    def _node(self, node: Node) -> bytes:
        if (node.index + 1) << node.level > self._size:
            raise ValueError(f"a log of size {self._size} has no {node}")
        level, height = divmod(node.level, HEIGHT)
        index, offset = divmod(node.index << height, WIDTH)
        return subtree_root(self.tile(level, index)[offset * HASH_SIZE : (offset + (1 << height)) * HASH_SIZE])

    def _verified_edge(self) -> dict[Tile, bytes]:
        """Return the partial tiles. Raises Misfit unless they make up the root, which needs every hash of each."""
        with self._edge_lock:
            if self._edge is None and self._size:
                self._edge = self._fetch_edge()
            return self._edge or {}

    def _fetch_edge(self) -> dict[Tile, bytes]:
        found: dict[Tile, bytes] = {}
        parts = []
        for node in subtrees(0, self._size):
            level, height = divmod(node.level, HEIGHT)
            index, offset = divmod(node.index << height, WIDTH)
            tile = tile_at(level, index, self._size)
            if tile not in found:
                found[tile] = self._fetch_tile(tile)
            parts.append(subtree_root(found[tile][offset * HASH_SIZE : (offset + (1 << height)) * HASH_SIZE]))
        if root_of_subtrees(parts) != self._root:
            paths = ", ".join(sorted(tile.path for tile in found))
            raise Misfit("the right edge of the tree does not make up the checkpoint's root", path=paths)
        return found

    def _fetch_full_tile(self, tile: Tile) -> bytes:
        above = self.tile(tile.level + 1, tile.index // WIDTH)
        content = self._fetch_tile(tile)
        if subtree_root(content) != _hash(above, tile.index % WIDTH):
            raise self._misfit(tile, "is not what the tile above it stands for")
        return content

    def _fetch_tile(self, tile: Tile) -> bytes:
        content, width = self._fetch_or_whole(tile)
        if len(content) != width * HASH_SIZE:
            raise self._misfit(tile, "has another length than its width says")
        return content[: tile.width * HASH_SIZE]

    def _fetch_bundle(self, bundle: Bundle) -> list[bytes]:
        try:
            content, width = self._fetch_or_whole(bundle)
            entries = decoded(content)
        except Malformed:
            raise Misfit(f"{bundle.path} is cut", path=bundle.path, index=bundle.first_entry) from None
        if len(entries) != width:
            at = bundle.first_entry + min(len(entries), width)
            raise Misfit(f"{bundle.path} has more or fewer entries than its width says", path=bundle.path, index=at)
        return entries[: bundle.width]

    def _fetch_or_whole(self, wanted: Tile | Bundle) -> tuple[bytes, int]:
        """Fetch a partial one, or the full one that has come in its place (tlog-tiles, "Partial Tiles"); its width."""
        try:
            return self._fetch(wanted.path), wanted.width
        except NotServed:
            if wanted.width == WIDTH:
                raise self._not_there(wanted) from None
        try:
            return self._fetch(wanted.whole.path), WIDTH
        except NotServed:
            raise self._not_there(wanted) from None

    def _not_there(self, wanted: Tile | Bundle) -> Misfit:
        if isinstance(wanted, Bundle):
            return Misfit(f"{wanted.path} is not there", path=wanted.path, index=wanted.first_entry)
        return self._misfit(wanted, "is not there")

    def _misfit(self, tile: Tile, reason: str) -> Misfit:
        first = tile.index << (HEIGHT * (tile.level + 1))
        return Misfit(f"{tile.path} {reason}", path=tile.path, index=first)


def _hash(hashes: bytes, at: int) -> bytes:
    return hashes[at * HASH_SIZE : (at + 1) * HASH_SIZE]
