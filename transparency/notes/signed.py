"""Notes with their signatures (c2sp.org/signed-note): read, signed, and verified with the keys that are known.

A note's text means nothing before `verified` has returned.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from transparency.encoding import base64_of, from_base64
from transparency.failures import Malformed, NotVerified
from transparency.notes.cosignatures import signed_message, split_timestamped, timestamped
from transparency.notes.keys import KEY_ID_SIZE, Ed25519, Kind, Signer, VerifierKey, is_key_name, with_distinct_ids

LARGEST_NOTE: Final = 1_000_000
"""Bytes. As in Go's golang.org/x/mod/sumdb/note, and so is the number of signatures; 16 are the least allowed."""
MOST_SIGNATURES: Final = 100
_MARK: Final = "— "  # U+2014


@dataclass(frozen=True)
class Signature:
    """A signature as it stands in a note, not verified. `content` is what comes after the key's id."""

    name: str
    key_id: bytes
    content: bytes

    @property
    def line(self) -> str:
        """Its line in a note."""
        return f"{_MARK}{self.name} {base64_of(self.key_id + self.content)}\n"


@dataclass(frozen=True)
class SignedNote:
    """A text, which ends in a newline, and signatures nobody has verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    def encoded(self) -> bytes:
        """Return the note as it is written."""
        return (self.text + "\n" + "".join(each.line for each in self.signatures)).encode()

    def with_signatures(self, more: Iterable[Signature]) -> "SignedNote":
        """Return the note with signatures that it does not have yet."""
        return SignedNote(self.text, tuple(dict.fromkeys((*self.signatures, *more))))


@dataclass(frozen=True)
class Verified:
    """Who signed a note. `time` is a cosignature's, in seconds since 1970, and 0 in other signatures."""

    key: VerifierKey
    time: int = 0


def parsed(content: bytes) -> SignedNote:
    """Return a note (signed-note, "Format"). Raises Malformed."""
    if len(content) > LARGEST_NOTE:
        raise Malformed(f"a note has more than {LARGEST_NOTE} bytes")
    try:
        whole = content.decode()
    except UnicodeDecodeError:
        raise Malformed("a note is not UTF-8") from None
    if any(each < " " and each != "\n" for each in whole):
        raise Malformed("a note has control characters")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise Malformed("a note is no text, a blank line and lines of signatures")
    signatures = lines[:-1].split("\n")
    if len(signatures) > MOST_SIGNATURES:
        raise Malformed(f"a note has more than {MOST_SIGNATURES} signatures")
    return SignedNote(text + "\n", tuple(parsed_signature(line) for line in signatures))


def parsed_signature(line: str) -> Signature:
    """Return the signature of a line without its newline. Raises Malformed."""
    name, space, encoded = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not space or not is_key_name(name):
        raise Malformed("the line of a signature is not an em dash, a key's name and base64")
    content = from_base64(encoded)
    if len(content) <= KEY_ID_SIZE:
        raise Malformed("a signature is too short to be one")
    return Signature(name, content[:KEY_ID_SIZE], content[KEY_ID_SIZE:])


def signed(text: str, key: VerifierKey, signer: Signer) -> SignedNote:
    """Return a note of `text`, signed with an Ed25519 key. Raises ValueError for a text that is none of a note's."""
    if key.kind is not Kind.ED25519:
        raise ValueError("a note is signed with a key of kind Ed25519")
    try:
        note = SignedNote(text, (Signature(key.name, key.key_id, signer.sign(text.encode())),))
        if parsed(note.encoded()) == note:
            return note
    except (Malformed, UnicodeEncodeError):
        pass
    raise ValueError("there is no note of this text: it ends in a newline and has no control characters")


def cosigned(text: str, key: VerifierKey, signer: Signer, *, time: int) -> Signature:
    """Return a witness's signature of a checkpoint's text, seen at `time`, in seconds since 1970. Raises ValueError."""
    if key.kind is not Kind.COSIGNATURE:
        raise ValueError("a checkpoint is cosigned with a key of kind cosignature")
    return Signature(key.name, key.key_id, timestamped(time, signer.sign(signed_message(time, text))))


def verified(note: SignedNote, keys: Iterable[VerifierKey], ed25519: Ed25519) -> tuple[Verified, ...]:
    """Return which of `keys` signed the note, each once, with its newest time (signed-note, "Signatures").

    Signatures of keys that are not among them are ignored. Raises NotVerified where there is none of theirs, and where
    one is not right: a note with a bad signature of a known key was put together by somebody else.
    """
    known = with_distinct_ids(keys)
    times: dict[VerifierKey, int] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            times[key] = max(times.get(key, 0), _verified_time(note.text, signature, key, ed25519))
    if not times:
        raise NotVerified("a note has no signature of a key that is known")
    return tuple(Verified(key, time) for key, time in times.items())


def _verified_time(text: str, signature: Signature, key: VerifierKey, ed25519: Ed25519) -> int:
    time, message, content = 0, text.encode(), signature.content
    if key.kind is Kind.COSIGNATURE:
        time, content = split_timestamped(content)
        message = signed_message(time, text)
    if not ed25519.verify(key.public_key, message, content):
        raise NotVerified("a signature of a known key is not one of this note")
    return time
