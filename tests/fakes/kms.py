"""A KMS that keeps its keys in memory, counts calls and can be away."""

import os
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from paaskit.db import refuse_in_transaction
from services.secrets.keys.kms import KeyName, KmsKey, UnwrapError
from services.secrets.keys.kms.protocol import Others, unavailable


class FakeKms:
    """Implements `services.secrets.keys.kms.KeyManagement`."""

    def __init__(self) -> None:
        self._keys: dict[KeyName, list[AESGCM]] = {}
        self._destroyed: set[KeyName] = set()
        self.away = False
        self.wraps = 0
        self.unwraps = 0

    async def wrap(self, name: KeyName, key: bytes, *, context: bytes) -> bytes:
        self._answer(name)
        self.wraps += 1
        nonce = os.urandom(12)
        return nonce + self._versions(name)[-1].encrypt(nonce, key, context)

    async def unwrap(self, name: KeyName, wrapped: bytes, *, context: bytes) -> bytes:
        self._answer(name)
        self.unwraps += 1
        return self._opened(name, wrapped, context)[1]

    async def is_current(self, name: KeyName, wrapped: bytes, *, context: bytes) -> bool:
        self._answer(name)
        return self._opened(name, wrapped, context)[0] == len(self._versions(name))

    async def describe(self, name: KeyName) -> KmsKey:
        refuse_in_transaction("kms")
        if self.away:
            raise unavailable("KMS_UNAVAILABLE")
        version = "" if name in self._destroyed or name not in self._keys else str(len(self._keys[name]))
        return KmsKey(f"fake/{name.kind}/{name.tenant}", version)

    async def destroy(self, name: KeyName, *, others: Others) -> datetime | None:
        refuse_in_transaction("kms")
        if self.away:
            raise unavailable("KMS_UNAVAILABLE")
        self._destroyed.add(name)
        self._keys.pop(name, None)
        return None

    async def close(self) -> None:
        return

    def new_primary_version(self, name: KeyName) -> None:
        """What a KMS does by schedule: from now on another version wraps."""
        self._versions(name).append(AESGCM(AESGCM.generate_key(256)))

    def _answer(self, name: KeyName) -> None:
        refuse_in_transaction("kms")
        if self.away:
            raise unavailable("KMS_UNAVAILABLE")
        if name in self._destroyed:
            raise unavailable("KMS_FAILED_PRECONDITION")

    def _opened(self, name: KeyName, wrapped: bytes, context: bytes) -> tuple[int, bytes]:
        for number, version in enumerate(self._versions(name), start=1):
            try:
                return number, version.decrypt(wrapped[:12], wrapped[12:], context)
            except (InvalidTag, ValueError):
                continue
        raise UnwrapError

    def _versions(self, name: KeyName) -> list[AESGCM]:
        return self._keys.setdefault(name, [AESGCM(AESGCM.generate_key(256))])


class RightKms:
    """Implements `services.secrets.keys.keyring.KeyCheck`: the KMS is always the right one."""

    async def confirm(self) -> None:
        return
