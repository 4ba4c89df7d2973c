"""The keys that sign checkpoints. This module alone touches the private keys; it hands out signatures and public keys.

Whoever holds one can show a tenant another log than others see, unless somebody remembers or a witness has signed, so
it must not be logged, copied or sent anywhere. Every log is signed with the same keys, under a name of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from paaskit.settings import SettingsError
from transparency.notes.checkpoints import Checkpoint, signed_checkpoint
from transparency.notes.keys import Kind, VerifierKey
from transparency.notes.signed import SignedNote


@dataclass(frozen=True)
class LogKeys:
    """Keys in the order in which they sign: the first is the one that readers are told, the others are of before."""

    keys: Sequence[Ed25519PrivateKey] = field(repr=False)

    def verifiers(self, origin: str) -> list[VerifierKey]:
        """Return the public keys of the log that is called `origin`."""
        return [VerifierKey(origin, Kind.ED25519, key.public_key().public_bytes_raw()) for key in self.keys]

    def sign(self, checkpoint: Checkpoint) -> SignedNote:
        """Return the note of a checkpoint, signed with every key.

        What is signed goes on from all that was signed before: the caller sees to that.
        """
        first, *others = [
            signed_checkpoint(size=checkpoint.size, root=checkpoint.root, key=verifier, signer=key)
            for verifier, key in zip(self.verifiers(checkpoint.origin), self.keys, strict=True)
        ]
        return first.with_signatures(signature for note in others for signature in note.signatures)


def load_keys(paths: str) -> LogKeys:
    """Read PEM PKCS #8 Ed25519 keys of files whose paths stand between commas. Raises SettingsError."""
    found = [_load(Path(path.strip())) for path in paths.split(",") if path.strip()]
    if not found:
        raise SettingsError("PAAS_LOG_KEY_FILES: name the file of the Ed25519 key that signs the log")
    return LogKeys(found)


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise SettingsError(f"PAAS_LOG_KEY_FILES: {path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"PAAS_LOG_KEY_FILES: {path} holds no Ed25519 private key in PEM without a password")
    return key
