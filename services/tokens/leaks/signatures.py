"""Who signed a report: ECDSA on P-256 with SHA-256 over the very bytes that came, before anything is read of them.

Must not touch the database: whoever has no key of the reporter's learns and costs nothing but a wait. A report that is
sent again is the same report, and ends nothing that has not ended; so none is remembered.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from paaskit import metrics
from paaskit.errors import Unauthenticated

NOT_SIGNED: Final = "The report is not signed by anybody whose reports are taken."
"""What is told, whatever is wrong."""
HOLD_SECONDS: Final = 0.5
"""After how long. The gateway lets so few through in a second that those who wait are few as well."""
_IDENTIFIER: Final = re.compile(r"[0-9A-Za-z_-]{1,128}\Z", re.ASCII)
# Two numbers of 32 bytes in DER, in base64.
_LONGEST_SIGNATURE: Final = 128


class Keys(Protocol):
    """The reporter's public keys."""

    async def find(self, key_id: str, /) -> EllipticCurvePublicKey | None:
        """Return the key of this identifier; None where there is none. Raises Unavailable."""


@dataclass(frozen=True, kw_only=True)
class UnverifiedReport:
    """A report as it came, with what its headers say; each header as often as it came."""

    body: bytes
    key_ids: tuple[str, ...]
    signatures: tuple[str, ...]

    def __repr__(self) -> str:
        return f"UnverifiedReport({len(self.body)} bytes)"


class Signatures:
    """Verifies reports."""

    def __init__(self, keys: Keys, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._keys = keys
        self._sleep = sleep

    async def verify(self, report: UnverifiedReport) -> None:
        """Return where the reporter signed this body. Raises Unauthenticated, after a while, and Unavailable."""
        problem = await self._problem(report)
        if problem is not None:
            metrics.LEAK_REPORTS.labels(problem).inc()
            await self._sleep(HOLD_SECONDS)
            raise Unauthenticated(NOT_SIGNED)

    async def _problem(self, report: UnverifiedReport) -> str | None:
        if len(report.key_ids) != 1 or len(report.signatures) != 1 or not _IDENTIFIER.match(report.key_ids[0]):
            return "unsigned"
        key = await self._keys.find(report.key_ids[0])
        if key is None:
            return "unknown_key"
        return None if _is_signed(report.body, report.signatures[0], key) else "wrong_signature"


def _is_signed(body: bytes, signature: str, key: EllipticCurvePublicKey) -> bool:
    if len(signature) > _LONGEST_SIGNATURE:
        return False
    try:
        key.verify(base64.b64decode(signature, validate=True), body, ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
