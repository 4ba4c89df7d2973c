"""Which complete subtrees a root or a proof is made of: what has to be read before it can be made.

A caller that reads asynchronously asks for the nodes first, reads them, and then makes the proof of what it has.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transparency.merkle.hashing import EMPTY_ROOT, root_of_subtrees


@dataclass(frozen=True)
class Node:
    """A complete subtree: the leaves from `index << level` on, `1 << level` of them."""

    level: int
    index: int


Range = tuple[int, int]
"""Leaves from the first to before the second."""
ReadHashes = Callable[[Sequence[Node]], Sequence[bytes]]
"""Returns the hashes of nodes, in their order."""


def subtrees(first: int, end: int) -> list[Node]:
    """Return the complete subtrees that leaves from `first` to before `end` are made of, from left to right."""
    found = []
    while first < end:
        level = (end - first).bit_length() - 1
        if first:
            level = min(level, (first & -first).bit_length() - 1)
        found.append(Node(level, first >> level))
        first += 1 << level
    return found


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return what the hashes of an inclusion proof are over, from the leaf's sibling up (RFC 9162, section 2.1.3.1).

    Raises ValueError where the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of size {size} has no leaf {index}")
    first, end, found = 0, size, []
    while end - first > 1:
        middle = first + _largest_power_below(end - first)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((first, middle))
            first = middle
    return found[::-1]


def consistency_ranges(old_size: int, size: int) -> list[Range]:
    """Return what the hashes of a consistency proof are over, in their order (RFC 9162, section 2.1.4.1).

    Raises ValueError where the older tree is the larger one.
    """
    if not 0 <= old_size <= size:
        raise ValueError(f"a tree of size {size} does not go on from one of size {old_size}")
    if old_size in {0, size}:
        return []
    first, end, found = 0, size, []
    while end != old_size:
        middle = first + _largest_power_below(end - first)
        if old_size <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((first, middle))
            first = middle
    if first:  # otherwise it is the older root, which whoever verifies has
        found.append((first, end))
    return found[::-1]


def nodes_of(ranges: Sequence[Range]) -> list[Node]:
    """Return the nodes that hashes over `ranges` are made of, in the order in which `hashes_of` takes them."""
    return [node for first, end in ranges for node in subtrees(first, end)]


def hashes_of(ranges: Sequence[Range], read: ReadHashes) -> list[bytes]:
    """Return the hash over each range; all nodes are read at once."""
    hashes = iter(read(nodes_of(ranges)))
    return [root_of_subtrees([next(hashes) for _ in subtrees(first, end)]) for first, end in ranges]


def root_at(size: int, read: ReadHashes) -> bytes:
    """Return the root of the tree as it was at `size`."""
    return hashes_of([(0, size)], read)[0] if size else EMPTY_ROOT


def _largest_power_below(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)
