"""What an access token of the realm really holds, which is what `tokens` verifies and `docs/sso.md` says.

Tokens come from a client that takes passwords; those from the pages are in test_device_flow and test_code_flow.
"""

from datetime import timedelta

import pytest

from tests.fixtures.waiting import PATIENCE
from tests.keycloak.conftest import Welcome
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.server.realm import AUDIENCE, DIRECTORY, PEOPLE, TEST, Person
from tests.keycloak.sign_in.grants import for_client, header_of, unverified_claims, with_password
from tests.keycloak.verification import public_keys, verified_claims

LIFETIME = 300


def test_it_holds_what_is_documented_and_nothing_else(keycloak: Keycloak) -> None:
    tokens = with_password(keycloak, "ann")
    claims = verified_claims(keycloak, tokens.access)
    header = header_of(tokens.access)
    assert header == {"alg": "RS256", "typ": "JWT", "kid": header["kid"]}
    assert claims == {
        "iss": keycloak.issuer,
        "aud": AUDIENCE,
        "azp": TEST,
        "typ": "Bearer",
        "sub": keycloak.admin.user_id("ann"),
        "sid": claims["sid"],
        "jti": claims["jti"],
        "iat": claims["iat"],
        "exp": claims["iat"] + LIFETIME,
        "scope": "openid",
        "preferred_username": "ann",
        "tenant": "acme",
        "roles": ["admin"],
    }
    assert claims["sid"]
    assert claims["jti"]
    # What is left of it when the answer is made.
    assert LIFETIME - PATIENCE <= tokens.lifetime <= LIFETIME


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_it_says_tenant_and_roles_of_whoever_has_them(keycloak: Keycloak, person: Person) -> None:
    claims = verified_claims(keycloak, with_password(keycloak, person.name).access)
    assert claims.get("tenant") == person.tenant
    assert set(claims.get("roles", [])) == set(person.roles)
    # Whoever has none has no claim, rather than an empty one.
    assert ("tenant" in claims, "roles" in claims) == (person.tenant is not None, bool(person.roles))


def test_it_alone_is_for_us(keycloak: Keycloak) -> None:
    """An ID token has the same signature, and says that it is for the client and what it is."""
    tokens = with_password(keycloak, "bob")
    assert tokens.identity is not None
    assert tokens.refresh is not None
    identity = verified_claims(keycloak, tokens.identity, audience=TEST)
    assert (identity["aud"], identity["typ"]) == (TEST, "ID")
    assert header_of(tokens.identity)["kid"] == header_of(tokens.access)["kid"]
    # A refresh token is for Keycloak, which has the key to itself.
    assert header_of(tokens.refresh)["alg"] == "HS512"
    assert header_of(tokens.refresh)["kid"] not in public_keys(keycloak)
    assert unverified_claims(tokens.refresh)["typ"] == "Refresh"


def test_a_programs_own_token_is_not_for_us(keycloak: Keycloak) -> None:
    claims = unverified_claims(for_client(keycloak, DIRECTORY, keycloak.secret(DIRECTORY)).access)
    assert claims["azp"] == DIRECTORY
    assert not {"aud", "tenant", "roles"} & claims.keys()


def test_it_lasts_as_long_as_the_realm_says(keycloak: Keycloak) -> None:
    keycloak.admin.set_access_token_lifetime(timedelta(seconds=60))
    try:
        claims = unverified_claims(with_password(keycloak, "cyd").access)
    finally:
        keycloak.admin.set_access_token_lifetime(timedelta(seconds=LIFETIME))
    assert claims["exp"] - claims["iat"] == 60


def test_one_session_has_one_id(keycloak: Keycloak, welcome: Welcome) -> None:
    person = welcome("viewer")
    first, second = (with_password(keycloak, person.name, person.password) for _ in range(2))
    assert unverified_claims(first.access)["sid"] != unverified_claims(second.access)["sid"]
