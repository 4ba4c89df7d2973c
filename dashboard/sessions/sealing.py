"""Sealing what is kept for a browser with what only that browser has.

The cookie is 32 random bytes. Of these come the name of a row, which is a digest, and the key that its content is
sealed with. So the database holds neither a session that anybody could take up nor a token that anybody could use, and
what is in one row does not open as another.
"""

import base64
import hashlib
import json
import secrets
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_NAME: Final = b"paas dashboard, name of a row\0"
_KEY: Final = b"paas dashboard, key of a row"
_FORM: Final = "forms"


class Secret:
    """What a browser, or a link, has and nobody else. Its text is never shown by accident."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __repr__(self) -> str:
        return "Secret(…)"

    @classmethod
    def new(cls) -> "Secret":
        """One that nobody has yet."""
        return cls(secrets.token_bytes(_BYTES))

    @classmethod
    def parse(cls, text: str) -> "Secret | None":
        """The one that `text` gave, or None where that is none."""
        try:
            content = base64.b64decode(text + "=", altchars=b"-_", validate=True)
        except ValueError:
            return None
        # One spelling: the last character has bits to spare.
        found = cls(content)
        return found if len(content) == _BYTES and found.text() == text else None

    def text(self) -> str:
        """What goes into the cookie or the link."""
        return base64.urlsafe_b64encode(self._content).decode().rstrip("=")

    def row(self) -> bytes:
        """The name of its row: a digest, from which it can't be told."""
        return hashlib.sha256(_NAME + self._content).digest()

    def form_token(self) -> str:
        """What its own forms carry and no other site can know."""
        return self.derived_text(_FORM)

    def derived_text(self, purpose: str) -> str:
        """A text for one purpose, 43 characters, which tells nothing of those for others."""
        return base64.urlsafe_b64encode(self._derived(f"paas dashboard, {purpose}".encode())).decode().rstrip("=")

    def seal(self, content: dict[str, Any]) -> bytes:
        """Seal what JSON can hold."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._derived(_KEY)).encrypt(nonce, json.dumps(content).encode(), self.row())

    def open(self, sealed: bytes) -> dict[str, Any] | None:
        """What was sealed, or None where it was not sealed with this."""
        try:
            text = AESGCM(self._derived(_KEY)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self.row())
        except (InvalidTag, ValueError):
            return None
        opened: dict[str, Any] = json.loads(text)
        return opened

    def _derived(self, purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=purpose).derive(self._content)
