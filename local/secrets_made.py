"""Random material for one machine, in the formats of the files it is kept in."""

import base64
import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519


def random_password() -> bytes:
    """256 bits as text, for a database role."""
    return secrets.token_urlsafe(32).encode()


def kms_key() -> bytes:
    """The local KMS provider's key: base64 of 32 random bytes."""
    return _key_of_32_bytes()


def page_key() -> bytes:
    """The key that a service seals page tokens with: base64 of 32 random bytes."""
    return _key_of_32_bytes()


def signing_key() -> bytes:
    """A key to sign with, identities or audit logs: Ed25519, PKCS #8, PEM."""
    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _key_of_32_bytes() -> bytes:
    return base64.b64encode(secrets.token_bytes(32))
