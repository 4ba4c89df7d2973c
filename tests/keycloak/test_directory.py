"""The client that `tokens` looks people up with: it may see a person's state and roles, and do nothing."""

import pytest

from tests.keycloak.conftest import Welcome
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.server.realm import DIRECTORY
from tests.keycloak.sign_in.grants import Refused, for_client, sign_out, unverified_claims, with_password
from tests.keycloak.web import Answer


class Directory:
    """Asks with the client's own token."""

    def __init__(self, keycloak: Keycloak) -> None:
        self._keycloak = keycloak
        self._bearer = for_client(keycloak, DIRECTORY, keycloak.secret(DIRECTORY)).access

    def ask(self, path: str, method: str = "GET", document: object = None) -> Answer:
        """Ask for a path of the realm in the admin API, or of another realm where it begins with a slash."""
        whole = f"{self._keycloak.url}/admin/realms{path}" if path.startswith("/") else ""
        url = whole or f"{self._keycloak.directory_url}/{path}"
        return self._keycloak.web.send(method, url, document, bearer=self._bearer)

    def roles(self, user_id: str) -> set[str]:
        """The names of the realm's roles that a person has, also by way of others."""
        return {role["name"] for role in self.ask(f"users/{user_id}/role-mappings/realm/composite").document}


@pytest.fixture
def directory(keycloak: Keycloak) -> Directory:
    return Directory(keycloak)


def test_it_sees_whether_a_person_is_enabled(keycloak: Keycloak, directory: Directory, welcome: Welcome) -> None:
    person = welcome("developer", tenant="acme")
    seen = directory.ask(f"users/{person.user_id}").document
    assert (seen["id"], seen["username"], seen["enabled"]) == (person.user_id, person.name, True)
    assert seen["attributes"] == {"tenant": ["acme"]}
    keycloak.admin.set_enabled(person.name, enabled=False)
    assert directory.ask(f"users/{person.user_id}").document["enabled"] is False
    keycloak.admin.delete_user(person.name)
    assert directory.ask(f"users/{person.user_id}").status == 404


def test_it_sees_which_roles_a_person_has(keycloak: Keycloak, directory: Directory, welcome: Welcome) -> None:
    person = welcome("viewer", "developer")
    assert directory.roles(person.user_id) >= {"viewer", "developer"}
    keycloak.admin.set_roles(person.name, "viewer")
    assert directory.roles(person.user_id) & {"viewer", "developer", "admin"} == {"viewer"}


def test_it_sees_which_sessions_a_person_has(keycloak: Keycloak, directory: Directory, welcome: Welcome) -> None:
    person = welcome("viewer")
    tokens = with_password(keycloak, person.name, person.password)
    session = unverified_claims(tokens.access)["sid"]
    assert [each["id"] for each in directory.ask(f"users/{person.user_id}/sessions").document] == [session]
    sign_out(keycloak, tokens)
    assert directory.ask(f"users/{person.user_id}/sessions").document == []


def test_it_may_change_nothing_of_a_person(directory: Directory, welcome: Welcome) -> None:
    person = welcome("viewer")
    role = {"name": "admin"}
    attempts = {
        "disable": directory.ask(f"users/{person.user_id}", "PUT", {"enabled": False}),
        "delete": directory.ask(f"users/{person.user_id}", "DELETE"),
        "give a role": directory.ask(f"users/{person.user_id}/role-mappings/realm", "POST", [role]),
        "take a role": directory.ask(f"users/{person.user_id}/role-mappings/realm", "DELETE", [role]),
        "set a password": directory.ask(
            f"users/{person.user_id}/reset-password", "PUT", {"type": "password", "value": "a new password"}
        ),
        "sign out": directory.ask(f"users/{person.user_id}/logout", "POST"),
        "be them": directory.ask(f"users/{person.user_id}/impersonation", "POST", {}),
        "make another": directory.ask("users", "POST", {"username": "mallory"}),
    }
    assert {name: each.status for name, each in attempts.items()} == dict.fromkeys(attempts, 403)


@pytest.mark.parametrize(
    "path",
    [
        "clients",
        "roles",
        "keys",
        "events",
        "admin-events",
        "components",
        "client-scopes",
        "identity-provider/instances",
    ],
)
def test_it_sees_nothing_else_of_the_realm(directory: Directory, path: str) -> None:
    assert directory.ask(path).status == 403


def test_it_sees_of_the_realm_itself_what_its_sign_in_page_says(directory: Directory) -> None:
    assert not {"accessTokenLifespan", "passwordPolicy", "attributes"} & directory.ask("").document.keys()


def test_it_sees_nothing_of_other_realms(directory: Directory) -> None:
    assert [realm["realm"] for realm in directory.ask("/").document] == ["paas"]
    assert directory.ask("/master/users").status == 403
    assert directory.ask("/master/clients").status == 403
    assert directory.ask("/", "POST", {"realm": "another"}).status == 403


def test_what_it_may_see_of_credentials_verifies_no_password(directory: Directory, welcome: Welcome) -> None:
    (credential,) = directory.ask(f"users/{welcome('viewer').user_id}/credentials").document
    assert credential["type"] == "password"
    assert not {"secretData", "value"} & credential.keys()


def test_nobody_is_it_without_its_secret(keycloak: Keycloak) -> None:
    with pytest.raises(Refused, match="unauthorized_client"):
        for_client(keycloak, DIRECTORY, "a guess")
