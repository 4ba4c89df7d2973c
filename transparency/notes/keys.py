"""Keys of notes as text (signed-note, "Verifier keys"), and what makes and verifies their signatures.

Ed25519 itself is passed in: this library has none, and holds no private key.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final, Protocol

from transparency.encoding import base64_of, from_base64
from transparency.failures import Malformed

PUBLIC_KEY_SIZE: Final = 32
SIGNATURE_SIZE: Final = 64
KEY_ID_SIZE: Final = 4
_KEY_ID: Final = re.compile(r"[0-9a-f]{8}")


class Ed25519(Protocol):
    """Verifies signatures of RFC 8032. It answers for whatever bytes it gets, and raises nothing."""

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is one of `message` by the owner of `public_key`, which has 32 bytes."""


class Signer(Protocol):
    """Holds a private key of Ed25519."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of a signature of `message`."""


class Kind(IntEnum):
    """What a signature says (signed-note, "Signature types"); those that are used here."""

    ED25519 = 0x01
    """The note's text."""
    COSIGNATURE = 0x04
    """That a witness saw a checkpoint at a time (tlog-cosignature)."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key and who has it. Whether two are of the same owner is told by `public_key` alone."""

    name: str
    kind: Kind
    public_key: bytes

    def __post_init__(self) -> None:
        """Raises Malformed."""
        if not is_key_name(self.name):
            raise Malformed("the name of a key is empty, has a space, a plus or a control character")
        if len(self.public_key) != PUBLIC_KEY_SIZE:
            raise Malformed("a public key of Ed25519 does not have 32 bytes")

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart (signed-note, "Signatures")."""
        return sha256(self.name.encode() + b"\n" + self._encoded).digest()[:KEY_ID_SIZE]

    @property
    def text(self) -> str:
        """The key as it is handed on: `name+id+key`."""
        return f"{self.name}+{self.key_id.hex()}+{base64_of(self._encoded)}"

    @property
    def _encoded(self) -> bytes:
        return bytes([self.kind]) + self.public_key


def parsed_key(text: str) -> VerifierKey:
    """Return the key that is written as `name+id+key`. Raises Malformed: also for a kind that is not used here."""
    parts = text.split("+", 2)  # base64 may have a plus of its own
    if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
        raise Malformed("a key is not written as name+id+key, with an id of eight hexadecimal digits")
    name, key_id, encoded = parts[0], parts[1], from_base64(parts[2])
    if encoded[:1] not in {bytes([kind]) for kind in Kind}:
        raise Malformed("a key is of a kind that is not known here: Ed25519 (1) and its cosignatures (4) are")
    key = VerifierKey(name, Kind(encoded[0]), encoded[1:])
    if key.key_id.hex() != key_id:
        raise Malformed("the id of a key is not that of its name and public key")
    return key


def is_key_name(name: str) -> bool:
    """Whether it may be a key's name: not empty, no spaces of any script, no plus, no control characters."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return bool(name) and not any(each.isspace() or each == "+" or each < " " for each in name)


def with_distinct_ids(keys: Iterable[VerifierKey]) -> dict[tuple[str, bytes], VerifierKey]:
    """Return keys by what their signatures name them. Raises Malformed where two are named alike."""
    found: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if found.setdefault((key.name, key.key_id), key) != key:
            raise Malformed("two different keys have the same name and id")
    return found
