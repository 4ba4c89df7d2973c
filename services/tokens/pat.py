"""The format of a personal access token: `paas_pat_`, 30 random base62 characters, 6 of CRC-32 over what precedes.

The CRC lets a scanner tell a token from look-alikes and lets us refuse a mistyped one without asking the database
(the idea is GitHub's, 2021). It is no protection by itself: that is the 178 random bits. Must not keep a token.
"""

import hashlib
import re
import secrets
import string
import zlib
from typing import Final

PREFIX: Final = "paas_pat_"
_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_LENGTH: Final = 30
_CHECK_LENGTH: Final = 6
_FORMAT: Final = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECK_LENGTH}}}\Z", re.ASCII)


def generate() -> str:
    """Return a new token from the system's random source."""
    body = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return body + checksum(body)


def digest_of(unverified_token: str) -> bytes | None:
    """Return the SHA-256 digest by which a token is stored, or None where it can't be one of ours."""
    if not _FORMAT.match(unverified_token):
        return None
    body, check = unverified_token[:-_CHECK_LENGTH], unverified_token[-_CHECK_LENGTH:]
    if checksum(body) != check:
        return None
    return digest(unverified_token)


def digest(token: str) -> bytes:
    """Return the 32 bytes that are stored of a token. No salt or slow hash: nobody guesses 178 random bits."""
    return hashlib.sha256(token.encode("ascii")).digest()


def checksum(body: str) -> str:
    """Return the CRC-32 (as of zlib) of `body` as six base62 digits, most significant first, padded with zeros."""
    rest = zlib.crc32(body.encode("ascii"))
    digits = ""
    for _ in range(_CHECK_LENGTH):
        rest, digit = divmod(rest, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
