"""GitHub Actions: a job asks for its token, for the audience it wants (docs.github.com, "OpenID Connect").

The address and the bearer that it asks with are in the environment of a job with the permission `id-token: write`. Over
https alone, within seconds, and what comes is read no further than a token goes.
"""

import json
import re
from collections.abc import Mapping

from paas_cli import __version__
from paas_cli.errors import UNAVAILABLE, Failure
from paas_cli.signin import gateway_address
from paas_transport import http1
from paas_transport.address import Address

_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
_BEARER = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
_FORM = re.compile(r"(https?://[^/?#@\s\\]+)(/[!-\"$-~]*)")
_COULD_BE_A_BEARER = re.compile(r"[!-~]{1,16384}")
_SECONDS = 10.0
_MOST = 64 * 1024


def is_here(environ: Mapping[str, str]) -> bool:
    """Whether this is a job of GitHub Actions."""
    return environ.get("GITHUB_ACTIONS") == "true"


def token(environ: Mapping[str, str], *, audience: str) -> str:
    """The job's token for `audience`. Raises Failure, which says nothing of what came."""
    where, bearer = environ.get(_URL, ""), environ.get(_BEARER, "")
    if not where or not bearer:
        raise Failure("This job may not ask for a token: give it `permissions: id-token: write` in the workflow.")
    match = _FORM.fullmatch(where)
    if match is None or _COULD_BE_A_BEARER.fullmatch(bearer) is None:
        raise Failure(f"{_URL} and {_BEARER} are not what GitHub Actions sets; leave them as they are.")
    to = gateway_address.parse(match.group(1), source=_URL)
    asked = f"{match.group(2)}{'&' if '?' in match.group(2) else '?'}audience={_quoted(audience)}"
    return _value(_ask(to, asked, bearer))


def _ask(to: Address, path: str, bearer: str) -> bytes:
    headers = {
        "accept": "application/json",
        "authorization": f"Bearer {bearer}",
        "user-agent": f"paas-cli/{__version__}",
    }
    try:
        with http1.get(to, path, headers=headers, timeout=_SECONDS) as response:
            if response.status != 200:
                raise Failure(
                    f"GitHub gave this job no token (HTTP status {response.status}); run the job again.",
                    exit_code=UNAVAILABLE,
                )
            body = b""
            while part := response.read_some():
                body += part
                if len(body) > _MOST:
                    raise Failure("What GitHub answered is larger than any token is.")
            return body
    except http1.Unusable as error:
        raise Failure(str(error)) from None
    except (http1.NotSent, http1.Broken, http1.TimedOut):
        raise Failure(f"GitHub can't be asked for a token at {to}; run the job again.", exit_code=UNAVAILABLE) from None


def _value(body: bytes) -> str:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    value = document.get("value") if isinstance(document, dict) else None
    if not isinstance(value, str):
        raise Failure("What GitHub answered is no token.")
    return value


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
