"""Proofs that a leaf is in a tree, and that a tree is the beginning of another: made, and verified.

Verifying is total: whatever is no proof, of whatever shape, is False and never an exception.
"""

from collections.abc import Sequence
from hmac import compare_digest

from transparency.encoding import HASH_SIZE, LARGEST
from transparency.merkle.hashing import EMPTY_ROOT, node_hash
from transparency.merkle.nodes import ReadHashes, consistency_ranges, hashes_of, inclusion_ranges


def inclusion_proof(index: int, size: int, read: ReadHashes) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree of `size` (RFC 9162, section 2.1.3.1). Raises ValueError."""
    return hashes_of(inclusion_ranges(index, size), read)


def consistency_proof(old_size: int, size: int, read: ReadHashes) -> list[bytes]:
    """Return the proof that the tree of `size` goes on from that of `old_size` (section 2.1.4.1). Raises ValueError."""
    return hashes_of(consistency_ranges(old_size, size), read)


def verify_inclusion(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the hash `leaf` is at `index` in the tree of this size and root (RFC 9162, section 2.1.3.2)."""
    if not (0 <= index < size <= LARGEST and _are_hashes([leaf, root, *proof])):
        return False
    at, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and compare_digest(found, root)


def verify_consistency(*, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of this size and root goes on from the older one (RFC 9162, section 2.1.4.2)."""
    if not (0 <= old_size <= size <= LARGEST and _are_hashes([old_root, root, *proof])):
        return False
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT and (size > 0 or root == EMPTY_ROOT)
    if old_size == size:
        return not proof and compare_digest(old_root, root)
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)  # the older tree is one subtree of the other
    return bool(path) and _both_roots(old_size - 1, size - 1, path) == (old_root, root)


def _both_roots(at: int, last: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """Return the older and the newer root that a consistency path leads to, None where it is too long or short."""
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        at, last = at >> 1, last >> 1
    return (older, newer) if last == 0 else None


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(isinstance(value, bytes) and len(value) == HASH_SIZE for value in values)
