"""Signing in with a browser that comes back with a code (RFC 6749, section 4.1), as RFC 8252 has it for programs."""

import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.sign_in.grants import Refused, Tokens, tokens_of
from tests.keycloak.sign_in.pkce import Proof


@dataclass(frozen=True)
class CodeSignIn:
    """One that a program has begun: where it sends the browser, and how it gets the tokens afterwards."""

    keycloak: Keycloak
    client: str
    redirect_uri: str
    secret: str | None = field(default=None, repr=False)
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    proof: Proof = field(default_factory=Proof, repr=False)

    def page(self, *, proven: bool = True) -> str:
        """Where the browser is sent; not `proven`, without the challenge that has to be there."""
        fields = {
            "client_id": self.client,
            "response_type": "code",
            "scope": "openid",
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "nonce": self.nonce,
            **(self.proof.asked_with if proven else {}),
        }
        return f"{self.keycloak.issuer}/protocol/openid-connect/auth?{urlencode(fields)}"

    def code_in(self, came_back_to: str) -> str:
        """The code in the address that the browser came back to. Raises Refused where there is an error instead."""
        assert came_back_to.startswith(f"{self.redirect_uri}?"), "it came back to somewhere else"
        found = parse_qs(urlsplit(came_back_to).query)
        assert found["state"] == [self.state]
        assert found["iss"] == [self.keycloak.issuer]  # RFC 9207
        if "error" in found:
            raise Refused(found["error"][0])
        return found["code"][0]

    def redeem(self, code: str, *, proof: Proof | None = None) -> Tokens:
        """The tokens for a code. Raises Refused."""
        fields = {
            "grant_type": "authorization_code",
            "client_id": self.client,
            "redirect_uri": self.redirect_uri,
            "code": code,
            **(proof or self.proof).redeemed_with,
            **({} if self.secret is None else {"client_secret": self.secret}),
        }
        return tokens_of(self.keycloak.web.post(self.keycloak.token_url, fields))
