"""Sending over HTTPS to an address that an operator named: one request, bounded in time and bytes, and no redirects.

Must not log an address or an answer, nor pass either on: only whether it was taken, and why not in a word.
"""

import asyncio
import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from paaskit.clock import Clock
from paaskit.db import refuse_in_transaction
from paaskit.settings import SettingsError
from services.audit.sinks.sink import REFUSED, TOO_LARGE, Undelivered

PATIENCE_SECONDS: Final = 15.0
_MOST_BYTES: Final = 64 * 1024
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_REASONS: Final = {401: "not_allowed", 403: "not_allowed", 407: "not_allowed", 413: TOO_LARGE, 429: "busy", 503: "busy"}


def checked_url(url: str, name: str) -> str:
    """Return `url`, the value of the variable `name`. Raises SettingsError unless it is https, or on this machine.

    A credential does not belong into an address, which shows in process lists: neither a user nor a query.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise SettingsError(f"{name} is no address.") from None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)):
        raise SettingsError(f"{name} has to begin with https://; http:// is for this machine's own addresses alone.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise SettingsError(f"{name} has to be an address without a user, a password, a query or a fragment.")
    return url


def open_client(ca_file: Path | None, name: str) -> httpx.AsyncClient:
    """Return what sends, trusting a CA's file, the value of the variable `name`, or without one the system's.

    Nothing of the environment counts. Raises SettingsError where the file holds no certificate.
    """
    try:
        trusted = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (ssl.SSLError, OSError):
        raise SettingsError(f"{name} holds no certificate in PEM.") from None
    return httpx.AsyncClient(verify=trusted, timeout=PATIENCE_SECONDS, trust_env=False, follow_redirects=False)


class Receiver:
    """Whoever takes what is sent to one address."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, *, clock: Clock, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._client = client
        self._url = url
        self._clock = clock
        self._patience = patience_seconds

    async def post(self, content: bytes, headers: Mapping[str, str]) -> bytes:
        """Send it; return the answer's body, which may be cut, once it was taken. Raises Undelivered."""
        refuse_in_transaction("a sink")
        try:
            async with (
                asyncio.timeout(self._patience),
                self._client.stream("POST", self._url, content=content, headers=dict(headers)) as answer,
            ):
                body = await _limited(answer)
        except (TimeoutError, httpx.TimeoutException):
            raise Undelivered("timeout") from None
        except httpx.HTTPError as error:
            raise Undelivered("certificate" if _is_certificate(error) else "away") from None
        if not answer.is_success:
            asked = self._asked(answer.headers.get("retry-after", ""))
            raise Undelivered(_reason(answer.status_code), status=answer.status_code, retry_after=asked)
        return body

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    def _asked(self, text: str) -> float:
        """Return the seconds that an answer asks to wait (RFC 9110, section 10.2.3); 0 where it says none."""
        if text.isascii() and text.isdigit() and len(text) < 10:
            return float(text)
        try:
            return max((parsedate_to_datetime(text) - self._clock()).total_seconds(), 0.0)
        except (ValueError, TypeError, OverflowError):
            return 0.0


def _reason(status: int) -> str:
    if status in _REASONS:
        return _REASONS[status]
    match status // 100:
        case 3:
            return "redirected"
        case 4:
            return REFUSED
        case _:
            return "failing"


def _is_certificate(error: BaseException | None) -> bool:
    """Whether it was the other side's certificate."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


async def _limited(answer: httpx.Response) -> bytes:
    received = b""
    async for chunk in answer.aiter_bytes():
        received += chunk
        if len(received) > _MOST_BYTES:
            break
    return received
