"""Ed25519 (RFC 8032) in the two forms in which `transparency` is given it; it has none of its own."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class Ed25519:
    """Verifies signatures: a `transparency.notes.keys.Ed25519`."""

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the owner of `public_key` signed `message`. False as well for bytes that are no key."""
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Ed25519Signer:
    """Signs with one key: a `transparency.notes.keys.Signer`."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def public_key(self) -> bytes:
        """The 32 bytes of the public key."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, 64 bytes."""
        return self._key.sign(message)
