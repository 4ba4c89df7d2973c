"""The overlay `local` with a real Keycloak: its pod, and people who sign in by what the overlay tells everybody.

All that is changed of the manifests are paths and addresses: those of pods are ports of this machine. Nobody listens at
the address of the issuer but for browsers, as nobody does in a pod.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

import pytest

from local.cluster import KEYCLOAK
from local.ports import DASHBOARD, GATEWAY, HOST, SIGN_IN_CHECK, free_base_port, port_of
from local.private_files import write_private
from local.stack import Stack
from paaskit.clock import utc_now
from paaskit.settings import load_settings
from services.tokens.settings import Settings as TokensSettings
from services.tokens.sso.directory import KeycloakDirectory
from services.tokens.sso.server import open_client, provider_of
from tests.deploy.rendered import environment, file_in, pods
from tests.fixtures.patient_envoy import patient_gateways
from tests.keycloak.conftest import require_keycloak
from tests.keycloak.product.browser import PAGES, Browser, asked_of, is_sent_to_sign_in
from tests.keycloak.server import distribution
from tests.keycloak.server.pod import FRONT, Pod, running
from tests.keycloak.server.realm import DASHBOARD as CLIENT
from tests.keycloak.server.realm import Person
from tests.keycloak.sign_in.page import Page
from tests.keycloak.sign_in.visitor import Visitor
from tests.keycloak.web import Web

_TOLD: Final = (GATEWAY, DASHBOARD, "tokens", SIGN_IN_CHECK)
_INSIDE: Final = (f"{KEYCLOAK}.paas.svc:8443", f"{KEYCLOAK}:8443")
_ADA, _PASSWORD = Person("ada", "acme", ("developer",)), "a password of a test"


@dataclass(frozen=True)
class Deployed:
    """The pod, where people's browsers find the dashboard here, and what the overlay tells of signing in."""

    pod: Pod
    base_port: int
    pages: str
    settings: Mapping[str, str]

    def browser(self) -> Browser:
        """One that has been nowhere yet, on the machine that both ports are forwarded to."""
        at_keycloak = Visitor(FRONT, self.pod.ca_file, port=self.pod.ports.public)
        return Browser(self.pages.removesuffix(PAGES), at_keycloak)


def _told(workload: str) -> dict[str, str]:
    (container,) = dict(pods("local"))[workload]["spec"]["containers"]
    return environment(container, "local")


def _settings(folder: Path, inside: str) -> dict[str, str]:
    """What all are told of signing in, with files written to `folder`, and Keycloak at `inside` for pods."""
    found: dict[str, str] = {}
    contents: dict[str, bytes] = {}
    for workload in _TOLD:
        for name, value in _told(workload).items():
            if not name.startswith("PAAS_SSO_"):
                continue
            here = value
            if name.endswith("_FILE"):
                here = str(folder / PurePosixPath(value).name)
                is_the_same = contents.setdefault(here, content := file_in(workload, value, "local")) == content
                assert is_the_same, f"{name} is another file in {workload}"
                write_private(Path(here), content)
            for address in _INSIDE:
                here = here.replace(address, inside)
            assert found.setdefault(name, here) == here, f"{name} is another one in {workload}"
    return found


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployed]:
    """Keycloak as the overlay has it."""
    require_keycloak()
    folder = Path(tempfile.mkdtemp(prefix="paas-deployed-"))
    folder.chmod(0o755)
    base_port = free_base_port()
    there, here = "127.0.0.1:7300", f"{HOST}:{port_of(GATEWAY, base_port=base_port)}"
    url = _told(DASHBOARD)["PAAS_URL"]
    assert url == f"http://{there}{PAGES}"
    ca_file = folder / "keycloak-ca.pem"
    ca_file.write_bytes(file_in(DASHBOARD, _told(DASHBOARD)["PAAS_SSO_CA_FILE"], "local"))
    try:
        with running(folder / "pod", ca_file, {there: here}) as pod:
            settings = _settings(folder, f"{HOST}:{pod.ports.public}")
            yield Deployed(pod, base_port, pod.here(url), settings)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def stack(deployed: Deployed) -> Iterator[Stack]:
    """The services, the gateway and the dashboard, told what the overlay tells them; and somebody at Keycloak."""
    deployed.pod.admin.create_person(_ADA, password=_PASSWORD)
    folder = Path(tempfile.mkdtemp(prefix="paas-deployed-stack-"))
    folder.chmod(0o755)
    stack = Stack(folder / ".paas", base_port=deployed.base_port)
    try:
        with pytest.MonkeyPatch.context() as environment_, patient_gateways():
            for name, value in {**deployed.settings, "PAAS_DASHBOARD_URL": deployed.pages}.items():
                environment_.setenv(name, value)
            stack.start()
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(folder)


def test_the_pod_serves_the_realm_at_the_address_that_people_use(deployed: Deployed) -> None:
    pod, web = deployed.pod, Web(deployed.pod.ca_file)
    here, issuer = f"https://{HOST}:{pod.ports.public}", f"{FRONT}/realms/paas"
    for probe in ("started", "live"):
        assert web.get(f"{pod.health}/health/{probe}").status == 200
    told = web.get(f"{here}/realms/paas/.well-known/openid-configuration").document
    # A service that asks inside is answered inside, and tokens say the address of people all the same.
    assert told["issuer"] == issuer
    assert told["jwks_uri"] == f"{here}/realms/paas/protocol/openid-connect/certs"
    assert told["authorization_endpoint"].startswith(issuer)
    assert web.get(told["jwks_uri"]).status == 200
    # What it writes is where volumes are.
    written = {path.relative_to(pod.home).parts[0] for path in _changed(pod.home)}
    assert written <= {"data", "lib"}
    assert list((pod.home / "data" / "h2").iterdir())


def _changed(home: Path) -> Iterator[Path]:
    """Files that the distribution does not have, or has otherwise."""
    original = distribution.ensure_built()
    for path in home.rglob("*"):
        there = original / path.relative_to(home)
        if path.is_file() and (not there.is_file() or there.stat().st_size != path.stat().st_size):
            yield path


def test_the_realm_is_imported_with_the_secret_that_was_made_and_the_address_of_the_dashboard(
    deployed: Deployed,
) -> None:
    client = deployed.pod.admin.client(CLIENT)
    is_the_same = client["secret"] == Path(deployed.settings["PAAS_SSO_CLIENT_SECRET_FILE"]).read_text()
    assert is_the_same
    assert client["redirectUris"] == [f"{deployed.pages}callback"]


@pytest.mark.usefixtures("stack")
def test_people_sign_in_to_the_dashboard_and_out_of_both(deployed: Deployed) -> None:
    browser, admin = deployed.browser(), deployed.pod.admin
    asked = browser.begin()
    assert asked.startswith(f"{FRONT}/realms/paas/")
    assert asked_of(asked)["redirect_uri"] == f"{deployed.pages}callback"
    page = browser.pages.open(browser.answer(asked, _ADA.name, _PASSWORD))
    assert (page.status, page.url) == (200, deployed.pages)
    assert _ADA.name in page.text
    assert admin.has_sessions(_ADA.name)
    done = browser.pages.press(page, "sign-out")
    assert urlsplit(done.url).path == f"{PAGES}signed-out"
    # Keycloak says that this is done at the address of people, where no pod finds it.
    assert not admin.has_sessions(_ADA.name)
    assert is_sent_to_sign_in(browser.pages.open(PAGES))


@pytest.mark.usefixtures("stack")
def test_keycloak_sends_nobody_to_another_port(deployed: Deployed) -> None:
    browser = deployed.browser()
    port = f"%3A{urlsplit(deployed.pages).port}%2F"
    asked = browser.begin()
    assert port in asked
    shown = browser.keycloak.open(asked.replace(port, "%3A1%2F"))
    assert isinstance(shown, Page)
    assert (shown.name, shown.form) == ("login-error", None)


@pytest.mark.usefixtures("stack")
async def test_tokens_is_told_of_people(deployed: Deployed) -> None:
    """By the client that the overlay gives it a secret of, as it asks about who made tokens."""
    told = {name: value for name, value in _told("tokens").items() if not name.endswith("_FILE")}
    a_file = deployed.settings["PAAS_SSO_CA_FILE"]
    others = {name: a_file for name in _told("tokens") if name.endswith("_FILE")}
    provider = provider_of(load_settings(TokensSettings, {**told, **others, **deployed.settings}))
    assert provider is not None
    async with open_client(provider.ca_file) as client:
        directory = KeycloakDirectory(
            client, provider.directory, tenant_attribute=provider.claims.tenant, clock=utc_now
        )
        user = deployed.pod.admin.user_id(_ADA.name)
        assert "config.write" in await directory.permissions(user, tenant="acme")
        assert not await directory.permissions(user, tenant="other")
