"""What one process refuses to take goes to another of its kind, and not to the same again.

Covers calls and sign-in checks. What is sent again at all is in test_upstreams.py.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.settings import Address, Credentials, GatewaySettings
from local.ports import HOST, SERVICES, free_base_port, port_of
from tests.integration.gateway.conftest import LIST_VARS, SIGNED_IN, Gateway, envoy_running
from tests.integration.gateway.fakes import ANSWER, Resetting, resetting

REFUSED_STREAM = 7
# So many that the same process is asked three times in a row, if it may be, in all but one of 2,000 runs.
# And fewer than the checks that a credential has in a second.
CALLS = 60


@dataclass
class Pairs:
    """A gateway with two processes of config and two of the sign-in check: one of each refuses whatever it is asked."""

    gateway: Gateway
    config: Resetting
    check: Resetting


@pytest.fixture
async def pairs(gateway: Gateway, tmp_path: Path) -> AsyncIterator[Pairs]:
    base_port = free_base_port()
    config, check = Resetting(REFUSED_STREAM), Resetting(REFUSED_STREAM)
    ports = {name: port_of(name, base_port=base_port) for name in ("config", "tokens")}
    good = {name: Address(HOST, port_of(name, base_port=gateway.base_port)) for name in SERVICES}
    settings = GatewaySettings(
        listen=Address(HOST, base_port),
        upstreams={name: [good[name]] for name in SERVICES}
        | {"config": [Address(HOST, ports["config"]), good["config"]]},
        sign_in_check=[Address(HOST, ports["tokens"]), good["tokens"]],
        credentials=Credentials(gateway.tls / "gateway.pem", gateway.tls / "gateway.key", gateway.tls / "ca.pem"),
        access_log=tmp_path / "access.log",
    )
    async with (
        resetting(config, tls=gateway.tls, name="config", port=ports["config"]),
        resetting(check, tls=gateway.tls, name="tokens", port=ports["tokens"]),
        envoy_running(settings, tmp_path),
    ):
        yield Pairs(replace(gateway, base_port=base_port), config, check)


async def test_what_one_process_refuses_another_is_asked(pairs: Pairs) -> None:
    answers = [await pairs.gateway.call(LIST_VARS, SIGNED_IN) for _ in range(CALLS)]
    assert answers == [ANSWER] * CALLS
    # The control: the others were asked as well, and each time once.
    assert 0 < pairs.config.requests < CALLS
    assert 0 < pairs.check.requests < CALLS
