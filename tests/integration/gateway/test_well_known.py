"""How to sign in: what the gateway tells whoever asks, and that nothing else got a way in by it."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import bootstrap
from gateway.methods import public_methods
from gateway.process.settings import single_sign_on
from gateway.routes.well_known import PATH, document
from gateway.settings import Address, Credentials, GatewaySettings, SingleSignOn
from local.ports import SERVICES
from paaskit.settings import SettingsError
from tests.integration.gateway.conftest import Gateway

_SSO = SingleSignOn("https://sso.example.com/realms/paas", "paas-cli", ("openid", "roles"))


async def test_anybody_is_told_how_to_sign_in_and_nobody_else_is_asked(gateway: Gateway) -> None:
    status, headers, body = await gateway.raw(PATH, method="GET", content_type=None, body=b"")
    assert (status, json.loads(body)) == (200, {"sign_in": {"kind": "operator"}})
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "public, max-age=60"
    assert "server" not in headers
    assert gateway.check.requests == []
    assert gateway.begun() == []


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", None])
async def test_whatever_the_request_says_the_answer_is_the_same(gateway: Gateway, content_type: str | None) -> None:
    odd = [("authorization", "Bearer x"), ("x-paas-identity", "forged"), ("accept", "text/html")]
    status, _, body = await gateway.raw(f"{PATH}?a=b", *odd, method="GET", content_type=content_type, body=b"")
    assert (status, json.loads(body)) == (200, {"sign_in": {"kind": "operator"}})
    assert gateway.check.requests == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", PATH),
        ("PUT", PATH),
        ("DELETE", PATH),
        ("OPTIONS", PATH),
        ("GET", f"{PATH}/"),
        ("GET", f"{PATH}/x"),
        ("GET", f"{PATH}x"),
        ("GET", f"{PATH}/../paas.config.v1.ConfigService/ListVars"),
        ("GET", "/.well-known/"),
        ("GET", "/.well-known/PaaS"),
    ],
)
async def test_nothing_beside_it_is_told(gateway: Gateway, method: str, path: str) -> None:
    status, headers, body = await gateway.raw(path, method=method)
    assert status in (404, 415) or headers["grpc-status"] == "12"
    assert b"sign_in" not in body
    assert gateway.arrivals() == []


def test_with_single_sign_on_it_is_the_issuer_the_client_and_its_scopes_and_no_more(tmp_path: Path) -> None:
    routes = _routes(tmp_path, _SSO)
    told = [each for each in routes if "body" in each.get("direct_response", {}) and each["name"] == "sign-in"]
    assert len(told) == 1
    assert json.loads(told[0]["direct_response"]["body"]["inline_string"]) == document(_SSO)
    assert document(_SSO) == {
        "sign_in": {
            "kind": "oidc",
            "issuer": "https://sso.example.com/realms/paas",
            "client_id": "paas-cli",
            "scopes": ["openid", "roles"],
        }
    }


def test_it_and_the_document_are_all_that_asks_nobody_and_answers_200(tmp_path: Path) -> None:
    """Every other route goes to a service behind the sign-in check, or refuses, but for what anybody may call."""
    for_anybody = {f"{method.service}/{method.method}" for method in public_methods() if method.anyone}
    for route in _routes(tmp_path, _SSO):
        if "route" in route:
            asks_nobody = "envoy.filters.http.ext_authz" in route.get("typed_per_filter_config", {})
            assert asks_nobody == (route["name"].removeprefix("json/") in for_anybody)
        elif route["name"] not in {"sign-in", "openapi"}:
            assert route["direct_response"]["status"] >= 400


@pytest.mark.parametrize(
    "issuer",
    ["http://sso.example.com", "sso.example.com", "https://sso.example.com/?a=b", "https://a@b/", "https://a/#x", " "],
)
def test_an_issuer_that_is_none_keeps_the_gateway_from_starting(issuer: str) -> None:
    with pytest.raises(SettingsError, match="PAAS_SSO_ISSUER"):
        single_sign_on(issuer, client_id="paas-cli", scopes="openid")


def test_an_issuer_is_told_exactly_as_it_is_set() -> None:
    for issuer in ("https://sso.example.com", "https://sso.example.com/", "https://sso.example.com:8443/realms/paas"):
        assert single_sign_on(issuer, client_id="c", scopes="a b") == SingleSignOn(issuer, "c", ("a", "b"))
    assert single_sign_on("", client_id="c", scopes="a b") is None


def _routes(folder: Path, sso: SingleSignOn) -> list[dict[str, Any]]:
    here = Address("127.0.0.1", 1)
    settings = GatewaySettings(
        listen=here,
        upstreams={name: [here] for name in SERVICES},
        sign_in_check=[here],
        credentials=Credentials(folder / "a", folder / "b", folder / "c"),
        access_log=folder / "d",
        single_sign_on=sso,
    )
    listener = bootstrap(settings)["static_resources"]["listeners"][0]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    routes: list[dict[str, Any]] = manager["route_config"]["virtual_hosts"][0]["routes"]
    return routes
