"""What a witness answers to `add-checkpoint` (c2sp.org/tlog-witness), decided from what it kept last.

Serving HTTP, keeping and the clock are the caller's. Between the check and the keeping nobody else may keep anything:
`Record.replace` is one step, and `add_checkpoint` decides anew where somebody was faster.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from transparency.encoding import decimal, hash_from_base64
from transparency.failures import Malformed, NotVerified
from transparency.merkle.hashing import EMPTY_ROOT
from transparency.merkle.proofs import verify_consistency
from transparency.notes import checkpoints, signed
from transparency.notes.checkpoints import Checkpoint
from transparency.notes.keys import Ed25519, Signer, VerifierKey

SIZE_TYPE: Final = "text/x.tlog.size"
_TEXT: Final = "text/plain; charset=utf-8"
_MOST_HASHES: Final = 63
LARGEST_REQUEST: Final = signed.LARGEST_NOTE + 10_000
"""Bytes; a server refuses a longer body before it reads it."""


@dataclass(frozen=True)
class Request:
    """What was posted, not verified."""

    old_size: int
    proof: tuple[bytes, ...]
    note: signed.SignedNote
    checkpoint: Checkpoint


@dataclass(frozen=True)
class Kept:
    """The last checkpoint that was cosigned for an origin. `note` has the log's signature and ours."""

    size: int
    root: bytes
    note: bytes


@dataclass(frozen=True)
class Answer:
    """An answer of HTTP."""

    status: int
    body: bytes
    content_type: str = _TEXT


class Record(Protocol):
    """Where a witness keeps what it cosigned, an entry for each origin."""

    def latest(self, origin: str) -> Kept | None:
        """Return what is kept, None where nothing was cosigned yet."""

    def replace(self, origin: str, *, before: Kept | None, after: Kept) -> bool:
        """Keep `after` for good, in one step and only where `before` is what is kept; whether it was."""


@dataclass(frozen=True)
class Witness:
    """A witness: its key, the keys of the logs it knows by their origins, and what verifies their signatures."""

    key: VerifierKey
    signer: Signer
    logs: Mapping[str, Collection[VerifierKey]]
    ed25519: Ed25519
    now: Callable[[], int]
    """Seconds since 1970."""


def add_checkpoint(body: bytes, witness: Witness, record: Record) -> Answer:
    """Answer a request, and keep its checkpoint before that where it is cosigned."""
    try:
        request = parsed(body)
    except Malformed as error:
        return _refusal(400, str(error))
    origin = request.checkpoint.origin
    while True:
        kept = record.latest(origin)
        refusal = refused(request, kept, witness.logs.get(origin), witness.ed25519)
        if refusal is not None:
            return refusal
        cosignature = signed.cosigned(request.note.text, witness.key, witness.signer, time=witness.now())
        after = Kept(request.checkpoint.size, request.checkpoint.root, _kept_note(request, witness, cosignature))
        if record.replace(origin, before=kept, after=after):
            return Answer(200, cosignature.line.encode())


def parsed(body: bytes) -> Request:
    """Return a request (tlog-witness, "add-checkpoint"). Raises Malformed."""
    if len(body) > LARGEST_REQUEST:
        raise Malformed(f"a request has more than {LARGEST_REQUEST} bytes")
    head, blank, note_content = body.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("a request has bytes above its checkpoint that are no ASCII") from None
    if not blank or not lines[0].startswith("old "):
        raise Malformed("a request does not begin with the size of the checkpoint before")
    if len(lines) - 1 > _MOST_HASHES:
        raise Malformed(f"a request has more than {_MOST_HASHES} hashes")
    old_size = decimal(lines[0].removeprefix("old "))
    note = signed.parsed(note_content)
    return Request(old_size, tuple(hash_from_base64(line) for line in lines[1:]), note, checkpoints.parsed(note.text))


def refused(
    request: Request, kept: Kept | None, log_keys: Collection[VerifierKey] | None, ed25519: Ed25519
) -> Answer | None:
    """Return why a checkpoint is not cosigned, or None where it is to be. `log_keys` is None for an unknown origin."""
    new = request.checkpoint
    if log_keys is None:
        return _refusal(404, "no log of this origin is known")
    try:
        signed.verified(request.note, log_keys, ed25519)
    except NotVerified as error:
        return _refusal(403, str(error))
    if request.old_size > new.size:
        return _refusal(400, "the checkpoint before is larger than the one posted")
    old_size, old_root = (0, EMPTY_ROOT) if kept is None else (kept.size, kept.root)
    if request.old_size != old_size:
        return Answer(409, f"{old_size}\n".encode(), SIZE_TYPE)
    if not verify_consistency(old_size=old_size, old_root=old_root, size=new.size, root=new.root, proof=request.proof):
        return _refusal(422, "the checkpoint does not go on from the one before, or the proof is not right")
    return None


def _kept_note(request: Request, witness: Witness, cosignature: signed.Signature) -> bytes:
    """Return the note with the log's signatures that were verified and ours (tlog-witness, "Monitor Retrieval")."""
    known = {(key.name, key.key_id) for key in witness.logs[request.checkpoint.origin]}
    verified = tuple(each for each in request.note.signatures if (each.name, each.key_id) in known)
    return signed.SignedNote(request.note.text, (*verified, cosignature)).encoded()


def _refusal(status: int, reason: str) -> Answer:
    return Answer(status, f"{reason}\n".encode())
