"""The key file of the provider `local`: what it holds, and how it changes while several processes use it.

    kO3T…=                              the root that keys are derived from now: 32 bytes, base64
    former 9xQb…=                       a root of before, from which keys are derived to unwrap with and nothing else
    kept tenant-0f3a… 4uGh…=            the key of one name, from when the root it came of was thrown away
    destroyed tenant-77c1…              a name that has no key any more, and gets none

A file with a root and nothing else is what there is at first. The file is replaced as a whole, so whoever reads sees
one state of it; who changes it, and who wraps, takes turns by a lock on a file beside it.
"""

import asyncio
import base64
import binascii
import fcntl
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from paaskit.settings import SettingsError

KEY_BYTES: Final = 32
_ASK_AGAIN_SECONDS: Final = 0.01


@dataclass(frozen=True)
class FileKeys:
    """What a key file holds. Its repr hides it. `kept` has the former keys of a name, `destroyed` names without any."""

    root: bytes = field(repr=False)
    former: Sequence[bytes] = field(default=(), repr=False)
    kept: Mapping[str, Sequence[bytes]] = field(default_factory=dict, repr=False)
    destroyed: frozenset[str] = frozenset()


class KeyFile:
    """A key file. Raises SettingsError where it is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.read()

    def read(self) -> FileKeys:
        """Return what the file holds now."""
        try:
            first, *rest = self._path.read_text(encoding="utf-8").strip().splitlines() or [""]
            root, former, kept, destroyed = _key(first), [], dict[str, list[bytes]](), set[str]()
            for line in rest:
                match line.split():
                    case ["former", key]:
                        former.append(_key(key))
                    case ["kept", name, key]:
                        kept.setdefault(name, []).append(_key(key))
                    case ["destroyed", name]:
                        destroyed.add(name)
                    case _:
                        raise SettingsError(f"PAAS_KMS_KEY_FILE: {self._path} has a line that is none of a key file's.")
        except (OSError, binascii.Error, UnicodeDecodeError):
            raise SettingsError(f"PAAS_KMS_KEY_FILE: {self._path} cannot be read as base64.") from None
        if any(len(key) != KEY_BYTES for key in (root, *former, *(key for keys in kept.values() for key in keys))):
            raise SettingsError(f"PAAS_KMS_KEY_FILE: {self._path} does not hold {KEY_BYTES} bytes.")
        return FileKeys(root, former, kept, frozenset(destroyed))

    def write(self, keys: FileKeys) -> None:
        """Replace what the file holds, within `changing`. Raises OSError where it can't be written."""
        lines = [
            _text(keys.root),
            *(f"former {_text(key)}" for key in keys.former),
            *(f"kept {name} {_text(key)}" for name, each in sorted(keys.kept.items()) for key in each),
            *(f"destroyed {name}" for name in sorted(keys.destroyed)),
        ]
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[None]:
        """Be the only one of all processes who changes the file. Raises OSError where its folder can't be written."""
        lock = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while not _locked(lock, fcntl.LOCK_EX):
                await asyncio.sleep(_ASK_AGAIN_SECONDS)
            yield
        finally:
            os.close(lock)

    @asynccontextmanager
    async def unchanged(self) -> AsyncIterator[None]:
        """Have the file stay as it is. One in a folder that can't be written does by itself."""
        try:
            lock = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            yield
            return
        try:
            while not _locked(lock, fcntl.LOCK_SH):
                await asyncio.sleep(_ASK_AGAIN_SECONDS)
            yield
        finally:
            os.close(lock)


def _locked(lock: int, how: int) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _key(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()
