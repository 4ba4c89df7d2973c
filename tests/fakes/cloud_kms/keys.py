"""The keys of the fake Cloud KMS and what can be done with them, in memory, by the rules of Google's documentation."""

import hashlib
import os
import re
import time
from dataclasses import dataclass
from typing import Any, Final

import grpc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.fakes.cloud_kms.messages import (
    CryptoKey,
    CryptoKeyVersion,
    DecryptResponse,
    EncryptResponse,
    ListCryptoKeyVersionsResponse,
    crc32c,
)

_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,63}\Z")
_TAG_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_LARGEST: Final = 64 * 1024
DESTROYED_AFTER_SECONDS: Final = 30 * 86400
"""As Cloud KMS has it where nobody set another time."""
_PAGE: Final = 2
"""Small, so that one key with a few versions has several pages."""


class Refusal(Exception):
    """The call fails with this status."""

    def __init__(self, status: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass
class _Version:
    """A version of a key. Its number is the last part of its name."""

    name: str
    material: AESGCM
    state: int
    destroyed_at: int | None = None

    @property
    def message(self) -> Any:
        message = CryptoKeyVersion(name=self.name, state=self.state, protection_level=1)
        if self.destroyed_at is not None:
            message.destroy_time.FromSeconds(self.destroyed_at)
        return message


class Keys:
    """The keys of some key rings. Raises Refusal."""

    def __init__(self, *rings: str) -> None:
        self.rings = set(rings)
        self.primary: dict[str, _Version] = {}
        self.versions: dict[str, _Version] = {}

    def create_crypto_key(self, asked: Any) -> Any:
        name = f"{asked.parent}/cryptoKeys/{asked.crypto_key_id}"
        if asked.parent not in self.rings:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"KeyRing {asked.parent} not found.")
        if not _ID.match(asked.crypto_key_id):
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"{asked.crypto_key_id} is no id.")
        if asked.crypto_key.purpose != CryptoKey.ENCRYPT_DECRYPT:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "The purpose is missing.")
        if name in self.primary:
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS, f"CryptoKey {name} already exists.")
        self.primary[name] = self._add_version(name)
        return self._key(name)

    def get_crypto_key(self, asked: Any) -> Any:
        return self._key(asked.name)

    def create_crypto_key_version(self, asked: Any) -> Any:
        self._key(asked.parent)
        return self._add_version(asked.parent).message

    def get_crypto_key_version(self, asked: Any) -> Any:
        return self._version(asked.name).message

    def update_crypto_key_primary_version(self, asked: Any) -> Any:
        self._key(asked.name)
        version = self._version(f"{asked.name}/cryptoKeyVersions/{asked.crypto_key_version_id}")
        self.primary[asked.name] = self._enabled(version)
        return self._key(asked.name)

    def destroy_crypto_key_version(self, asked: Any) -> Any:
        version = self._version(asked.name)
        if version.state == CryptoKeyVersion.DESTROY_SCHEDULED:
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, f"{version.name} is destroyed already.")
        version.state = CryptoKeyVersion.DESTROY_SCHEDULED
        version.destroyed_at = int(time.time()) + DESTROYED_AFTER_SECONDS
        return version.message

    def list_crypto_key_versions(self, asked: Any) -> Any:
        self._key(asked.parent)
        versions = self._versions_of(asked.parent)
        start = int(asked.page_token or 0)
        end = start + min(asked.page_size or _PAGE, _PAGE)
        return ListCryptoKeyVersionsResponse(
            crypto_key_versions=[each.message for each in versions[start:end]],
            next_page_token=str(end) if end < len(versions) else "",
            total_size=len(versions),
        )

    def encrypt(self, asked: Any) -> Any:
        _fits(asked, "plaintext")
        key = asked.name.partition("/cryptoKeyVersions/")[0]
        self._key(key)
        version = self._enabled(self.primary[key] if asked.name == key else self._version(asked.name))
        nonce = os.urandom(_NONCE_BYTES)
        sealed = version.material.encrypt(nonce, asked.plaintext, asked.additional_authenticated_data)
        ciphertext = _tag(version) + nonce + sealed
        answer = EncryptResponse(
            name=version.name,
            ciphertext=ciphertext,
            verified_plaintext_crc32c=asked.HasField("plaintext_crc32c"),
            verified_additional_authenticated_data_crc32c=asked.HasField("additional_authenticated_data_crc32c"),
            protection_level=1,
        )
        answer.ciphertext_crc32c.value = crc32c(ciphertext)
        return answer

    def decrypt(self, asked: Any) -> Any:
        _fits(asked, "ciphertext")
        self._key(asked.name)
        tag, rest = asked.ciphertext[:_TAG_BYTES], asked.ciphertext[_TAG_BYTES:]
        version = next((each for each in self._versions_of(asked.name) if _tag(each) == tag), None)
        if version is None:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "Decryption failed: the ciphertext is of another key.")
        nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            plaintext = self._enabled(version).material.decrypt(nonce, sealed, asked.additional_authenticated_data)
        except (InvalidTag, ValueError):
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "Decryption failed: the ciphertext is invalid.") from None
        answer = DecryptResponse(
            plaintext=plaintext, used_primary=version is self.primary[asked.name], protection_level=1
        )
        answer.plaintext_crc32c.value = crc32c(plaintext)
        return answer

    def _add_version(self, key: str) -> _Version:
        name = f"{key}/cryptoKeyVersions/{1 + len(self._versions_of(key))}"
        self.versions[name] = _Version(name, AESGCM(AESGCM.generate_key(256)), CryptoKeyVersion.ENABLED)
        return self.versions[name]

    def _versions_of(self, key: str) -> list[_Version]:
        return [each for name, each in self.versions.items() if name.startswith(f"{key}/cryptoKeyVersions/")]

    def _key(self, name: str) -> Any:
        if name not in self.primary:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"CryptoKey {name} not found.")
        return CryptoKey(name=name, purpose=CryptoKey.ENCRYPT_DECRYPT, primary=self.primary[name].message)

    def _version(self, name: str) -> _Version:
        if name not in self.versions:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"CryptoKeyVersion {name} not found.")
        return self.versions[name]

    @staticmethod
    def _enabled(version: _Version) -> _Version:
        if version.state != CryptoKeyVersion.ENABLED:
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, f"{version.name} is not enabled.")
        return version


def _tag(version: _Version) -> bytes:
    """What a ciphertext says of the version that made it."""
    return hashlib.sha256(version.name.encode()).digest()[:_TAG_BYTES]


def _fits(asked: Any, field: str) -> None:
    """Refuse what is too large, or does not fit the checksums that came with it."""
    for each in (field, "additional_authenticated_data"):
        data = getattr(asked, each)
        if len(data) > _LARGEST:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"{each} is too large.")
        if asked.HasField(f"{each}_crc32c") and getattr(asked, f"{each}_crc32c").value != crc32c(data):
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"{each}_crc32c does not match {data!r}.")
