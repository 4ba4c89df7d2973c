"""What a log gets as it grows, held against what `transparency` reads and verifies of it.

Leaves out files and signatures (tests/integration/audit/publishing).
"""

import random

import pytest

from services.audit.publishing.growth import Head, grown
from transparency.failures import Misfit, NotServed
from transparency.merkle.hashing import leaf_hashes
from transparency.merkle.tree import Tree
from transparency.tiles.growth import bundles_written, tiles_written
from transparency.tiles.reader import TileReader


class Files:
    """What was written of a log."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}

    def read(self, path: str) -> bytes:
        try:
            return self.content[path]
        except KeyError:
            raise NotServed(path) from None


def entry(index: int) -> bytes:
    return f"entry {index} ".encode() * (index % 5 + 1)


@pytest.mark.parametrize(
    "sizes", [[1], [255, 256, 257], [256], [1, 2, 3, 512], [65_535, 65_536, 65_537], [70_000, 70_001]]
)
def test_a_log_reads_back_whole_however_it_grew(sizes: list[int]) -> None:
    files, head = Files(), Head()
    for size in sizes:
        growth = grown(head, [entry(index) for index in range(head.size, size)], files.read)
        assert {part.path for part in growth.parts} == {
            *(tile.path for tile in tiles_written(head.size, size)),
            *(bundle.path for bundle in bundles_written(head.size, size)),
        }
        files.content |= {part.path: content for part, content in growth.parts.items()}
        head = growth.head
        tree = Tree()
        tree.extend(leaf_hashes([entry(index) for index in range(size)]))
        assert (head.size, head.root) == (size, tree.root())
    reader = TileReader(files.read, size=head.size, root=head.root)
    read = [each for bundle in range(-(-head.size // 256)) for each in reader.entries(bundle)]
    assert read == [entry(index) for index in range(head.size)]


def test_in_any_steps_it_is_the_same_log() -> None:
    chance = random.Random(20261129)
    whole = grown(Head(), [entry(index) for index in range(3000)], Files().read)
    files, head = Files(), Head()
    while head.size < 3000:
        size = min(3000, head.size + chance.randint(1, 700))
        growth = grown(head, [entry(index) for index in range(head.size, size)], files.read)
        files.content |= {part.path: content for part, content in growth.parts.items()}
        head = growth.head
    assert head == whole.head
    for part, content in whole.parts.items():
        assert files.content[part.path] == content


@pytest.mark.parametrize("path", ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"])
def test_nothing_goes_on_from_a_file_that_was_changed(path: str) -> None:
    files = Files()
    first = grown(Head(), [entry(index) for index in range(300)], files.read)
    files.content |= {part.path: content for part, content in first.parts.items()}
    content = bytearray(files.content[path])
    content[-1] ^= 1
    files.content[path] = bytes(content)
    with pytest.raises(Misfit):
        grown(first.head, [b"one more"], files.read)
