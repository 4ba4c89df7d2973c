"""The content of a bundle (tlog-tiles, "Log entries"): entries, each after its length in two bytes."""

from collections.abc import Iterable
from typing import Final

from transparency.failures import Malformed
from transparency.tiles.paths import WIDTH

LONGEST_ENTRY: Final = 65_535
_LENGTH: Final = 2
LARGEST_BUNDLE: Final = WIDTH * (_LENGTH + LONGEST_ENTRY)
"""Bytes. Whoever fetches from a server takes no more; no tile and no checkpoint is as large."""


def encoded(entries: Iterable[bytes]) -> bytes:
    """Return the content of a bundle. Raises ValueError where an entry is too long for one."""
    parts = []
    for entry in entries:
        if len(entry) > LONGEST_ENTRY:
            raise ValueError(f"an entry has {len(entry)} bytes, and at most {LONGEST_ENTRY} fit")
        parts.append(len(entry).to_bytes(_LENGTH))
        parts.append(entry)
    return b"".join(parts)


def decoded(content: bytes) -> list[bytes]:
    """Return all entries of a bundle, as many as there are. Raises Malformed where the last one is cut."""
    entries, at, end = [], 0, len(content)
    while at < end:
        start = at + _LENGTH
        at = start + int.from_bytes(content[at:start])
        entries.append(content[start:at])
    if at != end:
        raise Malformed("a bundle of entries is cut")
    return entries
