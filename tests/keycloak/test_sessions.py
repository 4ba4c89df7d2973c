"""What ends a session, and what a session's next access token says after a change: tokens that are out live on.

`tokens` looks people up where five minutes are too long; tests of that are beside it.
"""

import pytest

from tests.keycloak.conftest import Newcomer, Welcome
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.sign_in.grants import Refused, Tokens, refresh, sign_out, unverified_claims, with_password
from tests.keycloak.verification import verified_claims


def _sign_in(keycloak: Keycloak, person: Newcomer) -> Tokens:
    return with_password(keycloak, person.name, person.password)


def test_a_refresh_gives_a_newer_token_of_the_same_session(keycloak: Keycloak, welcome: Welcome) -> None:
    tokens = _sign_in(keycloak, welcome("viewer"))
    before, after = (unverified_claims(each.access) for each in (tokens, refresh(keycloak, tokens)))
    assert before["sid"] == after["sid"]
    assert before["jti"] != after["jti"]
    assert after["exp"] >= before["exp"]


def test_a_refresh_token_is_good_once(keycloak: Keycloak, welcome: Welcome) -> None:
    """RFC 9700, section 4.14.2: whoever copied it is found out, or comes too late."""
    tokens = _sign_in(keycloak, welcome("viewer"))
    newer = refresh(keycloak, tokens)
    with pytest.raises(Refused, match="invalid_grant"):
        refresh(keycloak, tokens)
    assert newer.refresh != tokens.refresh


def test_nothing_outlives_its_session(keycloak: Keycloak) -> None:
    """No offline tokens: a session has an end, whatever a client asks for."""
    fields = {
        "grant_type": "password",
        "client_id": "paas-test",
        "username": "ann",
        "password": keycloak.password("ann"),
    }
    answer = keycloak.web.post(keycloak.token_url, {**fields, "scope": "openid offline_access"})
    assert answer.error == "invalid_scope"


def test_signing_out_ends_the_session(keycloak: Keycloak, welcome: Welcome) -> None:
    tokens = _sign_in(keycloak, welcome("viewer"))
    sign_out(keycloak, tokens)
    with pytest.raises(Refused, match="invalid_grant"):
        refresh(keycloak, tokens)
    # The access token is none of Keycloak's business any more: it is good until it ends, five minutes at most.
    verified_claims(keycloak, tokens.access)


def test_an_administrator_ends_all_sessions_of_a_person(keycloak: Keycloak, welcome: Welcome) -> None:
    person, other = welcome("viewer"), welcome("viewer")
    sessions, bystander = [_sign_in(keycloak, person) for _ in range(2)], _sign_in(keycloak, other)
    keycloak.admin.end_sessions(person.name)
    for tokens in sessions:
        with pytest.raises(Refused, match="invalid_grant"):
            refresh(keycloak, tokens)
    refresh(keycloak, bystander)


def test_a_disabled_person_gets_no_newer_token(keycloak: Keycloak, welcome: Welcome) -> None:
    person = welcome("admin")
    tokens = _sign_in(keycloak, person)
    keycloak.admin.set_enabled(person.name, enabled=False)
    with pytest.raises(Refused, match="invalid_grant"):
        refresh(keycloak, tokens)
    with pytest.raises(Refused, match="invalid_grant"):
        _sign_in(keycloak, person)
    keycloak.admin.set_enabled(person.name, enabled=True)
    _sign_in(keycloak, person)


def test_a_deleted_person_gets_no_newer_token(keycloak: Keycloak, welcome: Welcome) -> None:
    person = welcome("admin")
    tokens = _sign_in(keycloak, person)
    keycloak.admin.delete_user(person.name)
    with pytest.raises(Refused, match="invalid_grant"):
        refresh(keycloak, tokens)


def test_a_role_that_was_taken_is_not_in_the_next_token(keycloak: Keycloak, welcome: Welcome) -> None:
    person = welcome("viewer", "developer")
    tokens = _sign_in(keycloak, person)
    keycloak.admin.set_roles(person.name, "viewer")
    tokens = refresh(keycloak, tokens)
    assert unverified_claims(tokens.access)["roles"] == ["viewer"]
    keycloak.admin.set_roles(person.name)
    assert "roles" not in unverified_claims(refresh(keycloak, tokens).access)


def test_a_person_who_moved_is_of_the_new_tenant_in_the_next_token(keycloak: Keycloak, welcome: Welcome) -> None:
    person = welcome("viewer", tenant="acme")
    tokens = _sign_in(keycloak, person)
    keycloak.admin.set_tenant(person.name, "other")
    assert unverified_claims(refresh(keycloak, tokens).access)["tenant"] == "other"


def test_a_disabled_client_gets_no_tokens(keycloak: Keycloak, welcome: Welcome) -> None:
    tokens = _sign_in(keycloak, welcome("viewer"))
    keycloak.admin.change_client("paas-test", enabled=False)
    try:
        with pytest.raises(Refused, match="invalid_client"):
            refresh(keycloak, tokens)
    finally:
        keycloak.admin.change_client("paas-test", enabled=True)
    refresh(keycloak, tokens)
