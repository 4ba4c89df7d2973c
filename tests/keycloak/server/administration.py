"""The realm as its administrator changes it, over Keycloak's admin REST API: what tests need, a method each."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from tests.keycloak.server.realm import REALM, ROLES, Person, representation
from tests.keycloak.web import Answer, Web

_KEY_PROVIDERS: Final = "org.keycloak.keys.KeyProvider"
_ALGORITHM: Final = "RS256"


@dataclass(frozen=True)
class Administration:
    """Changes things. Raises AssertionError where Keycloak refuses, with its status and not its words.

    `proof` is the form that gets the administrator, a person or a program, a token (RFC 6749, sections 4.3 and 4.4).
    """

    url: str
    web: Web
    proof: Mapping[str, str] = field(repr=False)

    def create_person(self, person: Person, *, password: str) -> str:
        """Make a user; its id, which is `sub` in tokens."""
        made = self._send("POST", "users", {**representation(person, password=password), "realmRoles": []})
        user = made.headers["Location"].rpartition("/")[2]
        if person.roles:
            self._grant(user, person.roles)
        return user

    def user_id(self, name: str) -> str:
        """The id of the user of this name."""
        (found,) = self._send("GET", f"users?exact=true&username={name}").document
        return str(found["id"])

    def exists(self, name: str) -> bool:
        """Whether there is a user of this name."""
        return bool(self._send("GET", f"users?exact=true&username={name}").document)

    def set_enabled(self, name: str, *, enabled: bool) -> None:
        """Disable a user, or enable them again."""
        self._send("PUT", f"users/{self.user_id(name)}", {"enabled": enabled})

    def set_roles(self, name: str, *roles: str) -> None:
        """Have a user hold exactly these of our roles."""
        user = self.user_id(name)
        self._send("DELETE", f"users/{user}/role-mappings/realm", self._roles(ROLES))
        if roles:
            self._grant(user, roles)

    def set_tenant(self, name: str, tenant: str | None) -> None:
        """Move a user to another tenant, or to none."""
        attributes = {} if tenant is None else {"tenant": [tenant]}
        self._send("PUT", f"users/{self.user_id(name)}", {"attributes": attributes})

    def delete_user(self, name: str) -> None:
        """Remove a user for good."""
        self._send("DELETE", f"users/{self.user_id(name)}")

    def has_sessions(self, name: str) -> bool:
        """Whether a user is signed in anywhere."""
        return bool(self._send("GET", f"users/{self.user_id(name)}/sessions").document)

    def end_sessions(self, name: str) -> None:
        """Sign a user out everywhere."""
        self._send("POST", f"users/{self.user_id(name)}/logout")

    def add_client(self, client: Mapping[str, Any]) -> None:
        """Add a client, given as Keycloak's exports have one."""
        self._send("POST", "clients", client)

    def change_client(self, client_id: str, **changes: object) -> None:
        """Change fields of a client, named as Keycloak's exports name them: `enabled=False`, `redirectUris=[...]`."""
        found = self.client(client_id)
        self._send("PUT", f"clients/{found['id']}", {**found, **changes})

    def client(self, client_id: str) -> dict[str, Any]:
        """A client, with its secret where it has one."""
        (found,) = self._send("GET", f"clients?clientId={client_id}").document
        assert isinstance(found, dict)
        return found

    def add_client_role(self, client_id: str, role: str, *, of_client: str) -> None:
        """Give the service account of a client a role of another client's."""
        owner = self.client(of_client)["id"]
        account = self._send("GET", f"clients/{self.client(client_id)['id']}/service-account-user").document["id"]
        granted = self._send("GET", f"clients/{owner}/roles/{role}").document
        self._send("POST", f"users/{account}/role-mappings/clients/{owner}", [granted])

    def change_realm(self, **changes: object) -> None:
        """Change fields of the realm, named as Keycloak's exports name them."""
        self._send("PUT", "", changes)

    def set_access_token_lifetime(self, lifetime: timedelta) -> None:
        """How long access tokens made from now on last; whole seconds."""
        self.change_realm(accessTokenLifespan=int(lifetime.total_seconds()))

    def rotate_keys(self) -> None:
        """Sign with a new key from now on. The old one stays among those that verify."""
        known = self._key_components()
        highest = max(int(each["config"].get("priority", ["0"])[0]) for each in known)
        config = {
            "priority": [str(highest + 1)],
            "enabled": ["true"],
            "active": ["true"],
            "algorithm": [_ALGORITHM],
            "keySize": ["2048"],
        }
        component = {
            "name": f"rsa-{secrets.token_hex(4)}",
            "providerId": "rsa-generated",
            "providerType": _KEY_PROVIDERS,
            "config": config,
        }
        self._send("POST", "components", component)

    def retire_keys(self) -> None:
        """Remove all keys of our algorithm but the one that signs: tokens of theirs are worth nothing any more."""
        ours = [each for each in self._key_components() if each["providerId"] == "rsa-generated"]
        newest = max(ours, key=lambda each: int(each["config"].get("priority", ["0"])[0]))
        for each in ours:
            if each != newest:
                self._send("DELETE", f"components/{each['id']}")

    def token(self) -> str:
        """An access token of the administrator's; it lasts a minute."""
        answer = self.web.post(
            f"{self.url}/realms/master/protocol/openid-connect/token",
            self.proof,
        )
        assert answer.status == 200, f"the administrator was refused: {answer.status}"
        return str(answer.document["access_token"])

    def _grant(self, user: str, roles: Sequence[str]) -> None:
        self._send("POST", f"users/{user}/role-mappings/realm", self._roles(roles))

    def _roles(self, names: Sequence[str]) -> list[Any]:
        return [self._send("GET", f"roles/{name}").document for name in names]

    def _key_components(self) -> list[dict[str, Any]]:
        return list(self._send("GET", f"components?type={_KEY_PROVIDERS}").document)

    def _send(self, method: str, path: str, document: object = None) -> Answer:
        url = f"{self.url}/admin/realms/{REALM}/{path}".rstrip("/")
        answer = self.web.send(method, url, document, bearer=self.token())
        assert answer.status in (200, 201, 204), f"{method} {path.partition('?')[0]}: {answer.status}"
        return answer
