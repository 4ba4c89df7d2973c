"""Verifying a token with the realm's public keys, as anybody may: an independent reader of what Keycloak signs."""

from typing import Any, Final

import jwt

from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.server.realm import AUDIENCE

ALGORITHM: Final = "RS256"


def public_keys(keycloak: Keycloak) -> dict[str, jwt.PyJWK]:
    """The realm's keys that verify signatures, by `kid`; one that encrypts is among them in the document."""
    listed = keycloak.web.get(keycloak.jwks_url).document["keys"]
    return {each["kid"]: jwt.PyJWK(each) for each in listed if each["use"] == "sig"}


def verified_claims(keycloak: Keycloak, token: str, *, audience: str = AUDIENCE) -> dict[str, Any]:
    """The claims of a token that the realm signed for `audience`. Raises jwt.InvalidTokenError, or KeyError."""
    key = public_keys(keycloak)[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        audience=audience,
        issuer=keycloak.issuer,
        options={"require": ["exp", "iat", "iss", "aud", "sub"]},
    )
    return claims
