"""What keeps tokens from starting: settings of an identity provider that are half there, or not safe."""

from pathlib import Path

import pytest

from paaskit.settings import SettingsError
from services.tokens.sso.server import provider_of
from tests.unit.tokens.sso.conftest import settings

KEYCLOAK = "https://idp.example/realms/paas"


def test_no_issuer_no_provider(tmp_path: Path) -> None:
    assert provider_of(settings(tmp_path, sso_issuer="")) is None


def test_an_issuer_alone_says_where_keycloak_has_the_rest(tmp_path: Path) -> None:
    provider = provider_of(settings(tmp_path, sso_issuer=KEYCLOAK, sso_jwks_url=None, sso_token_url=None))
    assert provider is not None
    assert provider.jwks_url == f"{KEYCLOAK}/protocol/openid-connect/certs"
    assert provider.directory.token_url == f"{KEYCLOAK}/protocol/openid-connect/token"
    assert provider.directory.url == "https://idp.example/admin/realms/paas"
    assert provider.clients == {"paas-cli", "paas-dashboard"}


@pytest.mark.parametrize(
    "address",
    [
        "http://idp.example/certs",
        "file:///etc/passwd",
        "data:text/plain,x",
        "//idp.example",
        "https://",
        "https://a:b@c",
    ],
)
@pytest.mark.parametrize("name", ["sso_issuer", "sso_jwks_url", "sso_token_url", "sso_directory_url"])
def test_nothing_is_asked_but_over_https(tmp_path: Path, name: str, address: str) -> None:
    """CVE-2026-48522."""
    with pytest.raises(SettingsError, match=f"PAAS_{name.upper()} has to be an https address"):
        provider_of(settings(tmp_path, **{name: address}))


@pytest.mark.parametrize("name", ["sso_directory_client_id", "sso_directory_secret_file"])
def test_who_made_tokens_must_be_askable_about(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=f"PAAS_{name.upper()}: not set"):
        provider_of(settings(tmp_path, **{name: None}))
