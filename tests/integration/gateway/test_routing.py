"""What is routed and what never is: the public methods, exactly, whatever a path looks like."""

import grpc
import pytest

from gateway.methods import PublicMethod, public_methods
from tests.integration.gateway.conftest import LIST_VARS, SIGNED_IN, Gateway
from tests.integration.gateway.fakes import ANSWER, IDENTITY

SIGNED_IN_FOR = [method for method in public_methods() if not method.anyone]
FOR_ANYBODY = [method for method in public_methods() if method.anyone]


@pytest.mark.parametrize("method", SIGNED_IN_FOR, ids=lambda method: method.path)
async def test_a_public_method_reaches_its_service_with_the_identity_and_no_bearer(
    gateway: Gateway, method: PublicMethod
) -> None:
    if method.server_streaming:
        assert await gateway.stream(method.path, SIGNED_IN) == [ANSWER] * 3
    else:
        assert await gateway.call(method.path, SIGNED_IN) == ANSWER
    (arrival,) = gateway.services[method.upstream].arrivals
    assert arrival.path == method.path
    assert gateway.arrivals() == [method.path]
    assert arrival.metadata["x-paas-identity"] == IDENTITY
    assert "authorization" not in arrival.metadata
    assert gateway.check.requests[0].attributes.request.http.path == method.path


@pytest.mark.parametrize("method", FOR_ANYBODY, ids=lambda method: method.path)
async def test_what_anybody_may_call_goes_through_with_where_it_comes_from_and_nothing_else(
    gateway: Gateway, method: PublicMethod
) -> None:
    forged = (("x-paas-identity", "forged"), ("x-paas-client-address", "198.51.100.7"))
    for metadata in ((), (SIGNED_IN,), forged):
        assert await gateway.call(method.path, *metadata) == ANSWER
    assert gateway.check.requests == []
    for arrival in gateway.services[method.upstream].arrivals:
        assert arrival.metadata["x-paas-client-address"] == "127.0.0.1"
        assert not {"authorization", "x-paas-identity"} & set(arrival.metadata)


def test_what_anybody_may_call_was_reviewed() -> None:
    assert [method.path for method in FOR_ANYBODY] == ["/paas.tokens.v1.TrustsService/ExchangeToken"]


async def test_a_service_hears_nothing_that_it_does_not_ask_for(gateway: Gateway) -> None:
    said = [("user-agent", "curl"), ("x-user-agent", "grpc-web"), ("accept", "*/*"), ("origin", "https://example.com")]
    said.append(("cookie", "__Host-paas=of-a-browser"))
    await gateway.call(LIST_VARS, SIGNED_IN)
    traced = [("traceparent", f"00-{1:032x}-{1:016x}-01"), ("tracestate", "a=b"), ("baggage", "a=b")]
    await gateway.raw(LIST_VARS, SIGNED_IN, *said, *traced, ("x-request-id", "1"), ("accept-encoding", "gzip"))
    for arrival in gateway.services["config"].arrivals:
        assert set(arrival.metadata) <= {"x-paas-identity", "content-length", "content-type", "te"}


NOT_PUBLIC = [
    "/paas.config.v1.ConfigInternalService/GetDesiredState",
    "/paas.secrets.v1.SecretsInternalService/ResolveForRelease",
    "/paas.tokens.v1.TokensInternalService/IssueSignIn",
    "/paas.audit.v1.AuditInternalService/AppendEvents",
    "/paas.releaser.v1.ReleaserInternalService/RequestReleases",
    "/envoy.service.auth.v3.Authorization/Check",
    "/grpc.health.v1.Health/Check",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "/paas.config.v1.ConfigService/NoSuchMethod",
    "/paas.config.v1.ConfigService/listvars",
    "/paas.config.v1.ConfigService/",
    "/paas.config.v1.ConfigService/ListVars/",
    "/paas.config.v1.ConfigService/ListVars/x",
    "/",
]


@pytest.mark.parametrize("path", NOT_PUBLIC)
async def test_nothing_else_is_routed(gateway: Gateway, path: str) -> None:
    code, _ = await gateway.refusal(path, SIGNED_IN)
    assert code is grpc.StatusCode.UNIMPLEMENTED
    assert gateway.arrivals() == []
    assert gateway.check.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "paas.config.v1.ConfigService/ListVars",
        "paas.config.v1.ConfigInternalService/GetDesiredState",
        "/x/../paas.config.v1.ConfigInternalService/GetDesiredState",
        "//paas.config.v1.ConfigInternalService//GetDesiredState",
        "/paas.config.v1.ConfigService/ListVars/../../paas.config.v1.ConfigInternalService/GetDesiredState",
        "/paas.config.v1.ConfigService%2fListVars",
        "/paas.config.v1.ConfigInternalService\\GetDesiredState",
        "/paas.config.v1.ConfigService/ListVars;x",
        "http://elsewhere/paas.config.v1.ConfigInternalService/GetDesiredState",
        "*",
    ],
)
async def test_odd_paths_reach_no_service(gateway: Gateway, path: str) -> None:
    status, headers, _ = await gateway.raw(path, SIGNED_IN)
    assert status in (400, 404) or headers["grpc-status"] == "12"
    assert gateway.arrivals() == []


@pytest.mark.parametrize("slash", ["%2f", "%2F", "%5c", "%5C"])
async def test_an_escaped_slash_is_refused_before_any_route_is_looked_for(gateway: Gateway, slash: str) -> None:
    """What comes later might undo the escape and see another path than the one that was let through."""
    for path in (f"/paas.config.v1.ConfigService{slash}ListVars", f"{LIST_VARS}{slash}x", f"{LIST_VARS}{slash}.."):
        status, _, _ = await gateway.raw(path, SIGNED_IN)
        assert status == 400, path
    assert gateway.arrivals() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS", "DELETE"])
async def test_only_post_is_routed(gateway: Gateway, method: str) -> None:
    status, headers, _ = await gateway.raw(LIST_VARS, SIGNED_IN, method=method)
    # The gateway's own answer, for what has no route: the service would refuse it as well, in other words.
    assert status == 404 or headers["grpc-status"] == "12"
    assert gateway.arrivals() == []
