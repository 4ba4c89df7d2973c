"""Receipts (c2sp.org/tlog-proof): that an entry is in a log, in a file that is verified without asking anybody."""

from dataclasses import dataclass
from typing import Final

from transparency.encoding import LARGEST, base64_of, decimal, from_base64, hash_from_base64
from transparency.failures import Malformed, NotVerified
from transparency.merkle.hashing import leaf_hash
from transparency.merkle.proofs import verify_inclusion
from transparency.notes.keys import Ed25519
from transparency.notes.signed import LARGEST_NOTE
from transparency.policy import Accepted, Policy, accepted

SUFFIX: Final = ".tlog-proof"
_FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"
_MOST_HASHES: Final = 63
_LARGEST_RECEIPT: Final = 2 * LARGEST_NOTE


@dataclass(frozen=True)
class Receipt:
    """A receipt, not verified. `checkpoint` is the note as it was served; `extra` is trusted by nobody."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""

    def encoded(self) -> bytes:
        """Return the content of its file."""
        lines = [_FIRST_LINE, *([f"extra {base64_of(self.extra)}"] if self.extra else []), f"index {self.index}"]
        return "\n".join([*lines, *map(base64_of, self.proof), "", ""]).encode() + self.checkpoint


def parsed(content: bytes) -> Receipt:
    """Return the receipt of a file (tlog-proof, "Format"). Raises Malformed."""
    if len(content) > _LARGEST_RECEIPT:
        raise Malformed(f"a receipt has more than {_LARGEST_RECEIPT} bytes")
    head, blank, checkpoint = content.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("a receipt has bytes above its checkpoint that are no ASCII") from None
    if not blank or lines[0] != _FIRST_LINE:
        raise Malformed("a file is no receipt: it does not begin as tlog-proof has it")
    del lines[0]
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = from_base64(lines.pop(0).removeprefix("extra "))
        if not extra:
            raise Malformed("a receipt has a line for more, and nothing in it")
    if not lines or not lines[0].startswith("index "):
        raise Malformed("a receipt does not name its entry's index")
    index = decimal(lines.pop(0).removeprefix("index "), largest=LARGEST - 1)
    if len(lines) > _MOST_HASHES:
        raise Malformed(f"a receipt has more than {_MOST_HASHES} hashes")
    return Receipt(index, tuple(hash_from_base64(line) for line in lines), checkpoint, extra)


def verified(receipt: Receipt, entry: bytes, policy: Policy, ed25519: Ed25519) -> Accepted:
    """Return the checkpoint that has `entry` at the receipt's index (tlog-proof, "Verifying a tlog proof").

    The policy says which logs and witnesses are trusted; `Policy((key,))` is one log, and asks for no witness. Raises
    NotVerified.
    """
    found = accepted(receipt.checkpoint, policy, ed25519)
    checkpoint = found.opened.checkpoint
    if not verify_inclusion(
        index=receipt.index,
        size=checkpoint.size,
        leaf=leaf_hash(entry),
        proof=receipt.proof,
        root=checkpoint.root,
    ):
        raise NotVerified("the entry is not at the receipt's index in the log that the checkpoint is of")
    return found
