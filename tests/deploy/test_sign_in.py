"""Signing in at the Keycloak of the overlay `local`: what its parts are told of each other fits together.

That people sign in with it is tried in tests/keycloak/test_deployed.py.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from cryptography import x509

from local.cluster import KEYCLOAK, make_secrets
from local.failures import LocalFailure
from local.ports import DASHBOARD, GATEWAY, SIGN_IN_CHECK
from local.realm import CONFIDENTIAL, TEMPLATE, realm_with
from paaskit.clock import utc_now
from paaskit.settings import load_settings
from services.tokens.settings import Settings as TokensSettings
from services.tokens.sso.provider import Provider
from services.tokens.sso.server import provider_of
from tests.architecture.sources import ROOT
from tests.deploy.rendered import environment, file_in, manifests, of_kind, pods

_TOKENS = ("tokens", SIGN_IN_CHECK)
_OF_THE_REALM = "/keycloak/data/import/realm.json"


def _told(workload: str) -> dict[str, str]:
    (container,) = dict(pods("local"))[workload]["spec"]["containers"]
    return environment(container, "local")


def _realm() -> dict[str, Any]:
    """What Keycloak imports, with the address that it puts in itself."""
    text = file_in(KEYCLOAK, _OF_THE_REALM, "local").decode()
    document = json.loads(text.replace("${PAAS_DASHBOARD_URL}", _told(KEYCLOAK)["PAAS_DASHBOARD_URL"]))
    assert isinstance(document, dict)
    return document


def _client(name: str) -> dict[str, Any]:
    (client,) = (each for each in _realm()["clients"] if each["clientId"] == name)
    assert isinstance(client, dict)
    return client


def _hostname() -> str:
    """What Keycloak's issuers begin with."""
    (container,) = dict(pods("local"))[KEYCLOAK]["spec"]["containers"]
    (option,) = (each for each in container["args"] if each.startswith("--hostname="))
    return str(option).partition("=")[2]


def _provider(workload: str, folder: Path, **others: str) -> Provider:
    """Whom tokens believes, by what it is told."""
    (folder / "file").write_text("")
    told = {name: str(folder / "file") if name.endswith("_FILE") else each for name, each in _told(workload).items()}
    provider = provider_of(load_settings(TokensSettings, told | others))
    assert provider is not None
    return provider


@pytest.mark.parametrize("workload", [GATEWAY, DASHBOARD, *_TOKENS])
def test_all_are_told_of_the_issuer_that_keycloak_says_it_is(workload: str) -> None:
    realm = _realm()["realm"]
    assert _told(workload)["PAAS_SSO_ISSUER"] == f"{_hostname()}/realms/{realm}"


def test_people_are_sent_back_to_the_address_of_the_dashboard_and_to_no_other() -> None:
    url = _told(DASHBOARD)["PAAS_URL"]
    client = _client("paas-dashboard")
    assert client["redirectUris"] == [f"{url}callback"]
    assert client["attributes"]["post.logout.redirect.uris"] == url


@pytest.mark.parametrize(
    ("workload", "client", "setting"),
    [
        (DASHBOARD, "paas-dashboard", "PAAS_SSO_CLIENT_SECRET_FILE"),
        *((each, "paas-directory", "PAAS_SSO_DIRECTORY_SECRET_FILE") for each in _TOKENS),
    ],
)
def test_a_client_has_the_secret_that_the_realm_is_imported_with(workload: str, client: str, setting: str) -> None:
    secret = file_in(workload, _told(workload)[setting], "local").decode()
    # A failing test must not show it.
    is_long, is_the_same = len(secret) >= 32, _client(client)["secret"] == secret
    assert (is_long, is_the_same) == (True, True)


def test_two_clients_have_two_secrets_and_no_manifest_but_a_secret_has_them() -> None:
    secrets = {each["secret"] for each in _realm()["clients"] if "secret" in each}
    others = json.dumps([each for each in manifests("local") if each["kind"] != "Secret"])
    how_many, are_told = len(secrets), any(secret in others for secret in secrets)
    assert (how_many, are_told) == (len(CONFIDENTIAL), False)


def test_but_for_secrets_the_realm_is_that_of_operators() -> None:
    made = json.loads(file_in(KEYCLOAK, _OF_THE_REALM, "local"))
    for client in made["clients"]:
        client.pop("secret", None)
    assert made == json.loads(TEMPLATE.read_text())


@pytest.mark.parametrize("workload", _TOKENS)
def test_tokens_asks_inside_the_cluster_what_it_would_ask_at_the_issuer(workload: str, tmp_path: Path) -> None:
    inside = _provider(workload, tmp_path)
    at_the_issuer = {"PAAS_SSO_JWKS_URL": "", "PAAS_SSO_TOKEN_URL": "", "PAAS_SSO_DIRECTORY_URL": ""}
    outside = _provider(workload, tmp_path, **at_the_issuer)
    for here, there in (
        (inside.jwks_url, outside.jwks_url),
        (inside.directory.url, outside.directory.url),
        (inside.directory.token_url, outside.directory.token_url),
    ):
        assert there.startswith(f"{_hostname()}/")
        assert here == there.replace(_hostname(), f"https://{KEYCLOAK}.paas.svc:8443")
    assert (inside.issuer, inside.directory.client_id) == (outside.issuer, "paas-directory")


def _asked(workload: str) -> set[str]:
    """Where a workload connects to for Keycloak: host and port."""
    told = _told(workload)
    urls = [value for name, value in told.items() if name.startswith("PAAS_SSO_") and name.endswith("_URL")]
    return {told["PAAS_SSO_ADDRESS"]} if workload == DASHBOARD else {urlsplit(url).netloc for url in urls}


@pytest.mark.parametrize("workload", [DASHBOARD, *_TOKENS])
def test_where_they_ask_is_a_port_of_keycloak_s_that_policies_let_them_reach(workload: str) -> None:
    service = of_kind("local", "Service")[KEYCLOAK]
    (port,) = (each["port"] for each in service["spec"]["ports"])
    names = {KEYCLOAK, f"{KEYCLOAK}.{service['metadata']['namespace']}.svc"}
    assert _asked(workload) <= {f"{name}:{port}" for name in names}
    assert len(_asked(workload)) == 1
    policy = of_kind("local", "NetworkPolicy")["sign-in"]["spec"]
    assert workload in policy["podSelector"]["matchExpressions"][0]["values"]
    assert [each["port"] for each in policy["egress"][0]["ports"]] == [port]


def test_its_certificate_is_for_every_name_that_it_is_known_by_and_of_the_authority_that_all_are_told_of() -> None:
    certificate = x509.load_pem_x509_certificate(file_in(KEYCLOAK, "/etc/paas/tls/tls.crt", "local"))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known_by = {each.rpartition(":")[0] for workload in _TOKENS for each in _asked(workload)}
    # The dashboard wants that of the issuer, wherever it connects to.
    assert {*known_by, urlsplit(_hostname()).hostname} <= set(names.get_values_for_type(x509.DNSName))
    for workload in (DASHBOARD, *_TOKENS):
        authority = file_in(workload, _told(workload)["PAAS_SSO_CA_FILE"], "local")
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))


def test_what_browsers_go_to_is_forwarded_from_this_machine() -> None:
    skaffold = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
    forwarded = {each["resourceName"]: each["localPort"] for each in skaffold["portForward"]}
    assert urlsplit(_hostname()).port == forwarded[KEYCLOAK]
    assert urlsplit(_told(DASHBOARD)["PAAS_URL"]).port == forwarded[GATEWAY]


def test_what_was_made_once_stays_and_the_realm_follows_its_secrets(tmp_path: Path) -> None:
    make_secrets(tmp_path, now=utc_now())
    realm, password = tmp_path / KEYCLOAK / "realm.json", tmp_path / "passwords" / "paas-dashboard"
    made = realm.read_bytes()
    make_secrets(tmp_path, now=utc_now())
    is_the_same = realm.read_bytes() == made
    assert is_the_same
    assert {path.stat().st_mode & 0o777 for path in (realm, password)} == {0o600}
    password.write_text("another")
    make_secrets(tmp_path, now=utc_now())
    secrets = {each["clientId"]: each.get("secret") for each in json.loads(realm.read_bytes())["clients"]}
    is_followed = secrets["paas-dashboard"] == "another"
    assert is_followed


@pytest.mark.parametrize("client", ["paas-cli", "nobody"])
def test_a_client_that_has_no_secret_is_given_none(client: str) -> None:
    with pytest.raises(LocalFailure, match=f"no confidential client {client}"):
        realm_with({client: "secret"})
