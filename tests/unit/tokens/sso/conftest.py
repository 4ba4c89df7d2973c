"""An issuer on a real socket, and tokens' side of it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from services.tokens.settings import Settings
from services.tokens.sso.provider import Provider
from services.tokens.sso.server import open_client, provider_of
from tests.fakes.oidc_issuer import OidcIssuer, User
from tests.fakes.oidc_issuer.directory import CLIENT, SECRET


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[OidcIssuer]:
    with OidcIssuer(tmp_path / "issuer") as issuer:
        issuer.add_directory()
        yield issuer


@pytest.fixture
def ann(issuer: OidcIssuer) -> User:
    return issuer.add_user("ann", tenant="acme", roles=("developer",))


@pytest.fixture
def provider(issuer: OidcIssuer, tmp_path: Path) -> Provider:
    found = provider_of(settings(tmp_path, sso_issuer=issuer.url, sso_ca_file=issuer.ca_file))
    assert found is not None
    return found


@pytest.fixture
async def client(provider: Provider) -> AsyncIterator[httpx.AsyncClient]:
    async with open_client(provider.ca_file) as client:
        yield client


def settings(folder: Path, **changes: object) -> Settings:
    """Tokens' settings with this provider; a change of None takes one away."""
    secret = folder / "directory.secret"
    secret.write_text(SECRET)
    issuer = str(changes.get("sso_issuer", "https://idp.example/realms/paas"))
    given = {
        "sso_issuer": issuer,
        # Keycloak's own paths have more steps than the fake's.
        "sso_jwks_url": f"{issuer}/certs",
        "sso_token_url": f"{issuer}/token",
        "sso_directory_client_id": CLIENT,
        "sso_directory_secret_file": secret,
        **changes,
    }
    needed = dict.fromkeys(
        ("listen", "database_url", "audit_address", "config_address"), "localhost:1"
    ) | dict.fromkeys(
        ("database_password_file", "page_key_file", "tls_cert_file", "tls_key_file", "tls_ca_file", "signing_key_file"),
        secret,
    )
    return Settings(**{name: each for name, each in (needed | given).items() if each is not None})  # type: ignore[arg-type]
