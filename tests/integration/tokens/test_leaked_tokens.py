"""Reports of GitHub's secret scanning, from its own signature at a real Envoy to a token that is refused.

The keys are fetched from a page on a real socket; tokens and its database are real; audit is away, so that events are
in the outbox. What is wrong with a signature or a report is in tests/unit/tokens/leaks, the gateway's limits are in
tests/integration/gateway.
"""

import base64
import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from envoy.service.auth.v3 import external_auth_pb2
from google.protobuf.duration_pb2 import Duration
from paas.audit.v1 import audit_pb2
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from gateway.settings import Address, Credentials, GatewaySettings
from local.ports import SERVICES
from paaskit.clock import random_id
from services.tokens import pat
from services.tokens.leaks.server import leak_reports
from services.tokens.leaks.signatures import NOT_SIGNED
from services.tokens.server import assemble
from services.tokens.settings import Settings
from tests.fakes.app_registry import FakeApps
from tests.fakes.secret_scanning import SIGNATURE, SecretScanning
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import free_address, serving
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE
from tests.integration.gateway.conftest import envoy_running
from tests.integration.tokens.conftest import Served

PATH = "/leaked-tokens"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[SecretScanning]:
    with SecretScanning(tmp_path / "github") as github:
        yield github


@dataclass(frozen=True)
class TwoDoors(Served):
    """As in production: users' methods and the check have addresses of their own."""

    check_door: grpc.aio.Channel

    async def check(self, bearer: str) -> external_auth_pb2.CheckResponse:
        """What Envoy is told, at the door of the check."""
        return await Served(self.address, self.check_door, self.operator, self.apps).check(bearer)


@dataclass
class Edge:
    """The gateway as the world reaches it, and what is behind it."""

    address: str
    served: Served
    github: SecretScanning
    client: httpx.AsyncClient

    async def report(self, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        """Post a report, signed unless other headers are given."""
        signed = self.github.signed(body) if headers is None else headers
        headers = {"content-type": "application/json", **signed}
        return await self.client.post(f"http://{self.address}{PATH}", content=body, headers=headers, timeout=PATIENCE)

    async def is_accepted(self, text: str) -> bool:
        """Whether a request with this token gets in."""
        async with grpc.aio.insecure_channel(self.address) as channel:
            stub = tokens_pb2_grpc.TokensServiceStub(channel)
            try:
                await stub.WhoAmI(tokens_pb2.WhoAmIRequest(), metadata=_bearer(text), timeout=PATIENCE)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                    raise
                return False
            return True

    async def create(self, name: str, *, by: str) -> str:
        """Make a token as somebody who signed in; gives its text."""
        request = tokens_pb2.CreateTokenRequest(request_id=random_id(), name=name, ttl=Duration(seconds=600))
        made = await self.served.users.CreateToken(request, metadata=await self.served.identity(by))
        return made.secret


@pytest.fixture
async def edge(
    settings: Settings, databases: Databases, tls: Certificates, github: SecretScanning, tmp_path: Path
) -> AsyncIterator[Edge]:
    """A gateway that takes reports in front of a running `tokens` with an empty database, which has two doors."""
    databases.empty("tokens")
    told = replace(
        settings,
        public_listen=free_address(),
        check_listen=free_address(),
        leaks_keys_url=github.keys_url,
        leaks_keys_ca_file=github.ca_file,
    )
    listen, files = _address(free_address()), tls.settings("gateway")
    gateway = GatewaySettings(
        listen=listen,
        upstreams={name: [Address("127.0.0.1", 1)] for name in SERVICES} | {"tokens": [_address(told.public_listen)]},
        sign_in_check=[_address(told.check_listen)],
        credentials=Credentials(files.tls_cert_file, files.tls_key_file, files.tls_ca_file),
        access_log=tmp_path / "access.log",
        takes_leaks=True,
    )
    async with (
        serving(told, await assemble(told)) as address,
        tls.channel(told.public_listen, service="tokens", caller="gateway") as public,
        tls.channel(told.check_listen, service="tokens", caller="gateway") as check,
        tls.channel(address, service="tokens", caller="operator") as operator,
        envoy_running(gateway, tmp_path),
        httpx.AsyncClient(trust_env=False) as client,
    ):
        served = TwoDoors(address, public, operator, FakeApps(), check)
        yield Edge(str(listen), served, github, client)


async def test_a_reported_token_is_refused_at_the_next_request_and_its_maker_is_told(
    edge: Edge, databases: Databases
) -> None:
    """With what was made with it, in each tenant's own log. Nothing of another token, and no text anywhere."""
    ada = await edge.served.sign_in(user="ada@example.com")
    eve = await edge.served.sign_in(tenant="rival", user="eve@example.com")
    leaked, other = await edge.create("github-ci", by=ada), await edge.create("other", by=ada)
    theirs = await edge.create("theirs", by=eve)
    unknown, junk = pat.generate(), pat.generate()[:-1] + "?"
    for text in (leaked, other, theirs):
        assert await edge.is_accepted(text)
    answer = await edge.report(edge.github.report(leaked, theirs, unknown, junk))
    assert [await edge.is_accepted(text) for text in (leaked, theirs, other)] == [False, False, True]
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    kind = "paas_personal_access_token"
    assert answer.json() == [
        {"token_hash": _hash(leaked), "token_type": kind, "label": "true_positive"},
        {"token_hash": _hash(theirs), "token_type": kind, "label": "true_positive"},
        {"token_hash": _hash(unknown), "token_type": kind, "label": "false_positive"},
        {"token_hash": _hash(junk), "token_type": kind, "label": "false_positive"},
    ]
    told = {event.tenant: event for event in _events(databases) if event.action == "tokens.leaked"}
    assert {
        tenant: (event.actor, list(event.targets), [each.maker for each in event.target_tokens])
        for tenant, event in told.items()
    } == {
        "acme": ("service:github-secret-scanning", ["github-ci"], ["user:ada@example.com"]),
        "rival": ("service:github-secret-scanning", ["theirs"], ["user:eve@example.com"]),
    }
    kept = b"".join(event.SerializeToString() for event in _events(databases))
    assert not [text for text in (leaked, theirs, unknown) if text.encode() in kept + answer.content]


async def test_the_same_report_again_is_answered_alike_and_does_nothing(edge: Edge, databases: Databases) -> None:
    leaked = await edge.create("ci", by=await edge.served.sign_in())
    body = edge.github.report(leaked)
    headers = edge.github.signed(body)
    first = await edge.report(body, headers)
    before = (_rows(databases), len(_events(databases)))
    second = await edge.report(body, headers)
    assert second.json() == first.json()
    assert (_rows(databases), len(_events(databases))) == before


async def test_what_is_not_signed_by_github_ends_nothing_and_never_reaches_the_database(
    edge: Edge, databases: Databases
) -> None:
    leaked = await edge.create("ci", by=await edge.served.sign_in())
    body = edge.github.report(leaked)
    good, stranger = edge.github.signed(body), edge.github.rotate()
    databases.look("tokens", "REVOKE SELECT ON tokens FROM tokens")
    try:
        for headers in (
            {},
            {**good, SIGNATURE: "AAAA"},
            edge.github.signed(body + b" "),
            edge.github.signed(body, key_id=stranger) | {SIGNATURE: good[SIGNATURE]},
            {**good, "authorization": f"Bearer {leaked}", SIGNATURE: ""},
        ):
            refused = await edge.report(body, headers)
            assert (refused.status_code, refused.json()["message"]) == (401, NOT_SIGNED)
            assert leaked not in refused.text
        # A control: what is signed does reach it, and is not answered as if it had ended anything.
        away = await edge.report(body, good)
        assert away.status_code == 503
    finally:
        databases.look("tokens", "GRANT SELECT ON tokens TO tokens")
    assert await edge.is_accepted(leaked)


async def test_what_is_signed_and_no_report_is_refused_whole(edge: Edge) -> None:
    leaked = await edge.create("ci", by=await edge.served.sign_in())
    for body in (b"", b"{}", edge.github.report(leaked)[:-1] + b", 1]"):
        refused = await edge.report(body)
        assert refused.status_code == 400
        assert leaked not in refused.text
    assert await edge.is_accepted(leaked)


async def test_while_nobody_can_tell_who_signed_nothing_ends_and_it_may_be_sent_again(edge: Edge) -> None:
    leaked = await edge.create("ci", by=await edge.served.sign_in())
    edge.github.is_away = True
    assert (await edge.report(edge.github.report(leaked))).status_code == 503
    assert await edge.is_accepted(leaked)


async def test_hundreds_of_tokens_in_one_report(edge: Edge, databases: Databases) -> None:
    """Of one person: as many transactions as are needed, and every one of them is named."""
    ada = await edge.served.sign_in()
    texts = [await edge.create(f"ci-{number}", by=ada) for number in range(250)]
    answer = await edge.report(edge.github.report(*texts))
    assert {each["label"] for each in answer.json()} == {"true_positive"}
    assert len(answer.json()) == 250
    named = [name for event in _events(databases) if event.action == "tokens.leaked" for name in event.targets]
    assert sorted(named) == sorted(f"ci-{number}" for number in range(250))
    assert not any([await edge.is_accepted(text) for text in texts[::50]])


def test_nobody_s_reports_are_taken_where_nothing_is_set(settings: Settings) -> None:
    assert leak_reports(settings, None) is None  # type: ignore[arg-type]  # not looked at


def _events(databases: Databases) -> list[audit_pb2.Event]:
    rows = databases.look("tokens", "SELECT payload FROM outbox WHERE destination = 'audit' ORDER BY id")
    return [audit_pb2.Event.FromString(bytes(payload)) for (payload,) in rows]


def _rows(databases: Databases) -> list[Any]:
    return list(databases.look("tokens", "SELECT token_id, revoked_at, expires_at FROM tokens ORDER BY token_id"))


def _bearer(text: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {text}"),)


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return Address(host, int(port))
