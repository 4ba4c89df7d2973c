"""Paths of tiles, bundles of entries, and what a log gets as it grows. Reading is test_reader.py's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.written_log import WrittenLog, an_entry
from transparency.failures import Malformed
from transparency.merkle.hashing import leaf_hash
from transparency.tiles import bundles
from transparency.tiles.growth import bundle_at, bundles_written, levels, tile_at, tiles_written
from transparency.tiles.paths import CHECKPOINT, Bundle, Tile, parsed

SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000]


@pytest.mark.parametrize(
    ("part", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(3, 999, 1), "tile/3/999.p/1"),
        (Tile(63, 1000, 255), "tile/63/x001/000.p/255"),
        (Bundle(5), "tile/entries/005"),
        (Bundle(1234067, 112), "tile/entries/x001/x234/067.p/112"),
    ],
)
def test_known_paths(part: Tile | Bundle, path: str) -> None:
    assert part.path == path
    assert parsed(path) == part


@given(st.integers(0, 63), st.integers(0, 2**55), st.integers(1, 256))
def test_a_path_is_read_back(level: int, index: int, width: int) -> None:
    for part in (Tile(level, index, width), Bundle(index, width)):
        assert parsed(part.path) == part
        assert parsed(part.whole.path) == part.whole


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "checkpoint",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000",
        "tile/0/x000/000",
        "tile/0/x000/001",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/X001/000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/100/000",
        "tile/entry/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/1/",
        "tile/0/000.p/1\n",
        "tile/0/000\n",
        "tile/0/../000",
        "/tile/0/000",
        "tile//0/000",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/" + "x001/" * 7 + "000",
    ],
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(Malformed):
        parsed(path)


def test_the_tiles_of_the_specification() -> None:
    """Its example of 70,000 entries (tlog-tiles, "Partial Tiles")."""
    tiles = list(tiles_written(0, 70_000))
    assert tiles == [*(Tile(0, at) for at in range(273)), Tile(0, 273, 112), Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(tiles_written(0, 256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(bundles_written(0, 257)) == [Bundle(0), Bundle(1, 1)]


@pytest.mark.parametrize("old_size", SIZES)
@pytest.mark.parametrize("size", SIZES)
def test_a_log_that_grew_has_the_tiles_of_its_size(old_size: int, size: int) -> None:
    if old_size > size:
        assert list(bundles_written(size, size)) == []
        assert list(tiles_written(size, size)) == []
        return
    written = {*tiles_written(0, old_size), *tiles_written(old_size, size)}
    assert written >= set(tiles_written(0, size))
    assert not {tile for tile in tiles_written(old_size, size) if tile in set(tiles_written(0, old_size))}
    entries = {*bundles_written(0, old_size), *bundles_written(old_size, size)}
    assert entries >= set(bundles_written(0, size))
    assert {tile.width for tile in written} | {bundle.width for bundle in entries} <= set(range(1, 257))


@pytest.mark.parametrize("size", SIZES)
def test_widths_are_those_of_the_specification(size: int) -> None:
    for level in range(levels(size)):
        width = (size >> 8 * level) % 256
        full = size >> 8 * (level + 1)
        if width:
            assert tile_at(level, full, size) == Tile(level, full, width)
        with pytest.raises(ValueError, match="no tile"):
            tile_at(level, full + bool(width), size)
        if full:
            assert tile_at(level, full - 1, size) == Tile(level, full - 1)
    assert levels(size) == len({tile.level for tile in tiles_written(0, size)})
    with pytest.raises(ValueError, match="no tile"):
        bundle_at(-(-size // 256), size)


@given(st.lists(st.binary(max_size=300) | st.just(bytes(bundles.LONGEST_ENTRY)), max_size=8))
def test_entries_are_read_back(entries: list[bytes]) -> None:
    content = bundles.encoded(entries)
    assert bundles.decoded(content) == entries
    assert len(content) <= bundles.LARGEST_BUNDLE
    for cut in {len(content) - 1, len(content) - 2} if entries and entries[-1] else set():
        with pytest.raises(Malformed, match="cut"):
            bundles.decoded(content[:cut])
    with pytest.raises(Malformed, match="cut"):
        bundles.decoded(content + b"\0")


def test_an_entry_has_a_longest_length() -> None:
    with pytest.raises(ValueError, match="65536 bytes, and at most 65535"):
        bundles.encoded([bytes(65_536)])


@given(st.binary(max_size=50))
def test_whatever_is_no_bundle_is_refused(content: bytes) -> None:
    try:
        entries = bundles.decoded(content)
    except Malformed:
        return
    assert bundles.encoded(entries) == content


def test_a_log_is_written_as_it_is_described() -> None:
    log = WrittenLog()
    log.grow([an_entry(at) for at in range(300)])
    assert set(log.files) == {
        CHECKPOINT,
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    }
    assert log.files["tile/0/001.p/44"][:32] == leaf_hash(an_entry(256))
