"""The provider `local`: keys derived from one key file, for one machine. Who reads the file reads everything.

A key that is derived can't be destroyed while the root is there. So destroying one throws the root away: a new one
takes its place, and what was derived for all other names is written down first, to unwrap what it wrapped.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from paaskit.db import refuse_in_transaction
from services.secrets.keys.derivation import derive
from services.secrets.keys.kms.key_file import KEY_BYTES, FileKeys, KeyFile
from services.secrets.keys.kms.protocol import SERVICE, KeyName, KmsKey, Others, UnwrapError, unavailable

_NONCE_BYTES: Final = 12
_VERSION_BYTES: Final = 4

log = structlog.get_logger()


class LocalKeyManagement:
    """See KeyManagement. A key is HKDF-SHA256 of the file's root; wrapping is AES-256-GCM with a random nonce.

    The file is read anew each time, so that what one process destroys is gone for all. Raises SettingsError where it
    is no key file.
    """

    def __init__(self, key_file: Path) -> None:
        self._file = KeyFile(key_file)

    async def wrap(self, name: KeyName, key: bytes, *, context: bytes) -> bytes:
        """See KeyManagement."""
        refuse_in_transaction(SERVICE)
        async with self._file.unchanged():
            keys = self._file.read()
        if key_id(name) in keys.destroyed:
            raise unavailable("KMS_KEY_DESTROYED")
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(_derived(keys.root, name)).encrypt(nonce, key, context)

    async def unwrap(self, name: KeyName, wrapped: bytes, *, context: bytes) -> bytes:
        """See KeyManagement."""
        refuse_in_transaction(SERVICE)
        for wrapping_key in _candidates(self._file.read(), name):
            try:
                return _unwrapped(wrapping_key, wrapped, context)
            except UnwrapError:
                continue
        raise UnwrapError

    async def is_current(self, name: KeyName, wrapped: bytes, *, context: bytes) -> bool:
        """See KeyManagement."""
        refuse_in_transaction(SERVICE)
        keys = self._file.read()
        first, *others = _candidates(keys, name) or [b""]
        for wrapping_key in (first, *others):
            try:
                _unwrapped(wrapping_key, wrapped, context)
            except UnwrapError:
                continue
            return wrapping_key == first
        raise UnwrapError

    async def describe(self, name: KeyName) -> KmsKey:
        """See KeyManagement. A version is known by its root, of which this tells nothing."""
        refuse_in_transaction(SERVICE)
        keys = self._file.read()
        gone = key_id(name) in keys.destroyed
        version = hashlib.sha256(b"paas local kms version\0" + keys.root).digest()[:_VERSION_BYTES].hex()
        return KmsKey(f"local/{key_id(name)}", "" if gone else version)

    async def destroy(self, name: KeyName, *, others: Others) -> datetime | None:
        """See KeyManagement. Raises Unavailable where the key file can't be written."""
        refuse_in_transaction(SERVICE)
        try:
            async with self._file.changing():
                keys = self._file.read()
                if key_id(name) not in keys.destroyed:
                    self._file.write(_without(keys, name, [each for each in await others() if each != name]))
        except OSError:
            log.warning("kms_failed", what="destroy", status="KEY_FILE_NOT_WRITABLE", reason="")
            raise unavailable("KMS_KEY_FILE_NOT_WRITABLE") from None
        return None

    async def close(self) -> None:
        """See KeyManagement. There is nothing to give back."""


def key_id(name: KeyName) -> str:
    """Return what a key is called in the file: another one for each name, and without white space."""
    if name.kind == "tenant":
        return f"tenant-{hashlib.sha224(name.tenant.encode()).hexdigest()}"
    return name.kind


def _candidates(keys: FileKeys, name: KeyName) -> list[bytes]:
    """The keys that may have wrapped something for a name, the one that wraps now first. None once destroyed."""
    if key_id(name) in keys.destroyed:
        return []
    return [_derived(keys.root, name), *_earlier(keys, name)]


def _earlier(keys: FileKeys, name: KeyName) -> Iterator[bytes]:
    yield from (_derived(root, name) for root in keys.former)
    yield from keys.kept.get(key_id(name), ())


def _without(keys: FileKeys, name: KeyName, others: list[KeyName]) -> FileKeys:
    """The same keys for all others, none for `name`, and no root that it could be derived from."""
    kept = {key_id(each): _candidates(keys, each) for each in others}
    rest = {key: each for key, each in keys.kept.items() if key != key_id(name)}
    return replace(
        keys,
        root=os.urandom(KEY_BYTES),
        former=(),
        kept={**rest, **{key: each for key, each in kept.items() if each}},
        destroyed=keys.destroyed | {key_id(name)},
    )


def _unwrapped(wrapping_key: bytes, wrapped: bytes, context: bytes) -> bytes:
    """Raises UnwrapError."""
    try:
        return AESGCM(wrapping_key).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
    except (InvalidTag, ValueError):
        raise UnwrapError from None


def _derived(root: bytes, name: KeyName) -> bytes:
    return derive(root, info=_info(name), length=KEY_BYTES)


def _info(name: KeyName) -> bytes:
    """Say which key is derived. It is final: what was wrapped with one of these keys needs it for ever."""
    if name.kind == "tenant":
        return b"paas local kms v1\0" + name.tenant.encode()
    return b"paas local kms v1 " + name.kind.encode()
