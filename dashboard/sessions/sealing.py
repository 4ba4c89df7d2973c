"""Sealing what is kept for a browser with what only that browser has.

The cookie is 32 random bytes. Of these come the name of a row, which is a digest, and the key that its content is
sealed with. So the database holds neither a session that anybody could take up nor a token that anybody could use, and
what is in one row does not open as another.
"""

import base64
import hashlib
import hmac
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
_MARK: Final = b"paas dashboard, mark\0"
_KEY: Final = b"paas dashboard, key of a row"
_FORM: Final = b"paas dashboard, forms"


def mark_of(sealed: bytes) -> bytes:
    """What whoever changes something sealed puts a mark with, so that nobody else changes the same."""
    return hashlib.sha256(_MARK + sealed).digest()


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
        content = _decoded(text)
        return None if content is None or len(content) != _BYTES else cls(content)

    def text(self) -> str:
        """What goes into the cookie or the link."""
        return _encoded(self._content)

    def row(self) -> bytes:
        """The name of its row: a digest, from which it can't be told."""
        return hashlib.sha256(_NAME + self._content).digest()

    def form_token(self) -> str:
        """What its own forms carry and no other site can know.

        It looks different each time: pages are compressed, and from how long they are nobody is to tell what is in them
        (BREACH, CVE-2013-3587).
        """
        mask = secrets.token_bytes(_BYTES)
        return _encoded(mask + _masked(self._derived(_FORM), mask))

    def is_form_token(self, text: str) -> bool:
        """Whether a form that carries this is its own."""
        given = _decoded(text)
        if given is None or len(given) != 2 * _BYTES:
            return False
        return hmac.compare_digest(_masked(given[_BYTES:], given[:_BYTES]), self._derived(_FORM))

    def derived_text(self, purpose: str) -> str:
        """A text for one purpose, 43 characters, which tells nothing of those for others."""
        return _encoded(self._derived(f"paas dashboard, {purpose}".encode()))

    def seal(self, content: dict[str, Any], *, place: str = "") -> bytes:
        """Seal what JSON can hold, for its own row; `place` says which, where there are several."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._derived(_KEY)).encrypt(nonce, json.dumps(content).encode(), self._bound(place))

    def open(self, sealed: bytes, *, place: str = "") -> dict[str, Any] | None:
        """What was sealed, or None where it was not sealed with this, or for another place."""
        try:
            text = AESGCM(self._derived(_KEY)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self._bound(place))
        except (InvalidTag, ValueError):
            return None
        opened: dict[str, Any] = json.loads(text)
        return opened

    def _bound(self, place: str) -> bytes:
        """What is checked beside the content: whoever writes the database can't put it elsewhere."""
        return self.row() + place.encode()

    def _derived(self, purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=purpose).derive(self._content)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(text: str) -> bytes | None:
    """What `_encoded` gave. One spelling each: the last character may have bits to spare."""
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    return content if _encoded(content) == text else None


def _masked(content: bytes, mask: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(content, mask, strict=True))
