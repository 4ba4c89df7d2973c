"""The hashes of the tree (RFC 6962, section 2.1): one of each entry, one of each pair below."""

from hashlib import sha256
from typing import Final

from transparency.encoding import HASH_SIZE

EMPTY_ROOT: Final = sha256(b"").digest()
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return sha256(_LEAF + entry).digest()


def leaf_hashes(entries: list[bytes]) -> bytes:
    """Return the hashes of entries, one after the other, as a tile of level 0 has them."""
    return b"".join([sha256(_LEAF + entry).digest() for entry in entries])


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of what two neighbours' hashes stand for together."""
    return sha256(_NODE + left + right).digest()


def subtree_root(hashes: bytes) -> bytes:
    """Return the root over 1, 2, 4, 8 … hashes, given one after the other.

    The work of verifying a log is done here and in `leaf_hashes`: a level at a time, without a call for each node.
    """
    while len(hashes) > HASH_SIZE:
        pairs = range(0, len(hashes), 2 * HASH_SIZE)
        hashes = b"".join([sha256(_NODE + hashes[at : at + 2 * HASH_SIZE]).digest() for at in pairs])
    return hashes


def root_of_subtrees(hashes: list[bytes]) -> bytes:
    """Return the root over complete subtrees that stand side by side, the largest first; at least one."""
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root
