# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH100, PTH103, PTH120
"""Having a file of this user's to oneself while it is read, changed and written. The lock ends with its process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from paas_cli.errors import Failure


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Hold the lock of `path`, a file beside it, once nobody else does. Raises Failure where that can't be made."""
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), mode=0o700, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(f"{path}.lock", flags, 0o600)
    except OSError as error:
        raise Failure(f"{path}.lock can't be written: {(error.strerror or 'unknown reason').lower()}.") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
