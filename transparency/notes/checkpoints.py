"""Checkpoints (c2sp.org/tlog-checkpoint): what a log signs of its tree at some size."""

from dataclasses import dataclass

from transparency.encoding import HASH_SIZE, LARGEST, base64_of, decimal, hash_from_base64
from transparency.failures import Malformed, NotVerified
from transparency.merkle.hashing import EMPTY_ROOT
from transparency.notes import signed
from transparency.notes.keys import Ed25519, Kind, Signer, VerifierKey


@dataclass(frozen=True)
class Checkpoint:
    """A log's tree. `extensions` are lines that others' logs may have; they say nothing here, and ours have none."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text of its note."""
        return "\n".join((self.origin, str(self.size), base64_of(self.root), *self.extensions)) + "\n"


@dataclass(frozen=True)
class OpenedCheckpoint:
    """A checkpoint whose log's signature was verified, and its note with all signatures, for cosignatures."""

    checkpoint: Checkpoint
    note: signed.SignedNote


def parsed(text: str) -> Checkpoint:
    """Return the checkpoint of a note's text (tlog-checkpoint, "Note text"). Raises Malformed."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise Malformed("a checkpoint is not lines of origin, size and root, none of them empty")
    return Checkpoint(lines[0], decimal(lines[1]), hash_from_base64(lines[2]), tuple(lines[3:]))


def signed_checkpoint(*, size: int, root: bytes, key: VerifierKey, signer: Signer) -> signed.SignedNote:
    """Return the note of a log's checkpoint; its origin is the key's name. Raises ValueError.

    What is signed here must go on from everything that was signed before: the caller sees to that.
    """
    checkpoint = Checkpoint(key.name, size, root)
    if not 0 <= size <= LARGEST or len(root) != HASH_SIZE or (size == 0 and root != EMPTY_ROOT):
        raise ValueError("there is no checkpoint of that size and root")
    return signed.signed(checkpoint.text, key, signer)


def opened(content: bytes, key: VerifierKey, ed25519: Ed25519) -> OpenedCheckpoint:
    """Return the checkpoint that a log's own key has signed. Raises NotVerified.

    Signatures of others, witnesses among them, are not looked at.
    """
    note = signed.parsed(content)
    signed.verified(note, [key], ed25519)
    return signed_by(key, note)


def signed_by(key: VerifierKey, note: signed.SignedNote) -> OpenedCheckpoint:
    """Return the checkpoint of a note that `key` was found to have signed. Raises NotVerified unless it is its log."""
    checkpoint = parsed(note.text)
    if key.kind is not Kind.ED25519 or checkpoint.origin != key.name:
        raise NotVerified("a checkpoint is not signed by its own log's key, but by that of another log or a witness")
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise NotVerified("a checkpoint of an empty log has another root than the empty one")
    return OpenedCheckpoint(checkpoint, note)
