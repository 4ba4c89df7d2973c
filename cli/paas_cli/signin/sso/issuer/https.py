"""Asking an issuer over https: forms out, JSON documents in, errors in the terms of OAuth 2.0.

Must not follow a redirect: what an issuer says is believed because of whose certificate it comes with. Neither what
was sent nor what came gets into an error, but for the error codes of OAuth (RFC 6749, section 5.2).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from paas_cli import __version__
from paas_cli.errors import Failure
from paas_transport import address, http1
from paas_transport.address import Address

_URL = re.compile(r"(https://[^/?#@\s\\]+)(/[!-\"$-~]*)?")
_CODE = re.compile(r"[a-z0-9_.-]{1,64}")
_SECONDS = 10.0
_MOST = 1024 * 1024


class IssuerError(Exception):
    """An issuer, or a gateway that is asked for it, could not be asked, or did not answer. Its text is for people."""


class Unreachable(IssuerError):
    """Nothing came back, or that it is too busy: to be tried again."""


class Refusal(IssuerError):
    """An error of OAuth 2.0. `code` is one such as `invalid_grant`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Url:
    """An https URL without a fragment."""

    address: Address
    path: str

    def __str__(self) -> str:
        return f"{self.address}{self.path}"


def url(text: object, *, what: str) -> Url:
    """The URL in `text`. Raises IssuerError where it is none, or not https; `what` says whose it is."""
    match = _URL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise IssuerError(f"{what} is not an https:// address")
    try:
        return Url(address.parse(match.group(1), source=what), match.group(2) or "/")
    except address.Unusable:  # its text would be about the gateway's address
        raise IssuerError(f"{what} is not an https:// address") from None


def ask(where: Url, *, ca_file: str | None, form: Mapping[str, str] | None = None) -> dict[str, object]:
    """The JSON document that is answered; `form` is sent where there is one. Raises IssuerError."""
    status, body = exchange(where.address, where.path, ca_file=ca_file, form=form)
    document = parsed(body)
    if status >= 400 and document is not None:
        code = document.get("error")
        if isinstance(code, str) and is_code(code) and status not in (429, 500, 502, 503, 504):
            raise Refusal(code)
    if status in (429, 500, 502, 503, 504):
        raise Unreachable(f"it answers with HTTP status {status}")
    if status in (301, 302, 303, 307, 308):
        raise IssuerError("it leads elsewhere, where nothing is sent")
    if status not in (200, 204):
        raise IssuerError(f"it answers with HTTP status {status}")
    if document is None and body.strip():
        raise IssuerError("its answer is not JSON")
    return document or {}


def exchange(
    where: Address, path: str, *, ca_file: str | None, form: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """Status and body of one request. Raises IssuerError, Unreachable where nothing came back.

    Raises Failure where the environment names a proxy that can't be used.
    """
    headers = {"accept": "application/json", "user-agent": f"paas-cli/{__version__}"}
    try:
        if form is None:
            response = http1.get(where, path, headers=headers, timeout=_SECONDS, ca_file=ca_file)
        else:
            headers["content-type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode()
            response = http1.post(where, path, headers=headers, body=body, timeout=_SECONDS, ca_file=ca_file)
        with response:
            return response.status, _whole(response)
    except http1.Unusable as error:
        raise Failure(str(error)) from None
    except http1.OtherProtocol as error:
        raise IssuerError(f"it {error}") from None
    except http1.NotTrusted as error:
        raise IssuerError(f"it is not who it should be: {error}") from None
    except (http1.NotSent, http1.Broken) as error:
        raise Unreachable(str(error)) from None
    except http1.TimedOut:
        raise Unreachable("no answer in time") from None


def is_code(text: str) -> bool:
    """Whether it has the form of an error code of OAuth, which may be shown."""
    return _CODE.fullmatch(text) is not None


def parsed(body: bytes) -> dict[str, object] | None:
    """The JSON object in `body`, None where it is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _whole(response: http1.Response) -> bytes:
    body = b""
    while part := response.read_some():
        body += part
        if len(body) > _MOST:
            raise IssuerError("its answer is larger than any should be")
    return body
