"""What somebody with a valid token, or with none, gets out of the gateway and the services by hand.

Covers: forged headers, everything that is not a public method, requests that are too large or no gRPC at all, and
services called without the gateway. Leaves out every caller on every method, which the access tests have.
"""

import importlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import jwt
import paas as contracts
import pytest
from paas.config.v1 import config_pb2
from paas.tokens.v1 import tokens_pb2

from gateway.methods import INTERNAL_SUFFIX
from local.certificates import dns_san
from local.ports import FOR_DASHBOARD, HOST, SERVICES, port_of, public_of
from paaskit.identity import Identity, StoredToken, claims_of
from tests.e2e.installation import Installation, Paas, config_of
from tests.fixtures.late import in_time
from tests.fixtures.waiting import PATIENCE

WHO_AM_I = "/paas.tokens.v1.TokensService/WhoAmI"
SET_VARS = "/paas.config.v1.ConfigService/SetVars"


def internal_methods() -> Iterator[str]:
    """The paths of what only services may call."""
    for package in ("audit", "config", "releaser", "secrets", "tokens"):
        module = importlib.import_module(f"{contracts.__name__}.{package}.v1.{package}_pb2")
        for name, service in module.DESCRIPTOR.services_by_name.items():
            if name.endswith(INTERNAL_SUFFIX):
                yield from (f"/{service.full_name}/{method.name}" for method in service.methods)


NOT_PUBLIC = (
    *internal_methods(),
    "/envoy.service.auth.v3.Authorization/Check",
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "/paas.config.v1.ConfigService/NoSuchMethod",
    "/paas.config.v1.ConfigService/ListVars/",
    "/paas.config.v1.ConfigService/../paas.config.v1.ConfigInternalService/ResolveApp",
    "/paas.config.v1.configservice/ListVars",
    "/",
)


class Caller:
    """Plain gRPC with whatever headers one likes.

    At the gateway something may be late once, on a machine that has other things to do: that is asked again.
    """

    def __init__(self, channel: grpc.Channel, token: str, *, asks_again: bool = False) -> None:
        self._channel = channel
        self._asks_again = asks_again
        self.bearer = ("authorization", f"Bearer {token}")

    def call(self, path: str, request: bytes, *headers: tuple[str, str]) -> bytes:
        """One unary call."""
        unary: Any = self._channel.unary_unary(path)

        def once() -> bytes:
            return bytes(unary(request, metadata=headers, timeout=PATIENCE))

        return in_time(once) if self._asks_again else once()

    def code(self, path: str, request: bytes, *headers: tuple[str, str]) -> grpc.StatusCode:
        """How one unary call is refused."""
        with pytest.raises(grpc.RpcError) as refusal:
            self.call(path, request, *headers)
        return refusal.value.code()

    def who_am_i(self, *headers: tuple[str, str]) -> tuple[str, str]:
        """Tenant and subject as the services see them."""
        answer = tokens_pb2.WhoAmIResponse.FromString(self.call(WHO_AM_I, b"", self.bearer, *headers))
        return answer.tenant, answer.subject


@pytest.fixture
def caller(installation: Installation, ada: Paas) -> Iterator[Caller]:
    with grpc.insecure_channel(installation.stack.gateway_url.removeprefix("http://")) as channel:
        yield Caller(channel, ada.environment["PAAS_TOKEN"], asks_again=True)


@pytest.mark.parametrize("path", NOT_PUBLIC)
def test_what_is_not_public_is_not_there(caller: Caller, path: str) -> None:
    for headers in ((), (caller.bearer,)):
        assert caller.code(path, b"", *headers) in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.NOT_FOUND)


def test_forged_headers_change_nothing(caller: Caller, installation: Installation) -> None:
    identity = _identity_of(installation)
    for headers in (
        (("x-paas-identity", identity),),
        (("x-paas-identity", "e30.e30."), ("x-paas-tenant", "other"), ("x-paas-subject", "user:root")),
        (("X-PAAS-Identity".lower(), identity), ("x-paas-permissions", "keys.manage")),
        (("x-forwarded-for", "10.0.0.1"), ("x-forwarded-client-cert", "URI=spiffe://paas/releaser")),
    ):
        assert caller.who_am_i(*headers) == ("acme", "user:ada@example.com")
        assert caller.code(WHO_AM_I, b"", *headers) is grpc.StatusCode.UNAUTHENTICATED
    damaged = ("authorization", caller.bearer[1] + "x")
    for header in (damaged, ("authorization", "Basic YTpi"), ("authorization", "Bearer "), ("authorization", identity)):
        assert caller.code(WHO_AM_I, b"", header) is grpc.StatusCode.UNAUTHENTICATED


def _identity_of(installation: Installation) -> str:
    """An identity that is well signed, by the very key of this installation, for somebody of another tenant."""
    now = datetime.now(UTC)
    identity = Identity(
        tenant="other",
        subject="user:mallory@example.com",
        kind="user",
        permissions=frozenset({"tokens.manage", "secrets.reveal"}),
        apps=None,
        origin=StoredToken(token_id="forged"),
        client_address="",
        ends_at=now + timedelta(seconds=50),
        expires_at=now + timedelta(seconds=50),
    )
    key = installation.stack.layout.signing_key.read_bytes()
    return jwt.encode(claims_of(identity, issued_at=now), key, algorithm="EdDSA", headers={"kid": "forged"})


def test_a_request_of_two_megabytes(caller: Caller, idle: Paas) -> None:
    request = config_pb2.SetVarsRequest(request_id="two-megabytes", app=idle.environment["PAAS_APP"])
    request.vars.add(name="BIG", value="x" * 2_000_000)
    refused = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT)
    assert caller.code(SET_VARS, request.SerializeToString(), caller.bearer) in refused
    assert config_of(idle) == {}


@pytest.mark.parametrize("request_", [b"\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x02\xff\xfe", b"\x1a" * 4000])
def test_bytes_that_are_no_message(caller: Caller, request_: bytes) -> None:
    assert caller.code(SET_VARS, request_, caller.bearer) in (
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.INTERNAL,
    )
    assert caller.who_am_i()[0] == "acme"


@pytest.mark.parametrize("service", SERVICES)
def test_services_answer_nobody_without_the_right_certificate(installation: Installation, service: str) -> None:
    stack = installation.stack
    address = f"{HOST}:{port_of(service, base_port=stack.base_port)}"
    path = "/paas.config.v1.ConfigService/ListVars" if service == "config" else f"/paas.{service}.v1.X/Y"
    with grpc.insecure_channel(address) as channel:
        assert Caller(channel, "").code(path, b"") is grpc.StatusCode.UNAVAILABLE
    options = [("grpc.ssl_target_name_override", dns_san(service))]
    ca = (stack.layout.tls / "ca.pem").read_bytes()
    with grpc.secure_channel(address, grpc.ssl_channel_credentials(ca), options) as channel:
        assert Caller(channel, "").code(path, b"") is grpc.StatusCode.UNAVAILABLE


def test_another_service_s_certificate_is_not_enough(installation: Installation) -> None:
    stack, options = installation.stack, [("grpc.ssl_target_name_override", dns_san("secrets"))]
    tls = stack.layout.tls
    identity = ("x-paas-identity", _identity_of(installation))
    for name in ("config", "audit", "tokens", "operator", "provisioner"):
        credentials = grpc.ssl_channel_credentials(
            (tls / "ca.pem").read_bytes(), (tls / f"{name}.key").read_bytes(), (tls / f"{name}.pem").read_bytes()
        )
        for listener, path in (
            ("secrets", "/paas.secrets.v1.SecretsInternalService/ResolveForRelease"),
            (public_of("secrets"), "/paas.secrets.v1.SecretsService/RevealSecret"),
        ):
            address = f"{HOST}:{port_of(listener, base_port=stack.base_port)}"
            with grpc.secure_channel(address, credentials, options) as channel:
                assert Caller(channel, "").code(path, b"", identity) is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("name", ["config", "tokens", "gateway", "operator", "provisioner", "dashboard"])
def test_nobody_but_the_dashboard_says_for_which_address_it_calls(installation: Installation, name: str) -> None:
    stack = installation.stack
    tls = stack.layout.tls
    credentials = grpc.ssl_channel_credentials(
        (tls / "ca.pem").read_bytes(), (tls / f"{name}.key").read_bytes(), (tls / f"{name}.pem").read_bytes()
    )
    address = f"{HOST}:{port_of(FOR_DASHBOARD, base_port=stack.base_port)}"
    options = [("grpc.ssl_target_name_override", dns_san("gateway"))]
    with grpc.secure_channel(address, credentials, options) as channel:
        code = Caller(channel, "", asks_again=name == "dashboard").code(WHO_AM_I, b"")
    # Who gets as far as being asked for a token is let in.
    assert code is (grpc.StatusCode.UNAUTHENTICATED if name == "dashboard" else grpc.StatusCode.UNAVAILABLE)
