"""Who gets in: header cleaning, the sign-in check and its failure. Leaves out what tokens decides."""

import grpc
import pytest

from gateway.transcoding.replies import NOT_CHECKED
from tests.integration.gateway.conftest import LIST_VARS, SIGNED_IN, Gateway
from tests.integration.gateway.fakes import ANSWER, IDENTITY


async def test_forged_headers_change_nothing(gateway: Gateway) -> None:
    forged = [("x-paas-identity", "forged"), ("x-paas-tenant", "other"), ("X-PaaS-Identity", "forged-again")]
    more = [("x-forwarded-for", "6.6.6.6"), ("x-envoy-retry-on", "5xx"), ("x-envoy-external-address", "6.6.6.6")]
    # Some of those that a proxy says are removed one by one; this one is not.
    more += [("x-forwarded-host", "6.6.6.6"), ("x-forwarded-else", "6.6.6.6")]
    status, _, body = await gateway.raw(LIST_VARS, SIGNED_IN, *forged, *more)
    assert (status, ANSWER in body) == (200, True)
    (arrival,) = gateway.services["config"].arrivals
    assert arrival.metadata["x-paas-identity"] == IDENTITY
    assert "forged" not in str(arrival.metadata)
    assert "6.6.6.6" not in str(arrival.metadata)
    assert "x-paas-tenant" not in arrival.metadata
    assert "x-envoy-retry-on" not in arrival.metadata
    asked = gateway.check.requests[0].attributes
    assert asked.source.address.socket_address.address == "127.0.0.1"
    assert set(asked.request.http.headers) == {"authorization"}


async def test_a_header_with_an_underscore_is_refused(gateway: Gateway) -> None:
    status, _, _ = await gateway.raw(LIST_VARS, SIGNED_IN, ("x_paas_identity", "forged"))
    assert status == 400
    assert gateway.arrivals() == []


async def test_no_bearer_is_a_denial_and_not_an_outage(gateway: Gateway) -> None:
    code, headers = await gateway.refusal(LIST_VARS)
    assert code is grpc.StatusCode.UNAUTHENTICATED
    assert "x-paas-unavailable" not in headers
    assert gateway.arrivals() == []


async def test_a_forged_identity_does_not_replace_a_bearer(gateway: Gateway) -> None:
    code, _ = await gateway.refusal(LIST_VARS, ("x-paas-identity", IDENTITY))
    assert code is grpc.StatusCode.UNAUTHENTICATED
    assert gateway.arrivals() == []


async def test_without_tokens_nobody_enters_and_the_answer_says_why(gateway: Gateway) -> None:
    async with gateway.without("tokens"):
        code, headers = await gateway.refusal(LIST_VARS, SIGNED_IN)
        assert code is grpc.StatusCode.UNAVAILABLE
        assert headers["x-paas-unavailable"] == "tokens"
        status, web_headers, _ = await gateway.raw(LIST_VARS, SIGNED_IN)
        assert (status, web_headers["grpc-status"], web_headers["x-paas-unavailable"]) == (200, "14", "tokens")
        assert web_headers["grpc-message"] == NOT_CHECKED.lower()
    assert gateway.arrivals() == []


async def test_a_check_that_takes_too_long_is_given_up(hasty: Gateway) -> None:
    # Longer than anybody waits here: without a limit of the gateway's own the call would not end in time.
    hasty.check.delay = 3600
    code, headers = await hasty.refusal(LIST_VARS, SIGNED_IN)
    assert (code, headers["x-paas-unavailable"]) == (grpc.StatusCode.UNAVAILABLE, "tokens")
    assert hasty.arrivals() == []


@pytest.mark.parametrize("name", ["x-paas-tenant", "x-other", "content-type", ":path", "grpc-timeout"])
async def test_tokens_sets_the_identity_and_no_other_header(gateway: Gateway, name: str) -> None:
    gateway.check.more_headers[name] = "set-by-tokens"
    with pytest.raises(grpc.aio.AioRpcError):
        await gateway.call(LIST_VARS, SIGNED_IN)
    assert gateway.arrivals() == []
