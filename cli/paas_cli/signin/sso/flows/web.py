"""Signing in with a browser on this machine: the code flow with PKCE (RFC 6749, section 4.1; RFC 7636; RFC 8252)."""

import secrets
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from paas_cli.signin.sso.flows import pkce
from paas_cli.signin.sso.flows.loopback import Loopback
from paas_cli.signin.sso.issuer import grant, https
from paas_cli.signin.sso.issuer.grant import Grant
from paas_cli.signin.sso.issuer.https import IssuerError, Refusal, Url
from paas_cli.signin.sso.issuer.metadata import Metadata

# How long somebody may take to sign in, in seconds.
PATIENCE = 300.0


def sign_in(
    issuer: Metadata,
    authorization: Url,
    *,
    client_id: str,
    scopes: str,
    ca_file: str | None,
    show: Callable[[str], None],
    patience: float = PATIENCE,
) -> Grant:
    """`show` is given the address to open. Raises Refusal (`expired_token` where nobody came), and IssuerError."""
    verifier = pkce.new_verifier()
    state = secrets.token_urlsafe(24)
    with Loopback(state=state) as loopback:
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": loopback.redirect_uri,
            "scope": scopes,
            "state": state,
            "code_challenge": pkce.challenge(verifier),
            "code_challenge_method": pkce.METHOD,
        }
        show(f"{authorization}{'&' if '?' in authorization.path else '?'}{urlencode(query)}")
        answer = loopback.wait(patience)
        if answer is None:
            raise Refusal("expired_token")
        code = _code(answer, issuer)
        form = {
            "grant_type": "authorization_code",
            "client_id": client_id,
            "code": code,
            "redirect_uri": loopback.redirect_uri,
            "code_verifier": verifier,
        }
        return grant.read(https.ask(issuer.token, ca_file=ca_file, form=form))


def _code(answer: Mapping[str, str], issuer: Metadata) -> str:
    """The code in an answer of this issuer's and of no other (RFC 9207, section 2.4). Raises IssuerError."""
    stated = answer.get("iss")
    if stated != issuer.issuer and (stated is not None or issuer.states_itself):
        raise IssuerError("the answer that the browser brought is another issuer's")
    if "error" in answer:
        raise Refusal(answer["error"] if https.is_code(answer["error"]) else "invalid_request")
    return answer["code"]
