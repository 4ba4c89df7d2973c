"""The provider `local`: keys derived from one key file, for one machine. Who reads the file reads everything."""

import base64
import binascii
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from paaskit.db import refuse_in_transaction
from paaskit.settings import SettingsError
from services.secrets.keys.derivation import derive
from services.secrets.keys.kms.protocol import SERVICE, KeyName, UnwrapError

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class LocalKeyManagement:
    """See KeyManagement. A key is HKDF-SHA256 of the file's; wrapping is AES-256-GCM with a random nonce.

    Raises SettingsError where the file does not hold 32 bytes in base64.
    """

    def __init__(self, key_file: Path) -> None:
        try:
            self._root = base64.b64decode(key_file.read_text().strip(), validate=True)
        except (OSError, binascii.Error, UnicodeDecodeError):
            raise SettingsError(f"PAAS_KMS_KEY_FILE: {key_file} cannot be read as base64.") from None
        if len(self._root) != _KEY_BYTES:
            raise SettingsError(f"PAAS_KMS_KEY_FILE: {key_file} does not hold {_KEY_BYTES} bytes.")

    async def wrap(self, name: KeyName, key: bytes, *, context: bytes) -> bytes:
        """See KeyManagement."""
        refuse_in_transaction(SERVICE)
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher(name).encrypt(nonce, key, context)

    async def unwrap(self, name: KeyName, wrapped: bytes, *, context: bytes) -> bytes:
        """See KeyManagement."""
        refuse_in_transaction(SERVICE)
        try:
            return self._cipher(name).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            raise UnwrapError from None

    async def close(self) -> None:
        """See KeyManagement. There is nothing to give back."""

    def _cipher(self, name: KeyName) -> AESGCM:
        return AESGCM(derive(self._root, info=_info(name), length=_KEY_BYTES))


def _info(name: KeyName) -> bytes:
    """Say which key is derived. It is final: what was wrapped with one of these keys needs it for ever."""
    if name.kind == "tenant":
        return b"paas local kms v1\0" + name.tenant.encode()
    return b"paas local kms v1 " + name.kind.encode()
