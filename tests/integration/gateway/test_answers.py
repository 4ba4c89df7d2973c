"""What comes back: framing, trailers, the access log; and that Envoy itself finds nothing wrong."""

import asyncio
import json
import subprocess
from typing import Any

from local import envoy
from tests.fixtures.waiting import until
from tests.integration.gateway.conftest import LIST_VARS, SIGNED_IN, Gateway
from tests.integration.gateway.fakes import ANSWER, IDENTITY


async def test_grpc_web_gets_its_message_and_its_trailers(gateway: Gateway) -> None:
    status, headers, body = await gateway.raw(LIST_VARS, SIGNED_IN)
    assert (status, headers["content-type"]) == (200, "application/grpc-web+proto")
    assert bytes([0, 0, 0, 0, len(ANSWER)]) + ANSWER in body
    assert b"grpc-status:0" in body.replace(b" ", b"")
    assert "server" not in headers


async def test_the_access_log_has_the_route_and_nothing_a_client_wrote(gateway: Gateway) -> None:
    planted = "paas_pat_planted"
    await gateway.raw(f"{LIST_VARS}?q={planted}", ("authorization", planted), ("user-agent", planted))
    await gateway.raw(f"/{planted}", SIGNED_IN, ("x-request-id", planted))
    await gateway.call(LIST_VARS, SIGNED_IN)

    def last() -> dict[str, Any]:
        lines = gateway.access_log.read_text().splitlines()
        return json.loads(lines[-1]) if lines else {}

    await until(lambda: (last().get("grpc_status"), last().get("route")) == ("OK", LIST_VARS[1:]))
    text = gateway.access_log.read_text()
    assert planted not in text
    assert "good" not in text
    assert IDENTITY not in text
    assert last()["status"] == 200


async def test_the_bundled_envoy_accepts_the_configuration(running: Gateway) -> None:
    configuration = running.access_log.parent / "envoy.json"
    checked = await asyncio.create_subprocess_exec(
        *envoy.command(configuration), "--mode", "validate", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = (await checked.communicate())[0].decode()
    assert checked.returncode == 0, output
    assert "warn" not in output.lower()
    assert "admin" not in json.loads(configuration.read_text())
