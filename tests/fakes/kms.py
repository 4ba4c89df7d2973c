"""A KMS that keeps its keys in memory, counts calls and can be away."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from paaskit.db import refuse_in_transaction
from services.secrets.keys.kms import KeyName, UnwrapError
from services.secrets.keys.kms.protocol import unavailable


class FakeKms:
    """Implements `services.secrets.keys.kms.KeyManagement`."""

    def __init__(self) -> None:
        self._keys: dict[KeyName, AESGCM] = {}
        self.away = False
        self.wraps = 0
        self.unwraps = 0

    async def wrap(self, name: KeyName, key: bytes, *, context: bytes) -> bytes:
        self._answer()
        self.wraps += 1
        nonce = os.urandom(12)
        return nonce + self._cipher(name).encrypt(nonce, key, context)

    async def unwrap(self, name: KeyName, wrapped: bytes, *, context: bytes) -> bytes:
        self._answer()
        self.unwraps += 1
        try:
            return self._cipher(name).decrypt(wrapped[:12], wrapped[12:], context)
        except (InvalidTag, ValueError):
            raise UnwrapError from None

    async def close(self) -> None:
        return

    def _answer(self) -> None:
        refuse_in_transaction("kms")
        if self.away:
            raise unavailable("KMS_UNAVAILABLE")

    def _cipher(self, name: KeyName) -> AESGCM:
        return self._keys.setdefault(name, AESGCM(AESGCM.generate_key(256)))


class RightKms:
    """Implements `services.secrets.keys.keyring.KeyCheck`: the KMS is always the right one."""

    async def confirm(self) -> None:
        return
