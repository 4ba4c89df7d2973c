"""A whole log verified against its checkpoint, entry by entry, trusting its key and what was remembered of it alone."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from transparency.failures import Misfit, NotServed
from transparency.merkle.proofs import consistency_proof
from transparency.notes.checkpoints import Checkpoint, OpenedCheckpoint, opened
from transparency.notes.keys import Ed25519, VerifierKey
from transparency.remembered import advance
from transparency.tiles.paths import CHECKPOINT, WIDTH
from transparency.tiles.reader import Fetch, TileReader


class Spread(Protocol):
    """Does a piece of work for each number, and gives what comes of it in their order: `map`, or an executor's."""

    def __call__(self, work: Callable[[int], int], numbers: Iterable[int], /) -> Iterable[int]:
        """Return the results. What is raised for a number is raised when its turn has come."""


Look = Callable[[int, Sequence[bytes]], None]
"""Is given the index of a bundle's first entry and the bundle's entries, once they are known to be the log's.

It may be called by whoever `spread` has do the work. What it raises is raised.
"""


def verify_log(
    fetch: Fetch,
    *,
    key: VerifierKey,
    ed25519: Ed25519,
    remembered: Checkpoint | None = None,
    first_entry: int = 0,
    progress: Callable[[int], None] = lambda _: None,
    spread: Spread = map,
) -> OpenedCheckpoint:
    """Return the checkpoint that is served now, all of whose tiles and entries were found to be what it stands for.

    `fetch` returns what is at a path below the log's prefix, and bounds what it takes. Entries before `first_entry`
    may be gone (tlog-tiles, "Pruning"); their hashes may not. `progress` is told how many entries are done with.
    Raises NotVerified: Misfit names the first entry that does not fit, DoesNotExtend is about `remembered`.
    """
    try:
        content = fetch(CHECKPOINT)
    except NotServed:
        raise Misfit("the log has no checkpoint", path=CHECKPOINT) from None
    log = opened(content, key, ed25519)
    verify_at(log.checkpoint, fetch, remembered=remembered, first_entry=first_entry, progress=progress, spread=spread)
    return log


def verify_at(
    checkpoint: Checkpoint,
    fetch: Fetch,
    *,
    remembered: Checkpoint | None = None,
    first_entry: int = 0,
    since: int = 0,
    look: Look = lambda *_: None,
    progress: Callable[[int], None] = lambda _: None,
    spread: Spread = map,
) -> None:
    """Verify a log as `verify_log` does, at a checkpoint whose signatures were verified already. Raises NotVerified.

    Entries before `since` were verified at an earlier checkpoint that this one goes on from: they and their hashes are
    not fetched again. `look` sees the entries that are.
    """
    size = checkpoint.size
    reader = TileReader(fetch, size=size, root=checkpoint.root)
    proof: list[bytes] = []
    if remembered is not None and remembered.size < size:
        proof = consistency_proof(remembered.size, size, reader.hashes)
    advance(remembered, checkpoint, proof)

    def verified_up_to(index: int) -> int:
        if (index + 1) * WIDTH <= first_entry:
            reader.tile(0, index)
        else:
            look(index * WIDTH, reader.entries(index))
        return min((index + 1) * WIDTH, size)

    bundles = range(since // WIDTH, -(-size // WIDTH)) if since < size else range(0)
    for done in spread(verified_up_to, bundles):
        progress(done)
