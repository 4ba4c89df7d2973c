"""Proofs of every tree up to 64 leaves: each is believed, and no changed one is, whatever was changed."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.transparency.test_tree import ENTRIES, ROOTS
from transparency.merkle.hashing import EMPTY_ROOT, leaf_hash, root_of_subtrees
from transparency.merkle.nodes import Node, root_at
from transparency.merkle.proofs import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion

LARGEST = 64
# Up to four levels of the tree each time; the rest of them says nothing new most of the time.
SIZES = [pytest.param(size, marks=[pytest.mark.thorough] if size > 17 else []) for size in range(1, LARGEST + 1)]
LEAVES = [leaf_hash(bytes([at])) for at in range(LARGEST + 1)]


def read(nodes: Sequence[Node]) -> list[bytes]:
    """The hashes of nodes, each computed from its leaves."""
    return [_hash_of(node) for node in nodes]


def _hash_of(node: Node) -> bytes:
    if node.level == 0:
        return LEAVES[node.index]
    below = [_hash_of(Node(node.level - 1, 2 * node.index + side)) for side in (0, 1)]
    return root_of_subtrees(below)


HASHES = {Node(level, index): _hash_of(Node(level, index)) for level in range(7) for index in range(64 >> level)}
TREE_ROOTS = [root_at(size, read) for size in range(LARGEST + 1)]


def lookup(nodes: Sequence[Node]) -> list[bytes]:
    """As `read`, remembered."""
    return [HASHES[node] for node in nodes]


def changed(proof: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Every byte flipped, every hash dropped, cut, doubled or in the place of its neighbour, and one more anywhere."""
    for at, each in enumerate(proof):
        for byte in range(32):
            yield [*proof[:at], each[:byte] + bytes([each[byte] ^ 1 << byte % 8]) + each[byte + 1 :], *proof[at + 1 :]]
        yield [*proof[:at], *proof[at + 1 :]]
        yield [*proof[:at], each[:-1], *proof[at + 1 :]]
        yield [*proof[: at + 1], each, *proof[at + 1 :]]
        if at:
            yield [*proof[: at - 1], each, proof[at - 1], *proof[at + 1 :]]
    for at in range(len(proof) + 1):
        yield [*proof[:at], LEAVES[0], *proof[at:]]
        yield [*proof[:at], b"", *proof[at:]]


@pytest.mark.parametrize("size", SIZES)
def test_inclusion(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(index, size, lookup)
        facts = {"index": index, "size": size, "leaf": LEAVES[index], "root": TREE_ROOTS[size]}
        assert _included(facts, proof)
        assert not any(_included(facts, other) for other in changed(proof))
        assert not any(_included({**facts, "index": other}, proof) for other in range(-1, size + 2) if other != index)
        assert not _included({**facts, "leaf": LEAVES[index + 1]}, proof)
        assert not _included({**facts, "leaf": LEAVES[index][1:]}, proof)
        assert not _included({**facts, "root": TREE_ROOTS[size - 1]}, proof)
        assert not any(_included({**facts, "size": other}, proof) for other in (-1, 0, index, 2**63))


def _included(facts: dict[str, object], proof: Sequence[bytes]) -> bool:
    return verify_inclusion(**facts, proof=proof)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", SIZES)
def test_consistency(size: int) -> None:
    for old_size in range(size + 1):
        proof = consistency_proof(old_size, size, lookup)
        facts = {"old_size": old_size, "size": size, "old_root": TREE_ROOTS[old_size], "root": TREE_ROOTS[size]}
        assert _consistent(facts, proof)
        assert not any(_consistent(facts, other) for other in changed(proof))
        assert not _consistent({**facts, "old_root": LEAVES[64]}, proof)
        assert not _consistent({**facts, "old_root": b""}, proof)
        if old_size:
            assert not _consistent({**facts, "root": LEAVES[64]}, proof)
            others = set(range(-1, size + 2)) - {old_size}
            assert not any(_consistent({**facts, "old_size": other}, proof) for other in others)
        assert not _consistent({**facts, "size": old_size - 1}, proof)


def _consistent(facts: dict[str, object], proof: Sequence[bytes]) -> bool:
    return verify_consistency(**facts, proof=proof)  # type: ignore[arg-type]


def test_proofs_of_the_reference_tree() -> None:
    leaves = [leaf_hash(entry) for entry in ENTRIES]

    def of_reference(nodes: Sequence[Node]) -> list[bytes]:
        return [root_of_subtrees([leaves[node.index]]) if node.level == 0 else _above(node) for node in nodes]

    def _above(node: Node) -> bytes:
        return root_of_subtrees(of_reference([Node(node.level - 1, 2 * node.index + side) for side in (0, 1)]))

    assert [each.hex() for each in inclusion_proof(0, 8, of_reference)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [each.hex() for each in consistency_proof(6, 8, of_reference)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert verify_consistency(
        old_size=6,
        old_root=bytes.fromhex(ROOTS[6]),
        size=8,
        root=bytes.fromhex(ROOTS[8]),
        proof=consistency_proof(6, 8, of_reference),
    )


def test_the_empty_tree_is_the_beginning_of_every_other() -> None:
    facts = {"old_size": 0, "old_root": EMPTY_ROOT, "size": 0}
    assert _consistent({**facts, "root": EMPTY_ROOT}, [])
    assert not _consistent({**facts, "root": LEAVES[0]}, [])
    assert not _consistent({**facts, "root": EMPTY_ROOT}, [LEAVES[0]])


@pytest.mark.parametrize(("old_size", "size"), [(2, 1), (-1, 1)])
def test_no_proof_is_made_of_a_tree_that_shrinks(old_size: int, size: int) -> None:
    with pytest.raises(ValueError, match="does not go on"):
        consistency_proof(old_size, size, lookup)


@pytest.mark.parametrize(("index", "size"), [(1, 1), (0, 0), (-1, 1)])
def test_no_proof_is_made_of_a_leaf_there_is_not(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(index, size, lookup)


_ANY_HASHES = st.lists(st.binary(max_size=40) | st.binary(min_size=32, max_size=32), max_size=70)
_ANY_SIZE = st.integers(-5, 70) | st.integers(-(2**70), 2**70)


@given(_ANY_SIZE, _ANY_SIZE, st.binary(max_size=40), st.binary(max_size=40), _ANY_HASHES)
def test_whatever_is_no_proof_is_refused_and_raises_nothing(
    one: int, other: int, first: bytes, second: bytes, proof: list[bytes]
) -> None:
    assert not verify_inclusion(index=one, size=other, leaf=first, root=second, proof=proof) or (other == 1)
    assert not verify_consistency(old_size=one, size=other, old_root=first, root=second, proof=proof) or one == other


@pytest.mark.parametrize("odd", [None, "a" * 32, [1] * 32, 5])
def test_what_is_no_bytes_is_no_proof(odd: object) -> None:
    assert not _included({"index": 0, "size": 2, "leaf": LEAVES[0], "root": LEAVES[1]}, [odd])  # type: ignore[list-item]
