"""Who writes the log that others read: anything that publishes files of c2sp.org/tlog-tiles as it grows."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tests.fixtures.written_log import Folder
from transparency.notes.keys import VerifierKey


class Publisher(Protocol):
    """A log. `tests.fixtures.written_log.WrittenLog` is one."""

    key: VerifierKey
    """What its checkpoints are signed with."""

    def grow(self, entries: Sequence[bytes]) -> object:
        """Append entries, and return once the checkpoint that has them is published."""


Publish = Callable[[Folder], Publisher]
"""Begins a log whose files are published in a folder."""
