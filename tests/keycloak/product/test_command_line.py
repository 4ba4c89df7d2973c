"""People sign in with `paas login` at a real Keycloak, stay signed in, and sign out.

What the command does with an issuer that is wrong or away is tested with the fake one.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from local.signin import cli_environment
from tests.e2e.installation import Installation, Paas, eventually
from tests.fixtures.waiting import PATIENCE
from tests.keycloak.conftest import Newcomer, Welcome
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.sign_in.command_line import come_back, enter_code
from tests.keycloak.sign_in.visitor import Visitor

_SIGNED_OUT = 3
_AS_IN_THE_TEMPLATE = timedelta(seconds=300)


@pytest.fixture
def paas(keycloak: Keycloak, installation: Installation, tmp_path: Path) -> Paas:
    """`paas` of somebody who has not signed in."""
    environment = cli_environment(installation.stack, "", home=tmp_path / "home")
    del environment["PAAS_TOKEN"]
    environment |= {
        "SSL_CERT_FILE": str(keycloak.ca_file),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }
    (tmp_path / "home").mkdir()
    return installation.paas(environment, tmp_path)


@pytest.fixture
def short_lived(keycloak: Keycloak) -> Iterator[None]:
    """Access tokens that end soon, so that a command has to renew."""
    keycloak.admin.set_access_token_lifetime(timedelta(seconds=15))
    yield
    keycloak.admin.set_access_token_lifetime(_AS_IN_THE_TEMPLATE)


def _sign_in(paas: Paas, visitor: Visitor, person: Newcomer) -> None:
    process = paas.start("login")
    enter_code(process, visitor, person.name, person.password)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert f"as user:{person.name}" in out


def _sessions(keycloak: Keycloak, person: Newcomer) -> list[object]:
    url = f"{keycloak.directory_url}/users/{person.user_id}/sessions"
    return list(keycloak.web.get(url, bearer=keycloak.admin.token()).document)


def test_a_person_signs_in_with_a_code_and_out_again(
    keycloak: Keycloak, paas: Paas, visitor: Visitor, welcome: Welcome
) -> None:
    person = welcome("admin", tenant="acme")
    _sign_in(paas, visitor, person)
    told = paas.ok("whoami", "--json").document
    assert (told["subject"], told["tenant"]) == (f"user:{person.name}", "acme")
    assert len(_sessions(keycloak, person)) == 1
    paas.ok("logout")
    assert _sessions(keycloak, person) == []
    assert paas("whoami").exit_code == _SIGNED_OUT


def test_a_person_signs_in_with_a_browser_on_this_machine(paas: Paas, visitor: Visitor, welcome: Welcome) -> None:
    person = welcome("viewer", tenant="other")
    process = paas.start("login", "--web", "--no-browser")
    come_back(process, visitor, person.name, person.password)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert paas.ok("whoami", "--json").document["tenant"] == "other"


@pytest.mark.usefixtures("short_lived")
def test_a_person_stays_signed_in_until_they_may_not(
    keycloak: Keycloak, paas: Paas, visitor: Visitor, welcome: Welcome
) -> None:
    person = welcome("admin", tenant="acme")
    _sign_in(paas, visitor, person)
    assert "tokens.manage" in paas.ok("whoami", "--json").document["permissions"]
    keycloak.admin.set_roles(person.name, "viewer")
    # A role that was taken is gone with the next token, which the command gets by itself.
    eventually(lambda: "tokens.manage" not in paas.ok("whoami", "--json").document["permissions"])
    keycloak.admin.set_enabled(person.name, enabled=False)
    eventually(lambda: paas("whoami").exit_code == _SIGNED_OUT)
