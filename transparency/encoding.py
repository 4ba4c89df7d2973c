"""Numbers and bytes as text, read so that everything has one spelling: another one is no such text.

Two spellings of a size or a hash would be two checkpoints that one reader takes for the same and another does not.
"""

import base64
import binascii
import re
from typing import Final

from transparency.failures import Malformed

HASH_SIZE: Final = 32
LARGEST: Final = 2**63 - 1
"""The largest size, index or time (tlog-cosignature, "Format"; more than 63 hashes are in no proof)."""
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")


def decimal(text: str, *, largest: int = LARGEST) -> int:
    """Return a number of ASCII digits without leading zeros (tlog-checkpoint, "Note text"). Raises Malformed."""
    if not _DECIMAL.fullmatch(text) or int(text) > largest:
        raise Malformed("a number is not in decimal, has leading zeros or is too large")
    return int(text)


def base64_of(content: bytes) -> str:
    """Return standard base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(content).decode("ascii")


def from_base64(text: str) -> bytes:
    """Return the bytes of standard base64 in its one spelling (RFC 4648, sections 3.5 and 4). Raises Malformed."""
    try:
        content = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("text is not base64") from None
    if base64_of(content) != text:
        raise Malformed("base64 has bits set that stand for nothing")
    return content


def hash_from_base64(text: str) -> bytes:
    """Return a SHA-256 from base64. Raises Malformed."""
    content = from_base64(text)
    if len(content) != HASH_SIZE:
        raise Malformed("a hash does not have 32 bytes")
    return content
