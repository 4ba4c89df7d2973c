"""Which of a long list one page shows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

# More digits than that are no page of anything.
_DIGITS: Final = 6

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Part(Generic[T]):
    """One page: what is on it, its number of how many, and which of how many entries is its first, counted from 1."""

    shown: Sequence[T]
    number: int
    pages: int
    first: int
    total: int


def part_of(entries: Sequence[T], *, asked: str, size: int) -> Part[T]:
    """The page whose number an address asks for, of `size` entries; the first where it asks for none that there is."""
    pages = max(1, -(-len(entries) // size))
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= _DIGITS else 1
    number = number if 1 <= number <= pages else 1
    before = size * (number - 1)
    return Part(shown=entries[before : before + size], number=number, pages=pages, first=before + 1, total=len(entries))
