"""What a program does at the token endpoint: exchange, refresh, sign out (RFC 6749, OpenID Connect)."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.server.realm import TEST
from tests.keycloak.web import Answer


class Refused(AssertionError):
    """The endpoint gave no tokens; the error's code (RFC 6749, section 5.2)."""


@dataclass(frozen=True)
class Tokens:
    """What a sign-in gives. Not shown where a test fails."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False, default=None)
    identity: str | None = field(repr=False, default=None)
    lifetime: int = 0


def tokens_of(answer: Answer) -> Tokens:
    """The tokens in an answer. Raises Refused where it is an error."""
    if answer.error is not None:
        raise Refused(answer.error)
    found = answer.document
    return Tokens(found["access_token"], found.get("refresh_token"), found.get("id_token"), found["expires_in"])


def header_of(token: str) -> dict[str, Any]:
    """A token's header, not verified."""
    return _part(token, 0)


def unverified_claims(token: str) -> dict[str, Any]:
    """A token's claims, not verified."""
    return _part(token, 1)


def with_password(keycloak: Keycloak, name: str, password: str | None = None, *, client: str = TEST) -> Tokens:
    """Tokens at once, for tests that are not about signing in. Raises Refused."""
    known = keycloak.password(name) if password is None else password
    fields = {"grant_type": "password", "client_id": client, "username": name, "password": known, "scope": "openid"}
    return tokens_of(keycloak.web.post(keycloak.token_url, fields))


def refresh(keycloak: Keycloak, tokens: Tokens, *, client: str = TEST, secret: str | None = None) -> Tokens:
    """Newer tokens for a session. Raises Refused where it has ended."""
    assert tokens.refresh is not None
    fields = {"grant_type": "refresh_token", "client_id": client, "refresh_token": tokens.refresh}
    return tokens_of(keycloak.web.post(keycloak.token_url, fields | _proof(secret)))


def sign_out(keycloak: Keycloak, tokens: Tokens, *, client: str = TEST, secret: str | None = None) -> None:
    """End a session, as a program does when its user signs out of it."""
    assert tokens.refresh is not None
    fields = {"client_id": client, "refresh_token": tokens.refresh}
    answer = keycloak.web.post(f"{keycloak.issuer}/protocol/openid-connect/logout", fields | _proof(secret))
    assert answer.status == 204, f"signing out was refused: {answer.status}"


def for_client(keycloak: Keycloak, client: str, secret: str) -> Tokens:
    """A program's own token (client credentials). Raises Refused."""
    fields = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    return tokens_of(keycloak.web.post(keycloak.token_url, fields))


def _proof(secret: str | None) -> dict[str, str]:
    return {} if secret is None else {"client_secret": secret}


def _part(token: str, index: int) -> dict[str, Any]:
    part = token.split(".")[index]
    document = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert isinstance(document, dict)
    return document
