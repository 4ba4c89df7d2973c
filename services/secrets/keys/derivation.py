"""Keys out of keys: the one key derivation of this folder."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(key: bytes, *, info: bytes, length: int, salt: bytes | None = None) -> bytes:
    """Return `length` bytes of HKDF-SHA256 (RFC 5869) of `key`. What has another `info` is another key."""
    return HKDF(hashes.SHA256(), length, salt=salt, info=info).derive(key)
