"""Paging: page tokens that show nothing and are good for nothing but the next page of the same list.

A token is the place where the next page starts, sealed: what a list leaves out for its reader must not be read from the
token, and a place that was never handed out must not be asked for. So nothing that was not sealed here is ever parsed.
"""

import base64
import binascii
import json
import os
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from paaskit.errors import FieldViolation, InvalidInput
from paaskit.settings import SettingsError

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
# Places are padded to a multiple of this, so that a token's length says nothing of the name it may hold.
_PADDED_BYTES: Final = 64
_LONGEST_TOKEN: Final = 2048


def page_size(asked: int, *, default: int, most: int) -> int:
    """Return how many items a page has. Raises InvalidInput for a negative size; more than `most` is `most`."""
    if asked < 0:
        raise InvalidInput("page_size is 0 or more.", fields=[FieldViolation("page_size", "is 0 or more")])
    return min(asked or default, most)


class Pages:
    """Seals and opens page tokens with one key of 32 bytes, the same in all replicas of a service.

    AES-256-GCM under a random nonce of 96 bits, which is good for 2^32 tokens; a new key only has lists begin anew.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, method: str, tenant: str, *place: str | int | bool) -> str:
        """Return the token for the page of `method` that starts after `place`."""
        text = json.dumps(place, separators=(",", ":")).encode()
        padded = text.ljust(-(-len(text) // _PADDED_BYTES) * _PADDED_BYTES)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, padded, _whose(method, tenant))
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, method: str, tenant: str, token: str, *kinds: type[Any]) -> tuple[Any, ...] | None:
        """Return the place a token stands for, whose parts are of `kinds`; None for the first page.

        Raises InvalidInput for a token that was not sealed here for this method and tenant.
        """
        if not token:
            return None
        place = self._unsealed(method, tenant, token)
        # An earlier release of this service may have sealed another kind of place.
        if place is None or [type(part) for part in place] != list(kinds):
            raise InvalidInput(
                "This page token is not one of ours for this list; start again without it.",
                fields=[FieldViolation("page_token", "unknown")],
            )
        return tuple(place)

    def _unsealed(self, method: str, tenant: str, token: str) -> list[Any] | None:
        if len(token) > _LONGEST_TOKEN:
            return None
        try:
            sealed = base64.b64decode(token, altchars=b"-_", validate=True)
            text = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _whose(method, tenant))
        except (ValueError, InvalidTag):
            return None
        place: list[Any] = json.loads(text)
        return place


def load_pages(path: Path) -> Pages:
    """Return the pages of the key in a file: 32 bytes in base64. Raises SettingsError for any other content."""
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise SettingsError(f"PAAS_PAGE_KEY_FILE: the file does not hold {_KEY_BYTES} bytes in base64")
    return Pages(key)


def _whose(method: str, tenant: str) -> bytes:
    """Return what a token is bound to, each part with its length, so that no two pairs read the same."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in (method.encode(), tenant.encode()))
