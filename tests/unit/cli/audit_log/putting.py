"""What each of many processes does that remember one log at once. Imports little, since each imports it anew."""

from collections.abc import Mapping, Sequence

from paas_cli.log.kept import Kept, Memory
from tests.fixtures.written_log import ORIGIN, WrittenLog
from transparency.notes.checkpoints import Checkpoint


def put(environ: Mapping[str, str], sizes: Sequence[int]) -> None:
    """Remember the checkpoints of some sizes, as one process that saw them in turn."""
    memory, log = Memory(environ), WrittenLog()
    for size in range(1, 41):
        note = log.grow([f"{size}".encode()]).encoded()
        if size in sizes:
            memory.put(Kept(ORIGIN, (log.key,), note, size, 0), known=memory.read(ORIGIN), check_goes_on=goes_on)


def goes_on(_: Checkpoint, __: Checkpoint) -> None:
    """It is one log."""
