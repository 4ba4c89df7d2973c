"""What a task is: where somebody stands, how many actions it takes us, and what is known of the best of others."""

from dataclasses import dataclass
from typing import Final

READ_ON: Final = "2026-11-30"
"""When the others' documentation was read."""


@dataclass(frozen=True, kw_only=True)
class Other:
    """Another product, counted from a sentence of its documentation: so many actions, or `at_least` so many."""

    product: str
    actions: int
    how: str
    sentence: str
    source: str
    at_least: bool = False


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something that somebody wants done. `page` is where they stand, below the prefix, `at` is that in words.

    `best` is None where no documentation that was read settles how many actions it takes; `note` says what it does say.
    """

    key: str
    words: str
    at: str
    page: str
    ours: int
    how: str
    best: Other | None = None
    note: str = ""
