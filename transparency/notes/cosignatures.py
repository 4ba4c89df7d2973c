"""What a witness signs and how that is written (tlog-cosignature): a checkpoint as it was seen at a time.

Only the Ed25519 form, kind 0x04. It does not commit to the witness's name, so each witness needs a key of its own.
"""

from typing import Final

from transparency.encoding import LARGEST
from transparency.failures import Malformed
from transparency.notes.keys import SIGNATURE_SIZE

_TIME_SIZE: Final = 8
_HEADER: Final = "cosignature/v1\ntime {}\n"


def signed_message(time: int, note_text: str) -> bytes:
    """Return what is signed (tlog-cosignature, "Ed25519 signed message"): two lines before the note's text."""
    return (_HEADER.format(time) + note_text).encode()


def timestamped(time: int, signature: bytes) -> bytes:
    """Return a `timestamped_signature`. `time` is in seconds since 1970. Raises ValueError for one out of range."""
    if not 0 < time <= LARGEST or len(signature) != SIGNATURE_SIZE:
        raise ValueError("a cosignature has a time after 1970 and 64 bytes of Ed25519")
    return time.to_bytes(_TIME_SIZE) + signature


def split_timestamped(content: bytes) -> tuple[int, bytes]:
    """Return the time and the signature of a `timestamped_signature`. Raises Malformed."""
    time = int.from_bytes(content[:_TIME_SIZE])
    if len(content) != _TIME_SIZE + SIGNATURE_SIZE or time > LARGEST:
        raise Malformed("a cosignature is not a time and 64 bytes of Ed25519")
    return time, content[_TIME_SIZE:]
