"""A profile of Chromium in which somebody had their password kept, as its own manager of passwords keeps it.

On a Linux without a keyring the manager seals with a key that is in its source (`components/os_crypt`,
`key_storage_linux`): it is no secret, and all that is sealed with it here is made up.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

_BLOCK: Final = 16
# Microseconds since 1601: any day of the past will do.
_LONG_AGO: Final = 13_300_000_000_000_000


@dataclass(frozen=True)
class Login:
    """What was kept: for which site, and what it fills in there."""

    origin: str
    name: str
    password: str


def keep(profile: Path, login: Login) -> None:
    """Put a login into a profile that a browser has made and left. Raises sqlite3.Error where it is none."""
    with sqlite3.connect(profile / "Default" / "Login Data") as database:
        columns = database.execute("SELECT name, type FROM pragma_table_info('logins') WHERE name <> 'id'").fetchall()
        row: dict[str, object] = {name: _nothing(kind) for name, kind in columns}
        row |= {
            "origin_url": f"{login.origin}/",
            "signon_realm": f"{login.origin}/",
            "username_element": "username",
            "username_value": login.name,
            "password_element": "password",
            "password_value": _sealed(login.password.encode()),
            "times_used": 1,
            **dict.fromkeys(("date_created", "date_last_used", "date_password_modified"), _LONG_AGO),
        }
        names, places = ", ".join(row), ", ".join("?" * len(row))
        database.execute(f"INSERT INTO logins ({names}) VALUES ({places})", list(row.values()))  # noqa: S608  # its own


def _nothing(kind: str) -> object:
    return {"INTEGER": 0, "INTEGER NOT NULL": 0, "BLOB": b""}.get(kind, "")


def _sealed(text: bytes) -> bytes:
    key = PBKDF2HMAC(hashes.SHA1(), 16, b"saltysalt", 1).derive(b"peanuts")  # noqa: S303  # as Chromium does
    sealer = Cipher(algorithms.AES(key), modes.CBC(b" " * _BLOCK)).encryptor()
    left = _BLOCK - len(text) % _BLOCK
    return b"v10" + sealer.update(text + bytes([left]) * left) + sealer.finalize()
