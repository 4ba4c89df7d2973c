"""Which tiles and bundles a log of some size has, and which ones it gets as it grows.

What is written is written before the checkpoint that needs it, and never changes afterwards.
"""

from collections.abc import Iterator

from transparency.tiles.paths import HEIGHT, WIDTH, Bundle, Tile


def tile_at(level: int, index: int, size: int) -> Tile:
    """Return a tile with the width that it has in a log of `size`. Raises ValueError where that log has none there."""
    width = min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH)
    if width <= 0:
        raise ValueError(f"a log of size {size} has no tile {index} of level {level}")
    return Tile(level, index, width)


def bundle_at(index: int, size: int) -> Bundle:
    """Return a bundle with the width that it has in a log of `size`. Raises ValueError where that log has none."""
    return Bundle(index, tile_at(0, index, size).width)


def levels(size: int) -> int:
    """Return how many levels of tiles a log of `size` has (tlog-tiles, "Partial Tiles")."""
    return -(-size.bit_length() // HEIGHT)


def tiles_written(old_size: int, size: int) -> Iterator[Tile]:
    """Give the tiles that a log gets as it grows from one checkpoint to the next, level 0 first.

    A partial tile is one more file each time it gets wider. None is there that the older log has already.
    """
    for level in range(levels(size)):
        before, now = old_size >> (HEIGHT * level), size >> (HEIGHT * level)
        if before != now:
            for index in range(before // WIDTH, -(-now // WIDTH)):
                yield tile_at(level, index, size)


def bundles_written(old_size: int, size: int) -> Iterator[Bundle]:
    """Give the bundles of entries that a log gets as it grows from one checkpoint to the next."""
    if old_size != size:
        for index in range(old_size // WIDTH, -(-size // WIDTH)):
            yield bundle_at(index, size)
