"""The system's keyring, where there is one: GNOME's or KDE's over D-Bus, macOS's, Windows'.

The package `keyring` is an extra of this program and slow to import, so it is asked for only when a refresh token is
written, read or forgotten. Whatever goes wrong with it is as if there were none.
"""

from contextlib import suppress
from typing import Any

_SERVICE = "paas-cli"


def put(file: str, refresh_token: str) -> bool:
    """Keep the refresh token of the sign-in in `file`; whether that was possible."""
    ring = _ring()
    if ring is None:
        return False
    try:
        ring.set_password(_SERVICE, file, refresh_token)
        return bool(ring.get_password(_SERVICE, file) == refresh_token)  # some accept what they don't keep
    except Exception:
        return False


def get(file: str) -> str | None:
    """The refresh token of the sign-in in `file`, None where it can't be had."""
    ring = _ring()
    try:
        token = ring.get_password(_SERVICE, file) if ring is not None else None
    except Exception:
        return None
    return token if isinstance(token, str) and token else None


def forget(file: str) -> None:
    """Keep it no longer."""
    ring = _ring()
    with suppress(Exception):
        if ring is not None:
            ring.delete_password(_SERVICE, file)


def _ring() -> Any:
    """The keyring; None where there is none, or one that keeps things in a plain file."""
    try:
        import keyring
        from keyring.core import recommended

        ring = keyring.get_keyring()
        return ring if recommended(ring) else None
    except Exception:
        return None
