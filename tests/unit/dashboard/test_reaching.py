"""An identity provider that is reached at another address than its name's. Leaves out a real one (tests/keycloak)."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import grpc
import httpx2
import pytest
from google.rpc import code_pb2

from dashboard.calls.refusals import Refusal
from dashboard.sessions.sealing import Secret
from dashboard.settings import Settings, checked
from dashboard.sign_in.provider import Attempt, Provider
from dashboard.sign_in.reaching import hooks_reaching
from local.ports import HOST, reserve
from paaskit.clock import utc_now
from paaskit.settings import SettingsError
from tests.fakes.oidc_issuer.server import OidcIssuer

ISSUER, ADDRESS = "https://localhost:8443/realms/paas", "keycloak:8443"


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[OidcIssuer]:
    with OidcIssuer(tmp_path) as running:
        yield running


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port where nobody listens."""
    kept = reserve(0)
    assert kept is not None
    with kept:
        yield kept.getsockname()[1]


def _settings(folder: Path, *, issuer: str = ISSUER, address: str = ADDRESS) -> Settings:
    return Settings(
        listen="127.0.0.1:1",
        gateway_address="127.0.0.1:1",
        url="http://127.0.0.1:7300/runtime/dashboard/",
        database_url="postgresql://dashboard@localhost/dashboard",
        database_password_file=folder / "ca.pem",
        tls_cert_file=folder / "ca.pem",
        tls_key_file=folder / "ca.pem",
        tls_ca_file=folder / "ca.pem",
        sso_issuer=issuer,
        sso_client_secret_file=folder / "ca.pem",
        sso_ca_file=folder / "ca.pem",
        sso_address=address,
    )


async def _begun(settings: Settings) -> str:
    provider = Provider(settings, cast("grpc.aio.Channel", None), utc_now)
    return await provider.begin(Attempt.of(Secret.new()))


async def test_people_are_sent_to_its_name_and_it_is_asked_at_its_address(
    issuer: OidcIssuer, nobody: int, tmp_path: Path
) -> None:
    here = urlsplit(issuer.url).port
    issuer.realm.url = f"https://localhost:{nobody}/realms/paas"
    settings = _settings(tmp_path, issuer=issuer.url, address=f"{HOST}:{here}")
    assert (await _begun(settings)).startswith(f"{issuer.url}/auth?")
    with pytest.raises(Refusal) as refused:
        await _begun(_settings(tmp_path, issuer=issuer.url, address=""))
    assert refused.value.code == code_pb2.UNAVAILABLE


async def test_whoever_there_has_no_certificate_for_its_name_is_asked_nothing(
    issuer: OidcIssuer, tmp_path: Path
) -> None:
    address = urlsplit(issuer.url).netloc
    with pytest.raises(Refusal) as refused:
        await _begun(_settings(tmp_path, issuer="https://sso.example.com/realms/paas", address=address))
    assert refused.value.code == code_pb2.UNAVAILABLE
    assert not issuer.requests


async def _sent(url: str) -> httpx2.Request:
    """What goes out of a client where `url` is asked for."""
    sent = list[httpx2.Request]()

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200)

    hooks = hooks_reaching(ISSUER, ADDRESS)
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer), event_hooks=dict(hooks)) as client:
        await client.get(url)
    return sent[0]


async def test_what_is_asked_stays_as_it_was() -> None:
    sent = await _sent(f"{ISSUER}/protocol/openid-connect/certs?a=b")
    assert str(sent.url) == f"https://{ADDRESS}/realms/paas/protocol/openid-connect/certs?a=b"
    assert (sent.headers["host"], sent.extensions["sni_hostname"]) == ("localhost:8443", "localhost")


@pytest.mark.parametrize("url", ["https://localhost/a", "https://localhost:8444/a", "https://elsewhere.example:8443/a"])
async def test_others_are_asked_where_they_are(url: str) -> None:
    sent = await _sent(url)
    assert (str(sent.url), "sni_hostname" in sent.extensions) == (url, False)


@pytest.mark.parametrize("address", ["", "keycloak:8443", "10.0.0.1:443", "[::1]:8443"])
def test_an_address_is_a_host_and_a_port(address: str, tmp_path: Path) -> None:
    assert checked(_settings(tmp_path, address=address)).sso_address == address


@pytest.mark.parametrize(
    "address", ["keycloak", ":8443", "keycloak:", "keycloak:x", "keycloak:99999", "https://keycloak:8443", "a@b:1"]
)
def test_anything_else_is_told_before_it_starts(address: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PAAS_SSO_ADDRESS is unusable"):
        checked(_settings(tmp_path, address=address))
