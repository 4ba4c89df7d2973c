"""What a reader remembers of a log, and whether the log has gone on from it. How it is kept is the reader's.

A reader that remembers the last checkpoint it saw notices a log that was rolled back, and one that tells others
something else, as soon as it sees what they see. What it can't know is what was never recorded.
"""

from collections.abc import Sequence

from transparency.failures import DoesNotExtend
from transparency.merkle.proofs import verify_consistency
from transparency.notes.checkpoints import Checkpoint


def advance(remembered: Checkpoint | None, new: Checkpoint, proof: Sequence[bytes]) -> Checkpoint:
    """Return what to remember from now on: `new`, where it goes on from what was remembered.

    Where nothing was, the first one is believed. `proof` is the consistency proof from the one to the other, empty
    where both have one size or the older has none. Raises DoesNotExtend; what was remembered then stays so.
    """
    if remembered is None:
        return new
    if new.origin != remembered.origin:
        raise DoesNotExtend("the checkpoint is of another log than the one that is remembered")
    if new.size < remembered.size:
        raise DoesNotExtend(
            f"the log has {new.size} entries, and had {remembered.size}: it was rolled back, or an old copy was served"
        )
    if new.size == remembered.size and new.root != remembered.root:
        raise DoesNotExtend(f"the log has had another root at its {new.size} entries: its history was changed")
    if not verify_consistency(
        old_size=remembered.size, old_root=remembered.root, size=new.size, root=new.root, proof=proof
    ):
        raise DoesNotExtend(
            f"the log of {new.size} entries does not go on from the {remembered.size} that are remembered:"
            " its history was changed, or the proof is not right"
        )
    return new
