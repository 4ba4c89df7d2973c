"""The stack of one machine, whose tokens believe the session's Keycloak."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.ports import free_base_port
from local.private_files import write_private
from local.signin import cli_environment
from local.stack import Stack
from tests.e2e.installation import Installation, Paas
from tests.fixtures.patient_envoy import patient_gateways
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.server.realm import CLI, DASHBOARD, DIRECTORY, TEST

SignedIn = Callable[[str], Paas]


@pytest.fixture(scope="session")
def installation(keycloak: Keycloak) -> Iterator[Installation]:
    """The services, told of Keycloak as an operator tells them: by settings."""
    folder = Path(tempfile.mkdtemp(prefix="paas with keycloak "))
    folder.chmod(0o755)
    secret, of_pages = folder / "directory-secret", folder / "dashboard-secret"
    write_private(secret, keycloak.secret(DIRECTORY).encode())
    write_private(of_pages, keycloak.secret(DASHBOARD).encode())
    told = {
        "PAAS_SSO_ISSUER": keycloak.issuer,
        # Ours for tests as well, so that not every token needs a browser.
        "PAAS_SSO_CLIENTS": f"{CLI},{DASHBOARD},{TEST}",
        "PAAS_SSO_CA_FILE": str(keycloak.ca_file),
        "PAAS_SSO_DIRECTORY_CLIENT_ID": DIRECTORY,
        "PAAS_SSO_DIRECTORY_SECRET_FILE": str(secret),
        "PAAS_SSO_CLIENT_SECRET_FILE": str(of_pages),
    }
    stack = Stack(folder / ".paas", base_port=free_base_port())
    try:
        with pytest.MonkeyPatch.context() as environment, patient_gateways():
            for name, value in told.items():
                environment.setenv(name, value)
            stack.start()
        yield Installation(stack, folder / "home")
    finally:
        stack.stop()
        shutil.rmtree(folder)


@pytest.fixture
def as_holder(installation: Installation, tmp_path: Path) -> SignedIn:
    """`paas` as whoever holds a token."""

    def with_token(token: str) -> Paas:
        installation.canaries.tokens.append(token)
        return installation.paas(cli_environment(installation.stack, token, home=installation.home), tmp_path)

    return with_token
