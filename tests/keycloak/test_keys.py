"""The realm's signing keys: a new one signs from the next token on, and the one before still verifies."""

from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.sign_in.grants import header_of, with_password
from tests.keycloak.verification import public_keys, verified_claims


def test_a_rotated_key_signs_and_the_one_before_still_verifies(keycloak: Keycloak) -> None:
    before = with_password(keycloak, "ann").access
    keys = set(public_keys(keycloak))
    keycloak.admin.rotate_keys()
    after = with_password(keycloak, "ann").access
    assert header_of(after)["kid"] not in keys
    assert set(public_keys(keycloak)) == keys | {header_of(after)["kid"]}
    for token in (before, after):
        verified_claims(keycloak, token)

    keycloak.admin.retire_keys()
    assert set(public_keys(keycloak)) == {header_of(after)["kid"]}
    verified_claims(keycloak, after)


def test_keys_are_of_the_one_algorithm_that_is_accepted(keycloak: Keycloak) -> None:
    listed = keycloak.web.get(keycloak.jwks_url).document["keys"]
    assert {(each["use"], each["alg"]) for each in listed} == {("sig", "RS256"), ("enc", "RSA-OAEP")}


def test_a_restart_changes_neither_keys_nor_issuer(keycloak: Keycloak) -> None:
    token, keys = with_password(keycloak, "ann").access, set(public_keys(keycloak))
    with keycloak.away():
        pass
    assert set(public_keys(keycloak)) == keys
    verified_claims(keycloak, token)
