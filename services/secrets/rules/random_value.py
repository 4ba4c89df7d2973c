"""Fresh values for rotation, from the system's random source."""

import base64
import secrets
import string
from dataclasses import dataclass
from enum import StrEnum

from paaskit.errors import FieldViolation
from paaskit.redact import Plaintext
from paaskit.variables import refuse

DEFAULT_LENGTH = 32
_SHORTEST, _LONGEST = 16, 1024
_ALNUM = string.ascii_letters + string.digits


class RandomFormat(StrEnum):
    """How random bytes are written as text."""

    BASE64 = "base64"
    HEX = "hex"
    ALNUM = "alnum"


@dataclass(frozen=True, kw_only=True)
class RandomValue:
    """An order for a fresh value: bytes of randomness, or characters where the format is alphanumeric."""

    length: int = DEFAULT_LENGTH
    format: RandomFormat = RandomFormat.BASE64


def fresh_value(order: RandomValue) -> Plaintext:
    """Return a fresh value. Raises InvalidInput where its length is out of bounds."""
    if not _SHORTEST <= order.length <= _LONGEST:
        refuse([FieldViolation("random.length", f"a random value has {_SHORTEST} to {_LONGEST} bytes")])
    match order.format:
        case RandomFormat.BASE64:
            return Plaintext(base64.b64encode(secrets.token_bytes(order.length)).decode())
        case RandomFormat.HEX:
            return Plaintext(secrets.token_hex(order.length))
        case RandomFormat.ALNUM:
            return Plaintext("".join(secrets.choice(_ALNUM) for _ in range(order.length)))
