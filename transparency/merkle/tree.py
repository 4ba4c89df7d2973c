"""A tree that only grows, of which no more is held than its right edge: a hash for each bit of its size.

Whoever writes a log keeps size and edge, and appends to them; so does whoever verifies one from its first entry on.
"""

from collections.abc import Iterable
from typing import Final

from transparency.encoding import HASH_SIZE
from transparency.merkle.hashing import EMPTY_ROOT, node_hash, root_of_subtrees, subtree_root

_AT_ONCE: Final = 256


class Tree:
    """A log's tree of a given size. `edge` has the roots of its complete subtrees, the largest first."""

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        """Raises ValueError where the edge is not one of a tree of that size."""
        self._size = size
        self._edge = list(edge)
        if size < 0 or len(self._edge) != size.bit_count() or any(len(each) != HASH_SIZE for each in self._edge):
            raise ValueError(f"a tree of size {size} has another right edge")

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return self._size

    @property
    def edge(self) -> tuple[bytes, ...]:
        """What to go on from, together with the size."""
        return tuple(self._edge)

    def root(self) -> bytes:
        """Return the root (RFC 6962, section 2.1)."""
        return root_of_subtrees(self._edge) if self._edge else EMPTY_ROOT

    def append(self, leaf: bytes) -> None:
        """Append a leaf, given its hash."""
        self._push(leaf, height=0)

    def extend(self, leaves: bytes) -> None:
        """Append many leaves, given their hashes one after the other. Raises ValueError where one is cut.

        Whole runs of 256 are hashed level by level, which is several times as fast as one leaf after the other.
        """
        if len(leaves) % HASH_SIZE:
            raise ValueError("hashes have 32 bytes each")
        at = 0
        run = _AT_ONCE * HASH_SIZE
        while at < len(leaves):
            if self._size % _AT_ONCE == 0 and len(leaves) - at >= run:
                self._push(subtree_root(leaves[at : at + run]), height=_AT_ONCE.bit_length() - 1)
                at += run
            else:
                self.append(leaves[at : at + HASH_SIZE])
                at += HASH_SIZE

    def _push(self, subtree: bytes, *, height: int) -> None:
        """Put a complete subtree to the right. Each of the same height at the edge becomes one with it."""
        carried = self._size >> height
        while carried & 1:
            subtree = node_hash(self._edge.pop(), subtree)
            carried >>= 1
        self._edge.append(subtree)
        self._size += 1 << height
