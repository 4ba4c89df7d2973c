"""The sealed format of a secret. It is final: what is stored today opens for ever.

    sealed = format (1 byte, 0x01) || salt (32 random bytes) || AES-256-GCM(ciphertext || 16-byte tag)
    key || nonce = HKDF-SHA256(tenant key, salt = salt, info = AAD), 32 + 12 bytes, used once
    AAD = length-prefixed (format, tenant, app id, name, version, generation)

The salt makes every key a new one, so the nonce can be derived with it and none is ever used twice. A sealed value
that was moved to another row, app, tenant, version or key generation does not open, because its AAD is another one.
"""

import os
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from paaskit.redact import Plaintext
from services.secrets.keys.derivation import derive

_FORMAT: Final = 1
_SALT_BYTES: Final = 32
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class OpenError(Exception):
    """A sealed value does not open: it was changed, moved, or belongs to another key.

    Its text is constant: which of these it was is nobody's business who could have caused it.
    """

    def __init__(self) -> None:
        super().__init__("the sealed value does not open at this place")


@dataclass(frozen=True)
class TenantKey:
    """A tenant's 256-bit key of one generation. Its repr hides it."""

    generation: int
    key: bytes

    def __repr__(self) -> str:
        return f"TenantKey(generation={self.generation})"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a sealed value belongs, and the only place it opens at."""

    tenant: str
    app_id: str
    name: str
    version: int


def seal(key: TenantKey, place: Place, plaintext: Plaintext, *, salt: bytes | None = None) -> bytes:
    """Return `plaintext` sealed for `place`. `salt` is given by test vectors only."""
    salt = os.urandom(_SALT_BYTES) if salt is None else salt
    aad = _aad(place, key.generation)
    cipher, nonce = _cipher(key, salt, aad)
    return bytes([_FORMAT]) + salt + cipher.encrypt(nonce, plaintext.reveal().encode(), aad)


def unseal(key: TenantKey, place: Place, sealed: bytes) -> Plaintext:
    """Return what was sealed for `place`. Raises OpenError for anything else."""
    if len(sealed) < 1 + _SALT_BYTES or sealed[0] != _FORMAT:
        raise OpenError
    salt, ciphertext = sealed[1 : 1 + _SALT_BYTES], sealed[1 + _SALT_BYTES :]
    aad = _aad(place, key.generation)
    cipher, nonce = _cipher(key, salt, aad)
    try:
        return Plaintext(cipher.decrypt(nonce, ciphertext, aad).decode())
    except (InvalidTag, ValueError):
        raise OpenError from None


def _cipher(key: TenantKey, salt: bytes, aad: bytes) -> tuple[AESGCM, bytes]:
    derived = derive(key.key, salt=salt, info=aad, length=_KEY_BYTES + _NONCE_BYTES)
    return AESGCM(derived[:_KEY_BYTES]), derived[_KEY_BYTES:]


def _aad(place: Place, generation: int) -> bytes:
    """Encode a place so that no two differ only in where one part ends: each part after its 4-byte length."""
    parts = (
        bytes([_FORMAT]),
        place.tenant.encode(),
        place.app_id.encode(),
        place.name.encode(),
        str(place.version).encode(),
        str(generation).encode(),
    )
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
