"""A KMS that keeps its keys in memory, counts calls and can be away."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from paaskit.errors import Unavailable
from services.secrets.keys.kms import UnwrapError


class FakeKms:
    """Implements `services.secrets.keys.kms.KeyManagement`."""

    def __init__(self) -> None:
        self._keys: dict[str, AESGCM] = {}
        self.away = False
        self.wraps = 0
        self.unwraps = 0

    async def wrap(self, tenant: str, key: bytes, *, context: bytes) -> bytes:
        self._answer()
        self.wraps += 1
        nonce = os.urandom(12)
        return nonce + self._cipher(tenant).encrypt(nonce, key, context)

    async def unwrap(self, tenant: str, wrapped: bytes, *, context: bytes) -> bytes:
        self._answer()
        self.unwraps += 1
        try:
            return self._cipher(tenant).decrypt(wrapped[:12], wrapped[12:], context)
        except (InvalidTag, ValueError):
            raise UnwrapError("not wrapped here for this") from None

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("The KMS cannot be reached now.", metadata={"service": "kms"})

    def _cipher(self, tenant: str) -> AESGCM:
        return self._keys.setdefault(tenant, AESGCM(AESGCM.generate_key(256)))


class RightKms:
    """Implements `services.secrets.keys.keyring.KeyCheck`: the KMS is always the right one."""

    async def confirm(self) -> None:
        return
