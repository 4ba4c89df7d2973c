"""How services are reached: mTLS to exactly the right one, retries, deadlines."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest

from local.certificates import ensure_certificates
from local.ports import port_of
from tests.fixtures.waiting import until
from tests.integration.gateway.conftest import LIST_VARS, SIGNED_IN, Gateway
from tests.integration.gateway.fakes import Resetting, resetting

# RFC 9113, section 7.
INTERNAL_ERROR, REFUSED_STREAM, CANCEL = 2, 7, 8


async def test_a_dead_service_is_unavailable_and_not_the_sign_in_check(gateway: Gateway) -> None:
    async with gateway.without("config"):
        code, headers = await gateway.refusal(LIST_VARS, SIGNED_IN)
    assert code is grpc.StatusCode.UNAVAILABLE
    assert "x-paas-unavailable" not in headers


async def test_another_services_certificate_is_not_accepted(gateway: Gateway) -> None:
    async with gateway.with_certificate_of("config", of="releaser", tls=gateway.tls):
        code, _ = await gateway.refusal(LIST_VARS, SIGNED_IN)
    assert code is grpc.StatusCode.UNAVAILABLE
    assert gateway.arrivals() == []


async def test_another_authoritys_certificate_is_not_accepted(gateway: Gateway, tmp_path: Path) -> None:
    ensure_certificates(tmp_path / "tls", ["config"], now=datetime.now(UTC))
    # It admits the gateway, so that the gateway is who refuses.
    shutil.copy2(gateway.tls / "ca.pem", tmp_path / "tls" / "ca.pem")
    async with gateway.with_certificate_of("config", of="config", tls=tmp_path / "tls"):
        code, _ = await gateway.refusal(LIST_VARS, SIGNED_IN)
    assert code is grpc.StatusCode.UNAVAILABLE
    assert gateway.arrivals() == []


async def test_what_a_service_may_have_done_is_not_done_twice(gateway: Gateway) -> None:
    gateway.services["config"].abort_with = grpc.StatusCode.UNAVAILABLE
    more = [("x-envoy-retry-grpc-on", "unavailable"), ("x-envoy-max-retries", "5")]
    code, _ = await gateway.refusal(LIST_VARS, SIGNED_IN, *more)
    assert code is grpc.StatusCode.UNAVAILABLE
    assert gateway.arrivals() == [LIST_VARS]


@pytest.mark.parametrize(("error", "requests"), [(INTERNAL_ERROR, 1), (CANCEL, 1), (REFUSED_STREAM, 3)])
async def test_a_request_is_sent_again_only_where_its_service_did_not_take_it(
    gateway: Gateway, error: int, requests: int
) -> None:
    """A stream that was refused had no effect (RFC 9113, 8.7); of one that was reset otherwise nobody knows."""
    behaviour = Resetting(error)
    port = port_of("config", base_port=gateway.base_port)
    async with gateway.without("config"), resetting(behaviour, tls=gateway.tls, name="config", port=port):
        # Twice: the first may have been asked for when the one before it was still thought to be there.
        await until(lambda: behaviour.asked_how_it_is >= 2)
        code, _ = await gateway.refusal(LIST_VARS, SIGNED_IN)
    assert (code, behaviour.requests) == (grpc.StatusCode.UNAVAILABLE, requests)


async def test_the_clients_deadline_is_kept_and_passed_on(gateway: Gateway) -> None:
    # Longer than anybody waits here: only the deadline, or the test's own patience, ends the call.
    gateway.services["config"].delay = 3600
    arrivals = gateway.services["config"].arrivals

    async def arrives() -> bool:
        _, headers, _ = await gateway.raw(LIST_VARS, SIGNED_IN, ("grpc-timeout", "2S"))
        assert headers["grpc-status"] == "4"
        return bool(arrivals)

    await until(arrives)  # on a busy machine the deadline may be over before the service is asked
    assert arrivals[0].time_left is not None
    assert arrivals[0].time_left < 2
