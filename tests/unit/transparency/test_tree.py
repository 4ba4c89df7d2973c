"""The tree's hashes and roots: known answers, the definition, growing in every way. Proofs are test_proofs.py's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transparency.merkle.hashing import EMPTY_ROOT, leaf_hash, leaf_hashes, node_hash, subtree_root
from transparency.merkle.nodes import subtrees
from transparency.merkle.tree import Tree

# The reference tree of Certificate Transparency, which every implementation is tested with.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962, section 2.1, defines it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY_ROOT
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(defined_root(leaves[:half]), defined_root(leaves[half:]))


@pytest.mark.parametrize("size", range(9))
def test_the_reference_tree(size: int) -> None:
    tree = Tree()
    for entry in ENTRIES[:size]:
        tree.append(leaf_hash(entry))
    assert tree.root().hex() == ROOTS[size]
    assert tree.size == size


def test_every_size_is_as_defined_however_it_grew() -> None:
    leaves = [leaf_hash(str(at).encode()) for at in range(1100)]
    tree = Tree()
    for at, leaf in enumerate(leaves):
        if at < 300 or at % 97 == 0:
            assert tree.root() == defined_root(leaves[:at])
        tree.append(leaf)
    for start in (0, 1, 255, 256, 257, 300, 512):
        other = Tree(start, tree_of(leaves[:start]).edge)
        other.extend(b"".join(leaves[start:]))
        assert (other.size, other.root(), other.edge) == (tree.size, tree.root(), tree.edge)


def tree_of(leaves: list[bytes]) -> Tree:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree


@given(st.lists(st.integers(0, 600), max_size=5))
def test_growing_in_parts_is_growing_at_once(parts: list[int]) -> None:
    leaves = leaf_hashes([str(at).encode() for at in range(sum(parts))])
    tree, at = Tree(), 0
    for part in parts:
        tree = Tree(tree.size, tree.edge)
        tree.extend(leaves[at * 32 : (at + part) * 32])
        at += part
    whole = Tree()
    whole.extend(leaves)
    assert tree.root() == whole.root()


def test_many_leaves_have_the_root_of_their_subtrees() -> None:
    leaf = leaf_hash(b"the same")
    tree = Tree()
    tree.extend(leaf * 2**17)
    expected = leaf
    for _ in range(17):
        expected = node_hash(expected, expected)
    assert tree.root() == expected == subtree_root(leaf * 2**17)


@pytest.mark.parametrize(("size", "edge"), [(1, []), (0, [b"x" * 32]), (3, [b"x" * 32]), (1, [b"x"]), (-1, [])])
def test_an_edge_of_another_size_is_refused(size: int, edge: list[bytes]) -> None:
    with pytest.raises(ValueError, match="right edge"):
        Tree(size, edge)


def test_a_cut_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Tree().extend(b"x" * 33)


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_subtrees_cover_their_range_once(first: int, count: int) -> None:
    at = first
    for node in subtrees(first, first + count):
        assert node.index << node.level == at
        at += 1 << node.level
    assert at == first + count
