"""The realm that operators import, as it is written. What Keycloak makes of it is asked in tests/keycloak."""

import json
from typing import Any

import pytest

from tests.keycloak.server.realm import (
    AUDIENCE,
    CLI,
    DASHBOARD,
    DIRECTORY,
    PEOPLE,
    ROLES,
    TEST,
    Credentials,
    realm_for_tests,
    template,
)


def _clients() -> dict[str, dict[str, Any]]:
    return {client["clientId"]: client for client in template()["clients"]}


def _mappers(client: str) -> dict[str, dict[str, str]]:
    return {mapper["name"]: mapper["config"] for mapper in _clients()[client]["protocolMappers"]}


def test_it_has_neither_people_nor_secrets() -> None:
    document = template()
    assert [user["username"] for user in document["users"]] == [f"service-account-{DIRECTORY}"]
    assert not [user for user in document["users"] if "credentials" in user]
    assert not [client for client in document["clients"] if "secret" in client]
    assert TEST not in _clients()


def test_no_client_of_it_takes_passwords() -> None:
    clients = _clients()
    assert set(clients) == {CLI, DASHBOARD, DIRECTORY, "admin-cli"}
    assert not [name for name, client in clients.items() if client["directAccessGrantsEnabled"]]
    assert not clients["admin-cli"]["enabled"]


@pytest.mark.parametrize("client", [CLI, DASHBOARD])
def test_who_signs_people_in_proves_who_asked_and_gets_our_roles_alone(client: str) -> None:
    found = _clients()[client]
    assert found["attributes"]["pkce.code.challenge.method"] == "S256"
    assert found["fullScopeAllowed"] is False
    assert {each["client"]: each["roles"] for each in template()["scopeMappings"]}[client] == list(ROLES)


def test_the_command_line_is_answered_on_this_machine_alone() -> None:
    assert _clients()[CLI]["redirectUris"] == ["http://127.0.0.1/callback"]


@pytest.mark.parametrize("client", [CLI, DASHBOARD])
def test_an_access_token_alone_is_for_us(client: str) -> None:
    audience = _mappers(client)["audience"]
    assert (audience["included.custom.audience"], audience["access.token.claim"]) == (AUDIENCE, "true")
    assert audience["id.token.claim"] == "false"


def test_both_clients_give_the_same() -> None:
    assert _mappers(CLI) == _mappers(DASHBOARD)
    assert set(_mappers(CLI)) == {"preferred_username", "tenant", "roles", "audience"}


def test_the_directory_may_view_users_and_no_more() -> None:
    document = template()
    (account,) = document["users"]
    assert account["clientRoles"] == {"realm-management": ["view-users"]}
    assert "realmRoles" not in account
    assert document["clientScopeMappings"] == {"realm-management": [{"client": DIRECTORY, "roles": ["view-users"]}]}
    assert _clients()[DIRECTORY]["fullScopeAllowed"] is False


def test_a_tenant_is_given_by_administrators_alone() -> None:
    (provider,) = template()["components"]["org.keycloak.userprofile.UserProfileProvider"]
    profile = json.loads(provider["config"]["kc.user.profile.config"][0])
    edit = {each["name"]: each["permissions"]["edit"] for each in profile["attributes"]}
    assert edit["tenant"] == edit["username"] == edit["email"] == ["admin"]
    assert "unmanagedAttributePolicy" not in profile


def test_what_tests_add_is_people_secrets_one_client_and_hurry() -> None:
    made, written = realm_for_tests(Credentials()), template()
    assert {each["clientId"] for each in made["clients"]} - {each["clientId"] for each in written["clients"]} == {TEST}
    added = [user["username"] for user in made["users"][len(written["users"]) :]]
    assert added == [person.name for person in PEOPLE]
    same = made.keys() - {"clients", "users", "scopeMappings", "oauth2DevicePollingInterval"}
    assert {name: made[name] for name in same} == {name: written[name] for name in same}
