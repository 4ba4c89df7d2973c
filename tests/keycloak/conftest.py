"""A Keycloak for the session, and people of a test's own in it.

What is missing for one makes tests skip with the reason, and with PAAS_REQUIRE_KEYCLOAK=1, as in CI, fail.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from local.failures import LocalFailure
from tests.keycloak.server.database import ensure_imported
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.server.realm import Person
from tests.keycloak.sign_in.visitor import Visitor


@pytest.fixture(scope="session")
def keycloak() -> Iterator[Keycloak]:
    """One with the realm's people, whom a test leaves as they are."""
    require_keycloak()
    with Keycloak.temporary() as found:
        yield found


def require_keycloak() -> None:
    """Skip, or fail where it is required, unless this machine can run one."""
    try:
        ensure_imported()
    except LocalFailure as failure:
        if os.environ.get("PAAS_REQUIRE_KEYCLOAK") == "1":
            pytest.fail(str(failure))
        pytest.skip(str(failure))


@pytest.fixture
def visitor(keycloak: Keycloak) -> Visitor:
    """Somebody's browser that has been nowhere yet."""
    return Visitor(keycloak.url, keycloak.ca_file)


@dataclass(frozen=True)
class Newcomer:
    """Somebody made for one test, who may be disabled, robbed of roles and signed out."""

    name: str
    user_id: str
    password: str = field(repr=False)


Welcome = Callable[..., Newcomer]


@pytest.fixture
def welcome(keycloak: Keycloak) -> Iterator[Welcome]:
    """`welcome("developer", tenant="acme")`: a new person with these roles; they leave with the test."""
    made: list[str] = []

    def make(*roles: str, tenant: str | None = "acme") -> Newcomer:
        name, password = f"person-{secrets.token_hex(4)}", secrets.token_urlsafe(12)
        user_id = keycloak.admin.create_person(Person(name, tenant, roles), password=password)
        made.append(name)
        return Newcomer(name, user_id, password)

    yield make
    for name in made:
        if keycloak.admin.exists(name):
            keycloak.admin.delete_user(name)
