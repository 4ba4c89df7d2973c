"""Reading from a server that is not trusted: everything is found, and nothing that was changed is believed."""

from collections.abc import Callable, Iterator

import pytest

from tests.fixtures.written_log import WrittenLog, an_entry
from transparency.failures import Misfit
from transparency.merkle.hashing import EMPTY_ROOT, leaf_hash
from transparency.merkle.nodes import Node, root_at
from transparency.merkle.proofs import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from transparency.tiles.reader import TileReader

SIZES = [1, 255, 256, 257, 513, 65_535, 65_536, 65_537]


@pytest.fixture(scope="module")
def grown() -> WrittenLog:
    """A log that had a checkpoint at each of SIZES."""
    log = WrittenLog()
    for size in SIZES:
        log.grow([an_entry(at) for at in range(log.size, size)])
    return log


def reader_of(log: WrittenLog, size: int, fetch: Callable[[str], bytes] | None = None) -> TileReader:
    return TileReader(fetch or log.fetch, size=size, root=log.root(size))


def indexes(size: int) -> Iterator[int]:
    yield from sorted({at for at in (0, 1, 254, 255, 256, 257, size // 2, size - 2, size - 1) if 0 <= at < size})


@pytest.mark.parametrize("size", SIZES)
def test_all_of_a_log_is_found_at_every_size_it_had(grown: WrittenLog, size: int) -> None:
    reader, root = reader_of(grown, size), grown.root(size)
    assert root_at(size, reader.hashes) == root
    for index in indexes(size):
        leaf = leaf_hash(grown.entries[index])
        assert reader.hashes([Node(0, index)]) == [leaf]
        proof = inclusion_proof(index, size, reader.hashes)
        assert verify_inclusion(index=index, size=size, leaf=leaf, proof=proof, root=root)
        assert reader.entries(index // 256)[index % 256] == grown.entries[index]
    for old_size in {0, 1, 255, 256, 257, size // 3, size - 1, size} - set(range(size + 1, 300)):
        proof = consistency_proof(old_size, size, reader.hashes)
        assert verify_consistency(old_size=old_size, old_root=grown.root(old_size), size=size, root=root, proof=proof)


def test_an_empty_log_has_nothing() -> None:
    reader = TileReader(WrittenLog().fetch, size=0, root=EMPTY_ROOT)
    assert root_at(0, reader.hashes) == EMPTY_ROOT
    for level in (0, 1):
        with pytest.raises(ValueError, match="no tile"):
            reader.tile(level, 0)
    with pytest.raises(ValueError, match="no tile"):
        reader.entries(0)


@pytest.mark.parametrize("node", [Node(0, 257), Node(8, 1), Node(9, 0), Node(64, 0), Node(1, 128)])
def test_what_is_not_in_the_tree_is_not_asked_for(grown: WrittenLog, node: Node) -> None:
    with pytest.raises(ValueError, match="has no"):
        reader_of(grown, 257).hashes([node])


@pytest.mark.parametrize("size", [257, 513, 65_536, 65_537])
def test_no_changed_tile_is_believed(grown: WrittenLog, size: int) -> None:
    """One bit of any hash of a tile, whichever of its hashes is asked for."""
    used: set[str] = set()

    def noting(path: str) -> bytes:
        used.add(path)
        return grown.fetch(path)

    inclusion_proof(0, size, reader_of(grown, size, noting).hashes)
    assert used
    for path in sorted(used):
        for at in range(0, len(grown.files[path]), 509):
            content = bytearray(grown.files[path])
            content[at] ^= 1

            def changed(asked: str, path: str = path, content: bytes = bytes(content)) -> bytes:
                return content if asked == path else grown.fetch(asked)

            with pytest.raises(Misfit) as found:
                inclusion_proof(0, size, reader_of(grown, size, changed).hashes)
            assert path in found.value.path


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:-32],
        lambda content: content + content[:32],
        lambda content: content[32:] + content[:32],
        lambda content: content * 2,
    ],
)
@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001", "tile/0/002.p/1", "tile/1/000.p/2"])
def test_a_tile_of_another_length_or_order_is_not_believed(
    grown: WrittenLog, path: str, change: Callable[[bytes], bytes]
) -> None:
    content = change(grown.files[path])
    if content == grown.files[path]:
        content = bytes(32)

    def fetch(asked: str) -> bytes:
        return content if asked == path else grown.fetch(asked)

    reader = reader_of(grown, 513, fetch)
    with pytest.raises(Misfit):
        reader.hashes([Node(0, 0), Node(0, 256), Node(0, 512)])


def test_a_full_tile_stands_for_a_partial_one_that_is_gone(grown: WrittenLog) -> None:
    gone = {path: content for path, content in grown.files.items() if ".p/" not in path or path.startswith("tile/1/")}
    log = WrittenLog(gone)
    reader = TileReader(log.fetch, size=257, root=grown.root(257))
    assert reader.entries(1) == [an_entry(256)]
    assert reader.hashes([Node(0, 256)]) == [leaf_hash(an_entry(256))]


@pytest.mark.parametrize(
    ("path", "index"), [("tile/0/001", 256), ("tile/0/002.p/1", 512), ("tile/entries/001", 256), ("tile/1/000.p/2", 0)]
)
def test_what_is_not_there_is_named(grown: WrittenLog, path: str, index: int) -> None:
    files = {each: content for each, content in grown.files.items() if each not in {path, path.partition(".")[0]}}
    log = WrittenLog(files)
    reader = TileReader(log.fetch, size=513, root=grown.root(513))
    with pytest.raises(Misfit, match=f"{path} is not there") as found:
        list(map(reader.entries, range(3)))
    assert found.value.index == index


def test_what_goes_wrong_on_the_way_is_not_taken_for_an_answer(grown: WrittenLog) -> None:
    def broken(_: str) -> bytes:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        reader_of(grown, 257, broken).entries(0)


def test_a_server_is_asked_once_for_a_tile(grown: WrittenLog) -> None:
    asked: list[str] = []

    def counting(path: str) -> bytes:
        asked.append(path)
        return grown.fetch(path)

    reader = reader_of(grown, 65_537, counting)
    for at in range(0, 65_536, 4096):
        inclusion_proof(at, 65_537, reader.hashes)
    assert len(asked) == len(set(asked))
