"""The realm that tests sign in to: the one of deploy/keycloak, with people, secrets, and what only tests may do."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

TEMPLATE: Final = Path(__file__).parents[3] / "deploy" / "keycloak" / "realm.json"
REALM: Final = "paas"
AUDIENCE: Final = "paas-api"
CLI: Final = "paas-cli"
DASHBOARD: Final = "paas-dashboard"
DIRECTORY: Final = "paas-directory"
TEST: Final = "paas-test"
"""A client that takes people's passwords, so that a test which is not about signing in gets a token at once."""
ROLES: Final = ("viewer", "developer", "admin")
# Where the dashboard is, for the template. Keycloak lets a loopback address have any port (RFC 8252, section 7.3).
DASHBOARD_URL: Final = "http://127.0.0.1/runtime/dashboard/"
_POLLING_INTERVAL: Final = 1


@dataclass(frozen=True)
class Person:
    """Somebody in the realm."""

    name: str
    tenant: str | None
    roles: tuple[str, ...]


PEOPLE: Final = (
    Person("ann", "acme", ("admin",)),
    Person("bob", "acme", ("developer",)),
    Person("cyd", "acme", ("viewer",)),
    Person("vic", "other", ("viewer",)),
    Person("dee", "acme", ("viewer", "developer")),
    Person("eve", "acme", ()),
    Person("fay", None, ("viewer",)),
)


@dataclass(frozen=True)
class Credentials:
    """The secrets of one import of the realm, made for it."""

    admin: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    clients: Mapping[str, str] = field(
        default_factory=lambda: {client: secrets.token_urlsafe(24) for client in (DASHBOARD, DIRECTORY)}, repr=False
    )
    passwords: Mapping[str, str] = field(
        default_factory=lambda: {person.name: secrets.token_urlsafe(12) for person in PEOPLE}, repr=False
    )

    def to_json(self) -> bytes:
        """As a file keeps them."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Credentials":
        """What `to_json` made."""
        return cls(**json.loads(content))


def template(*, dashboard_url: str = DASHBOARD_URL) -> dict[str, Any]:
    """The realm as operators import it, with the address of their dashboard put in, as Keycloak's own import does."""
    document = json.loads(TEMPLATE.read_text().replace("${PAAS_DASHBOARD_URL}", dashboard_url))
    assert isinstance(document, dict)
    return document


def realm_for_tests(credentials: Credentials) -> dict[str, Any]:
    """The template with people and secrets, a client that takes passwords, and little time between polls."""
    realm = template()
    for client in realm["clients"]:
        if client["clientId"] in credentials.clients:
            client["secret"] = credentials.clients[client["clientId"]]
    realm["clients"].append(_test_client(realm))
    realm["scopeMappings"].append({"client": TEST, "roles": list(ROLES)})
    realm["users"] += [representation(person, password=credentials.passwords[person.name]) for person in PEOPLE]
    realm["oauth2DevicePollingInterval"] = _POLLING_INTERVAL
    return realm


def representation(person: Person, *, password: str) -> dict[str, Any]:
    """A user as Keycloak's imports and its admin API know one; the API gives no roles by it."""
    return {
        "username": person.name,
        "enabled": True,
        "attributes": {} if person.tenant is None else {"tenant": [person.tenant]},
        "realmRoles": list(person.roles),
        "credentials": [{"type": "password", "value": password, "temporary": False}],
    }


def _test_client(realm: Mapping[str, Any]) -> dict[str, Any]:
    (command_line,) = (client for client in realm["clients"] if client["clientId"] == CLI)
    return {
        "clientId": TEST,
        "publicClient": True,
        "directAccessGrantsEnabled": True,
        "standardFlowEnabled": False,
        "fullScopeAllowed": False,
        "protocolMappers": command_line["protocolMappers"],
        "defaultClientScopes": ["basic"],
        "optionalClientScopes": [],
    }
