"""Signing in on a machine without a browser of its own: the device authorization grant (RFC 8628).

With PKCE, which Keycloak wants here too of a client that has to use it. Others pass over what they don't know.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from paas_cli.signin.sso.flows import pkce
from paas_cli.signin.sso.issuer import grant, https
from paas_cli.signin.sso.issuer.grant import Grant
from paas_cli.signin.sso.issuer.https import IssuerError, Refusal, Unreachable, Url

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_INTERVAL = 5  # where it is not told (section 3.2)
_SLOWER = 5  # added at each `slow_down` (section 3.5)
_SLOWEST = 60
_MOST_SECONDS = 3600


@dataclass(frozen=True)
class Waiting:
    """A sign-in that waits for somebody with a browser: `user_code` is typed at `where`; `complete` has it already."""

    device_code: str = field(repr=False)
    verifier: str = field(repr=False)
    user_code: str
    where: str
    complete: str | None
    interval: int
    seconds: int


def begin(endpoint: Url, *, client_id: str, scopes: str, ca_file: str | None) -> Waiting:
    """Ask for a code. Raises IssuerError."""
    verifier = pkce.new_verifier()
    form = {
        "client_id": client_id,
        "scope": scopes,
        "code_challenge": pkce.challenge(verifier),
        "code_challenge_method": pkce.METHOD,
    }
    answer = https.ask(endpoint, ca_file=ca_file, form=form)
    device_code, user_code = answer.get("device_code"), answer.get("user_code")
    if not isinstance(device_code, str) or not isinstance(user_code, str) or not device_code or not user_code:
        raise IssuerError("it answers without a code")
    complete = answer.get("verification_uri_complete")
    return Waiting(
        device_code=device_code,
        verifier=verifier,
        user_code=user_code,
        where=str(https.url(answer.get("verification_uri"), what="its verification_uri")),
        complete=None if complete is None else str(https.url(complete, what="its verification_uri_complete")),
        interval=_number(answer.get("interval"), most=_SLOWEST) or _INTERVAL,
        seconds=_number(answer.get("expires_in"), most=_MOST_SECONDS) or 600,
    )


def wait(
    waiting: Waiting, endpoint: Url, *, client_id: str, ca_file: str | None, sleep: Callable[[float], None]
) -> Grant:
    """Ask until somebody has agreed, no more often than the issuer wants.

    Raises Refusal with `access_denied` or `expired_token`, and IssuerError. Trouble with the network ends nothing.
    """
    form = {
        "grant_type": _GRANT,
        "client_id": client_id,
        "device_code": waiting.device_code,
        "code_verifier": waiting.verifier,
    }
    interval = waiting.interval
    end = time.monotonic() + waiting.seconds
    pause = interval
    while time.monotonic() < end:
        sleep(pause)
        try:
            return grant.read(https.ask(endpoint, ca_file=ca_file, form=form))
        except Refusal as refusal:
            if refusal.code == "slow_down":
                interval = min(interval + _SLOWER, _SLOWEST)
            elif refusal.code != "authorization_pending":
                raise
            pause = interval
        except Unreachable:
            pause = min(2 * pause, _SLOWEST)  # section 3.5: less often after each
    raise Refusal("expired_token")


def _number(value: object, *, most: int) -> int | None:
    return min(value, most) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
