# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH123
"""The witness's key, and Ed25519 with a library. The only module of the command line that imports cryptography.

The private key is in here, and goes nowhere: it is written as golang.org/x/mod/sumdb/note writes one, and must not be
printed, logged or shown in a repr.
"""

import os
import re
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from paas_cli.errors import Failure
from paas_cli.files import private_file
from paas_cli.terminal.text import visible
from transparency.encoding import base64_of, from_base64
from transparency.failures import Malformed
from transparency.notes.keys import Kind, VerifierKey

_BEGINNING: Final = "PRIVATE+KEY"
_TEXT: Final = re.compile(r"PRIVATE\+KEY\+([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)\n?")


class Ed25519:
    """Verifies signatures: a `transparency.notes.keys.Ed25519`."""

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is one of `message` by the owner of `public_key`. False as well for what is no key."""
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class WitnessKey:
    """A witness's private key and its name: a `transparency.notes.keys.Signer`."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifier = VerifierKey(name, Kind.COSIGNATURE, key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of a signature of `message`."""
        return self._key.sign(message)


def make(path: str, name: str) -> WitnessKey:
    """Make a key and write it into a new file, mode 0600. Raises Failure, among others where there is such a file."""
    private = Ed25519PrivateKey.generate()
    try:
        key = WitnessKey(name, private)
    except Malformed as error:
        raise Failure(f"A witness can't be called {visible(name)}: {error}.") from None
    signer = VerifierKey(name, Kind.ED25519, key.verifier.public_key)
    secret = base64_of(bytes([Kind.ED25519]) + private.private_bytes_raw())
    text = f"{_BEGINNING}+{name}+{signer.key_id.hex()}+{secret}\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise Failure(f"{visible(path)} is there already, and a key is never replaced; name another file.") from None
    except OSError as error:
        raise Failure(f"{visible(path)} can't be written: {(error.strerror or 'unknown reason').lower()}.") from None
    with open(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)  # whatever the umask says
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    return key


def load(path: str) -> WitnessKey:
    """Read the key of a file. Raises Failure where it is none, or others may read it."""
    content = private_file.read(path, exactly_0600=False)
    if content is None:
        raise Failure(f"There is no file {visible(path)}; make a key with --make-key.")
    match = _TEXT.fullmatch(content.decode("utf-8", "replace"))
    try:
        if match is not None:
            kind, secret = from_base64(match[3])[:1], from_base64(match[3])[1:]
            key = WitnessKey(match[1], Ed25519PrivateKey.from_private_bytes(secret))
            signer = VerifierKey(match[1], Kind.ED25519, key.verifier.public_key)
            if kind == bytes([Kind.ED25519]) and signer.key_id.hex() == match[2]:
                return key
    except (Malformed, ValueError):
        pass
    raise Failure(f"{visible(path)} holds no key of a witness, as `paas witness --make-key` writes it.")
