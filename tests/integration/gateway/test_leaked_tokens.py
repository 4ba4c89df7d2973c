"""`POST /leaked-tokens` at the gateway: what gets through, as it came, and what its limits keep out and leave alone.

Covers the gateway with a fake behind it. Leaves out what tokens does with a report (tests/integration/tokens).
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from paas.leaks.v1 import leaks_pb2

from gateway.bootstrap import bootstrap
from gateway.limits.bounds import MAX_BODY_BYTES
from gateway.methods import public_methods
from gateway.process.settings import Settings, gateway_settings
from gateway.routes.leaked_tokens import OF_ADDRESS, OF_ALL
from gateway.settings import Address, Credentials, GatewaySettings
from local.ports import SERVICES, free_base_port
from paaskit.settings import load_settings
from tests.fixtures.waiting import PATIENCE
from tests.integration.gateway.conftest import LIST_VARS, SIGNED_IN, Gateway, envoy_running
from tests.integration.gateway.floods import at_once, request_of

PATH: Final = "/leaked-tokens"
RPC: Final = "/paas.leaks.v1.LeaksInternalService/ReportLeaks"
JSON: Final = "application/json"
BODY: Final = b'[ {"token":"some_token", "type":"some_type"} ]\n'
ANSWER: Final = b'[{"label": "true_positive"}]'
_CHECKS: Final = 256  # of an address in a second, as it stands in gateway/filters/sign_ins.lua
SIGNED: Final = (("Github-Public-Key-Identifier", "abc"), ("Github-Public-Key-Signature", "MEQC=="))


@pytest.fixture(autouse=True)
def _tokens_answers_as_it_would(gateway: Gateway) -> None:
    answer = leaks_pb2.ReportLeaksResponse()
    answer.body.content_type, answer.body.data = JSON, ANSWER
    gateway.services["tokens"].answers[RPC] = answer.SerializeToString()


@pytest.fixture
async def limits(gateway: Gateway) -> AsyncIterator[None]:
    """For a test that uses them up: they are whole before it, and before the next one."""
    whole_after = 1.05 * max(at_once / in_a_second for at_once, in_a_second in (OF_ADDRESS, OF_ALL))
    await asyncio.sleep(whole_after)
    yield
    await gateway.all_back()
    await asyncio.sleep(whole_after)


async def test_a_report_arrives_byte_for_byte_with_its_signature_and_nobody_is_asked(gateway: Gateway) -> None:
    for content_type in (JSON, "application/json; charset=utf-8", "Application/JSON".lower()):
        status, headers, body = await gateway.raw(PATH, *SIGNED, content_type=content_type, body=BODY)
        assert (status, body) == (200, ANSWER)
        assert (headers["content-type"], headers["cache-control"]) == (JSON, "no-store")
        assert "server" not in headers
    for arrival in gateway.services["tokens"].arrivals:
        assert arrival.path == RPC
        assert leaks_pb2.ReportLeaksRequest.FromString(arrival.message).body.data == BODY
        assert arrival.metadata["github-public-key-identifier"] == "abc"
        assert arrival.metadata["github-public-key-signature"] == "MEQC=="
    assert len(gateway.services["tokens"].arrivals) == 3
    assert gateway.check.requests == []


async def test_no_bearer_and_no_identity_gets_in_by_it(gateway: Gateway) -> None:
    forged = [SIGNED_IN, ("cookie", "a=b"), ("x-paas-identity", "forged"), ("x-envoy-upstream-rq-timeout-ms", "1")]
    status, _, _ = await gateway.raw(PATH, *SIGNED, *forged, content_type=JSON, body=BODY)
    assert status == 200
    (arrival,) = gateway.services["tokens"].arrivals
    assert {"authorization", "cookie", "x-paas-identity", "x-envoy-upstream-rq-timeout-ms"}.isdisjoint(arrival.metadata)


@pytest.mark.parametrize(
    ("method", "path", "content_type"),
    [
        ("GET", PATH, JSON),
        ("PUT", PATH, JSON),
        ("OPTIONS", PATH, None),
        ("POST", f"{PATH}/", JSON),
        ("POST", f"{PATH}x", JSON),
        ("POST", f"{PATH}?body.data=eA==", JSON),
        ("POST", f"{PATH}?", JSON),
        ("POST", f"/x/..{PATH}?x", JSON),
        ("POST", "/Leaked-Tokens", JSON),
        ("POST", RPC, JSON),
        ("POST", PATH, "text/plain"),
        ("POST", PATH, "application/jsonp"),
        ("POST", PATH, None),
        ("POST", PATH, "application/grpc"),
        ("POST", PATH, "application/grpc-web+proto"),
        ("POST", RPC, "application/grpc-web+proto"),
    ],
)
async def test_nothing_beside_it_gets_in(gateway: Gateway, method: str, path: str, content_type: str | None) -> None:
    status, headers, _ = await gateway.raw(path, *SIGNED, method=method, content_type=content_type, body=BODY)
    assert status in (404, 415) or headers["grpc-status"] in ("12", "3")
    assert gateway.begun() == []


async def test_the_method_itself_can_t_be_called_in_grpc(gateway: Gateway) -> None:
    for path in (RPC, PATH):
        code, _ = await gateway.refusal(path, SIGNED_IN)
        assert code is grpc.StatusCode.UNIMPLEMENTED
    assert gateway.begun() == []


async def test_other_methods_can_t_be_called_in_json(gateway: Gateway) -> None:
    status, _, _ = await gateway.raw(LIST_VARS, SIGNED_IN, content_type=JSON, body=b"{}")
    assert status == 415
    assert gateway.begun() == []


async def test_what_is_too_large_is_refused_in_the_reporter_s_own_words(gateway: Gateway) -> None:
    status, _, _ = await gateway.raw(PATH, *SIGNED, content_type=JSON, body=b"x" * (MAX_BODY_BYTES + 1))
    assert status == 413
    assert gateway.begun() == []
    whole = b"x" * MAX_BODY_BYTES
    status, _, _ = await gateway.raw(PATH, *SIGNED, content_type=JSON, body=whole)
    assert status == 200
    (arrival,) = gateway.services["tokens"].arrivals
    assert leaks_pb2.ReportLeaksRequest.FromString(arrival.message).body.data == whole


async def test_what_does_not_come_in_time_is_refused_and_takes_no_place(hasty: Gateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hasty.base_port)
    head = f"POST {PATH} HTTP/1.1\r\nhost: gateway\r\ncontent-type: {JSON}\r\ncontent-length: 10\r\n\r\n[1,"
    writer.write(head.encode())
    async with asyncio.timeout(PATIENCE):
        answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert hasty.begun() == []


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, 401),
        (grpc.StatusCode.INVALID_ARGUMENT, 400),
        (grpc.StatusCode.UNAVAILABLE, 503),
        (grpc.StatusCode.INTERNAL, 500),
    ],
)
async def test_errors_have_their_http_status_and_a_text(gateway: Gateway, code: grpc.StatusCode, status: int) -> None:
    gateway.services["tokens"].abort_with = code
    answered, headers, body = await gateway.raw(PATH, *SIGNED, content_type=JSON, body=BODY)
    assert (answered, headers["content-type"]) == (status, JSON)
    assert json.loads(body) == {"code": code.value[0], "message": "as told", "details": []}


@pytest.mark.usefixtures("limits")
async def test_one_address_has_its_own_limit_which_takes_nothing_from_others(gateway: Gateway) -> None:
    """As many come as all have: were it not for its own limit, they would all get in."""
    statuses: Counter[int] = Counter()
    while 429 not in statuses:  # how many it takes depends on how fast they come
        statuses += await _at_once(gateway, "127.8.0.1", OF_ALL[0])
    assert set(statuses) == {200, 429}
    assert statuses[200] >= OF_ADDRESS[0]
    assert await _report(gateway, "127.8.0.2") == 200
    assert len(gateway.services["tokens"].begun) == statuses[200] + 1


@pytest.mark.usefixtures("limits")
async def test_all_together_have_a_limit_and_signing_in_has_another(gateway: Gateway) -> None:
    """Neither counts the other's: a flood of reports keeps nobody out, and a flood of tokens no report."""
    sources = [f"127.0.{each}.1" for each in range(1, 200)]
    statuses: Counter[int] = Counter()
    while 429 not in statuses:  # how many it takes depends on how fast they come
        statuses += Counter(await asyncio.gather(*(_report(gateway, source) for source in sources)))
    assert set(statuses) == {200, 429}
    assert statuses[200] >= OF_ALL[0]
    for _ in range(3):
        await gateway.call(LIST_VARS, SIGNED_IN)


@pytest.mark.usefixtures("limits")
async def test_a_flood_of_wrong_tokens_keeps_no_report_out(gateway: Gateway) -> None:
    wrong = [request_of(LIST_VARS, ("authorization", f"Bearer wrong-{number}")) for number in range(2 * _CHECKS)]
    codes: set[str | None] = set()
    async with asyncio.timeout(PATIENCE):
        while "8" not in codes:  # RESOURCE_EXHAUSTED; how many it takes depends on how fast they come
            codes |= {headers.get("grpc-status") for _, headers in await at_once(gateway.base_port, wrong)}
    assert await _report(gateway, "127.0.0.1") == 200


async def test_where_reports_are_not_taken_there_is_no_such_path(gateway: Gateway, tmp_path: Path) -> None:
    here = Address("127.0.0.1", free_base_port())
    async with envoy_running(_settings(tmp_path, listen=here, tls=gateway.tls), tmp_path):
        without = Gateway(here.port, gateway.tls, tmp_path / "d", {}, {}, gateway.check)
        for content_type in (JSON, "text/plain", None):
            status, _, body = await without.raw(PATH, *SIGNED, content_type=content_type, body=BODY)
            assert (status, body) == (404, b"")


def test_a_gateway_takes_reports_where_tokens_is_told_whose(tmp_path: Path) -> None:
    told = dict.fromkeys((f"PAAS_{each.upper()}_ADDRESS" for each in (*SERVICES, "sign_in_check")), "a:1")
    told |= {"PAAS_LISTEN": "a:1", "PAAS_HEALTH_LISTEN": "a:1", "PAAS_RUN_DIR": str(tmp_path)}
    (tmp_path / "file").touch()
    told |= {f"PAAS_TLS_{each}_FILE": str(tmp_path / "file") for each in ("CERT", "KEY", "CA")}
    for url, takes in (("", False), ("https://api.github.com/meta/public_keys/secret_scanning", True)):
        settings = gateway_settings(load_settings(Settings, {**told, "PAAS_LEAKS_KEYS_URL": url}))
        assert settings.takes_leaks is takes
        names = [route["name"] for route in _routes(settings)]
        assert ("leaked-tokens" in names, "no-leaked-tokens" in names) == (takes, not takes)


def test_it_has_no_sign_in_check_as_what_anybody_may_call_and_its_body_is_transcoded(tmp_path: Path) -> None:
    settings = _settings(tmp_path, listen=Address("127.0.0.1", 1), tls=tmp_path, takes_leaks=True)
    unchecked = [
        route["name"]
        for route in _routes(settings)
        if "route" in route and "envoy.filters.http.ext_authz" in route.get("typed_per_filter_config", {})
    ]
    transcoded = [route["name"] for route in _routes(settings) if "grpc_json_transcoder" in json.dumps(route)]
    for_anybody = [f"{method.service}/{method.method}" for method in public_methods() if method.anyone]
    in_json = [f"json/{method.service}/{method.method}" for method in public_methods() if method.http]
    assert unchecked == ["leaked-tokens", *for_anybody, *(f"json/{name}" for name in for_anybody)]
    assert transcoded == ["leaked-tokens", "audit-log", *in_json]


async def _at_once(gateway: Gateway, source: str, count: int) -> Counter[int]:
    """The statuses of reports over as many connections, all sent before the first is answered."""
    report = request_of(PATH, content_type=JSON, body=BODY)
    return Counter(status for status, _ in await at_once(gateway.base_port, [report] * count, source=source))


async def _report(gateway: Gateway, source: str) -> int:
    status, _, _ = await gateway.raw(PATH, *SIGNED, content_type=JSON, body=BODY, source=source)
    return status


def _settings(folder: Path, *, listen: Address, tls: Path, takes_leaks: bool = False) -> GatewaySettings:
    nowhere = Address("127.0.0.1", 1)
    return GatewaySettings(
        listen=listen,
        upstreams={name: [nowhere] for name in SERVICES},
        sign_in_check=[nowhere],
        credentials=Credentials(tls / "gateway.pem", tls / "gateway.key", tls / "ca.pem"),
        access_log=folder / "d",
        takes_leaks=takes_leaks,
    )


def _routes(settings: GatewaySettings) -> list[dict[str, Any]]:
    listener = bootstrap(settings)["static_resources"]["listeners"][0]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    routes: list[dict[str, Any]] = manager["route_config"]["virtual_hosts"][0]["routes"]
    return routes
