"""Keyrings for the package `keyring`, which loads the one that PYTHON_KEYRING_BACKEND names.

`FileKeyring` keeps what it is given in the folder FAKE_KEYRING, so that several processes share it; the others are
broken, each in its way.
"""

import os
from hashlib import sha256
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class FileKeyring(KeyringBackend):
    """One that works, and that the package recommends."""

    priority = 5

    def get_password(self, service: str, username: str) -> str | None:
        """What was kept, None where nothing was."""
        file = _file(service, username)
        return file.read_text() if file.exists() else None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        _file(service, username).write_text(password)

    def delete_password(self, service: str, username: str) -> None:
        """Forget it. Raises PasswordDeleteError where there is nothing to forget."""
        try:
            _file(service, username).unlink()
        except FileNotFoundError:
            raise PasswordDeleteError from None


class LockedKeyring(FileKeyring):
    """One that nobody unlocks."""

    def get_password(self, service: str, username: str) -> str | None:
        """Raises KeyringLocked."""
        raise KeyringLocked

    def set_password(self, service: str, username: str, password: str) -> None:
        """Raises KeyringLocked."""
        raise KeyringLocked


class ForgetfulKeyring(FileKeyring):
    """One that takes everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Do nothing."""


class PlainKeyring(FileKeyring):
    """One that the package does not recommend, as those that keep things in a plain file."""

    priority = 0.5  # type: ignore[assignment]  # as above


def _file(service: str, username: str) -> Path:
    return Path(os.environ["FAKE_KEYRING"]) / sha256(f"{service} {username}".encode()).hexdigest()
