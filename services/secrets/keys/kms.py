"""The key management service: keeps the keys that wrap tenants' keys, and never gives them out.

The only file that may hold KMS access. A provider wraps and unwraps small keys; it never sees a secret.
"""

import base64
import binascii
import os
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from paaskit.settings import SettingsError

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class UnwrapError(Exception):
    """A wrapped key is not one that this provider wrapped for this context."""


class KeyManagement(Protocol):
    """What is used of a KMS, and nothing more. Both calls raise Unavailable where it can't be reached."""

    async def wrap(self, tenant: str, key: bytes, *, context: bytes) -> bytes:
        """Encrypt `key` under the tenant's key-encryption key, bound to `context`."""

    async def unwrap(self, tenant: str, wrapped: bytes, *, context: bytes) -> bytes:
        """Decrypt what `wrap` returned. Raises UnwrapError unless tenant and context are the same."""


class LocalKeyManagement:
    """Key-encryption keys derived from one key file, for one machine: who reads the file reads everything.

    A tenant's key is HKDF-SHA256 of the file's key; wrapping is AES-256-GCM with a random nonce.
    """

    def __init__(self, key_file: Path) -> None:
        try:
            self._root = base64.b64decode(key_file.read_text().strip(), validate=True)
        except (OSError, binascii.Error, UnicodeDecodeError):
            raise SettingsError(f"PAAS_KMS_KEY_FILE: {key_file} cannot be read as base64.") from None
        if len(self._root) != _KEY_BYTES:
            raise SettingsError(f"PAAS_KMS_KEY_FILE: {key_file} does not hold {_KEY_BYTES} bytes.")

    async def wrap(self, tenant: str, key: bytes, *, context: bytes) -> bytes:
        """See KeyManagement."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher(tenant).encrypt(nonce, key, context)

    async def unwrap(self, tenant: str, wrapped: bytes, *, context: bytes) -> bytes:
        """See KeyManagement."""
        try:
            return self._cipher(tenant).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            raise UnwrapError("the wrapped key was not made for this tenant and context") from None

    def _cipher(self, tenant: str) -> AESGCM:
        info = b"paas local kms v1\0" + tenant.encode()
        return AESGCM(HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=info).derive(self._root))


def open_key_management(*, provider: str, key_file: Path | None, environment: str) -> KeyManagement:
    """Return the provider asked for. Raises SettingsError for an unknown one, or a local one in production."""
    if provider != "local":
        raise SettingsError("PAAS_KMS_PROVIDER: the provider is local.")
    if environment != "local":
        raise SettingsError("PAAS_KMS_PROVIDER: the local provider is for one machine, not for production.")
    if key_file is None:
        raise SettingsError("PAAS_KMS_KEY_FILE is not set; the local provider needs it.")
    return LocalKeyManagement(key_file)
