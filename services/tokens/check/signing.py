"""The key that signs identities. This module alone touches the private key; it hands out signatures and public keys.

Who holds this key can be anybody to every service, so it must not be logged, copied or sent anywhere.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from paaskit.identity import LIFETIME, Identity, claims_of
from paaskit.settings import SettingsError

_KEY_ID_LENGTH: Final = 16


class Signer:
    """Signs identities with one Ed25519 key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = key.public_key()
        self.key_id = key_id_of(self._public)

    def sign(self, identity: Identity, *, now: datetime) -> str:
        """Return `identity` as a JWT (RFC 7519, EdDSA of RFC 8037). Raises ValueError if it would live too long."""
        if identity.expires_at > now + LIFETIME:
            raise ValueError("an identity lives at most 60 seconds")
        # PyJWT adds `typ: JWT` and `alg`; services refuse every other header.
        return jwt.encode(
            claims_of(identity, issued_at=now), self._key, algorithm="EdDSA", headers={"kid": self.key_id}
        )

    async def public_keys(self) -> Mapping[str, Ed25519PublicKey]:
        """Return the public keys that verify what this signs, by key id: a `paaskit.identity.KeySource`."""
        return {self.key_id: self._public}


def load_signer(path: Path) -> Signer:
    """Read a PEM PKCS #8 Ed25519 key. Raises SettingsError where the file holds anything else."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError("PAAS_SIGNING_KEY_FILE: the file holds no Ed25519 private key in PEM without a password")
    return Signer(key)


def key_id_of(key: Ed25519PublicKey) -> str:
    """Return the name of a public key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(raw_bytes(key)).hexdigest()[:_KEY_ID_LENGTH]


def raw_bytes(key: Ed25519PublicKey) -> bytes:
    """Return the 32 bytes of a public key (RFC 8032)."""
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
