"""What Keycloak makes of deploy/keycloak/realm.json, as operators import it, and what people may not do in it.

What is written in it is looked at in tests/unit/keycloak/test_template.py.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.keycloak.conftest import Welcome
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.server.realm import AUDIENCE, CLI, DASHBOARD, DIRECTORY, ROLES, template
from tests.keycloak.sign_in.code import CodeSignIn
from tests.keycloak.sign_in.grants import Refused, unverified_claims, with_password
from tests.keycloak.sign_in.visitor import Visitor

_IMPORTED = "as-imported"


@pytest.fixture(scope="module")
def imported(keycloak: Keycloak) -> Iterator[dict[str, Any]]:
    """What Keycloak has of the template alone, by the name of a clients' page: `clients` and the realm's own fields."""
    admin = keycloak.admin
    url, bearer = f"{keycloak.url}/admin/realms", admin.token()
    made = keycloak.web.send("POST", url, {**template(), "realm": _IMPORTED}, bearer=bearer)
    assert made.status == 201
    try:
        bearer = admin.token()
        listed = keycloak.web.get(f"{url}/{_IMPORTED}/clients", bearer=bearer).document
        yield {
            "realm": keycloak.web.get(f"{url}/{_IMPORTED}", bearer=bearer).document,
            "users": keycloak.web.get(f"{url}/{_IMPORTED}/users", bearer=bearer).document,
            "clients": {each["clientId"]: each for each in listed},
        }
    finally:
        assert keycloak.web.send("DELETE", f"{url}/{_IMPORTED}", bearer=admin.token()).status == 204


def test_confidential_clients_get_secrets_of_their_own(keycloak: Keycloak, imported: dict[str, Any]) -> None:
    secrets = [imported["clients"][client]["secret"] for client in (DASHBOARD, DIRECTORY)]
    assert all(len(secret) >= 32 for secret in secrets)
    assert len({*secrets, keycloak.secret(DASHBOARD), keycloak.secret(DIRECTORY)}) == 4


def test_no_client_takes_peoples_passwords(imported: dict[str, Any]) -> None:
    """Keycloak's own included, one of which does so in every realm that does not say otherwise."""
    assert {CLI, DASHBOARD, DIRECTORY} <= imported["clients"].keys()
    assert not [name for name, client in imported["clients"].items() if client["directAccessGrantsEnabled"]]
    assert not [name for name, client in imported["clients"].items() if client["implicitFlowEnabled"]]


def test_our_clients_prove_who_asked(imported: dict[str, Any]) -> None:
    for name in (CLI, DASHBOARD):
        assert imported["clients"][name]["attributes"]["pkce.code.challenge.method"] == "S256"


def test_nobody_comes_with_it_and_nobody_signs_up(imported: dict[str, Any]) -> None:
    assert imported["users"] == []
    realm = imported["realm"]
    assert not [name for name in ("registrationAllowed", "resetPasswordAllowed", "rememberMe") if realm[name]]
    assert (realm["sslRequired"], realm["bruteForceProtected"]) == ("all", True)


def test_lifetimes_are_those_that_are_documented(imported: dict[str, Any]) -> None:
    realm = imported["realm"]
    assert realm["accessTokenLifespan"] == 300
    assert (realm["ssoSessionIdleTimeout"], realm["ssoSessionMaxLifespan"]) == (8 * 3600, 12 * 3600)
    assert (realm["oauth2DeviceCodeLifespan"], realm["oauth2DevicePollingInterval"]) == (600, 5)
    assert (realm["revokeRefreshToken"], realm["refreshTokenMaxReuse"]) == (True, 0)
    assert realm["defaultSignatureAlgorithm"] == "RS256"


def test_a_client_that_is_added_has_no_tokens_for_us(keycloak: Keycloak) -> None:
    """What makes a token one for us is our two clients' own, and nothing that others have by default."""
    added = {"clientId": "another", "publicClient": True, "directAccessGrantsEnabled": True}
    keycloak.admin.add_client(added)
    claims = unverified_claims(with_password(keycloak, "ann", client="another").access)
    assert AUDIENCE not in claims.get("aud", [])
    assert not {"tenant", "roles"} & claims.keys()


def test_a_client_that_is_disabled_takes_no_password(keycloak: Keycloak) -> None:
    with pytest.raises(Refused, match=r"invalid_client|unauthorized_client"):
        with_password(keycloak, "ann", client="admin-cli")


def test_the_command_line_takes_no_password(keycloak: Keycloak) -> None:
    with pytest.raises(Refused, match="unauthorized_client"):
        with_password(keycloak, "ann", client=CLI)


@pytest.mark.parametrize("tenant", ["Acme", "a" * 64, "a b", "-a"])
def test_a_tenant_that_cannot_be_is_refused(keycloak: Keycloak, welcome: Welcome, tenant: str) -> None:
    person = welcome("viewer")
    answer = keycloak.web.send(
        "PUT",
        f"{keycloak.directory_url}/users/{person.user_id}",
        {"attributes": {"tenant": [tenant]}},
        bearer=keycloak.admin.token(),
    )
    assert answer.status == 400


def test_people_change_their_name_and_not_their_tenant(keycloak: Keycloak, welcome: Welcome) -> None:
    """On Keycloak's own page for it, which is a program that has them sign in like any other."""
    person, account = welcome("viewer", tenant="acme"), f"{keycloak.issuer}/account/"
    began = CodeSignIn(keycloak, "account-console", account)
    visitor = Visitor(keycloak.url, keycloak.ca_file, ends_at=account)
    came_back = visitor.sign_in(visitor.open(began.page()), person.name, person.password)
    assert isinstance(came_back, str)
    bearer = began.redeem(began.code_in(came_back)).access
    shown = keycloak.web.get(account, bearer=bearer).document
    assert shown["attributes"] == {"tenant": ["acme"]}
    mine = {**shown, "firstName": "Ada"}
    assert keycloak.web.send("POST", account, mine, bearer=bearer).status == 204
    refused = keycloak.web.send("POST", account, {**mine, "attributes": {"tenant": ["other"]}}, bearer=bearer)
    assert refused.status == 400
    seen = keycloak.web.get(f"{keycloak.directory_url}/users/{person.user_id}", bearer=keycloak.admin.token()).document
    assert (seen["firstName"], seen["attributes"]) == ("Ada", {"tenant": ["acme"]})


def test_our_roles_are_the_realm_s(keycloak: Keycloak) -> None:
    roles = keycloak.web.get(f"{keycloak.directory_url}/roles", bearer=keycloak.admin.token()).document
    assert {role["name"] for role in roles} >= set(ROLES)
    assert not [role for role in roles if role["name"] in ROLES and role["composite"]]
