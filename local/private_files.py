"""Files and folders that only their owner may read, written whole or not at all."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def private_folder(path: Path) -> Path:
    """Makes `path` (and its parents) if need be and closes it to everybody else: mode 0700."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_private(path: Path, content: bytes) -> None:
    """Replaces `path` with a file of mode 0600. A reader sees the old content or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            # A key lost to a crash would take the data that it seals with it.
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def keep_private(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of `path`; where there is no such file, `make()` is written to it first."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = make()
        write_private(path, content)
    return content
