"""tokens behind a real Envoy, as users reach it: what the check answers is what Envoy understands.

The gateway's own configuration is tested with fakes in tests/integration/gateway.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from gateway.settings import Address, Credentials, GatewaySettings
from local import envoy
from paaskit.clock import random_id
from services.tokens import pat
from services.tokens.check.authorization import NOT_SIGNED_IN
from tests.fakes.identities import FakeTokens, identity_of
from tests.fixtures.patient_envoy import write_patient_configuration
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import SOON_AGAIN, free_address
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE
from tests.integration.tokens.conftest import Served

ASK = tokens_pb2.WhoAmIRequest()


@dataclass(frozen=True)
class Edge:
    """What a user has: the gateway, without a certificate."""

    channel: grpc.aio.Channel

    async def who(self, bearer: str, *more: tuple[str, str]) -> tokens_pb2.WhoAmIResponse:
        """Ask who a bearer is."""
        stub = tokens_pb2_grpc.TokensServiceStub(self.channel)
        return await stub.WhoAmI(ASK, metadata=(("authorization", f"Bearer {bearer}"), *more), timeout=PATIENCE)


@pytest.fixture
async def edge(served: Served, tls: Certificates, tmp_path: Path) -> AsyncIterator[Edge]:
    """A gateway in front of the running `tokens`; the other services are away."""
    listen = _address(free_address())
    away = [Address("127.0.0.1", 1)]
    tokens = [_address(served.address)]
    upstreams = dict.fromkeys(("config", "secrets", "audit", "releaser"), away)
    files = tls.settings("gateway")
    settings = GatewaySettings(
        listen=listen,
        upstreams=upstreams | {"tokens": tokens},
        sign_in_check=tokens,
        credentials=Credentials(certificate=files.tls_cert_file, key=files.tls_key_file, ca=files.tls_ca_file),
        access_log=tmp_path / "access.log",
    )
    write_patient_configuration(tmp_path / "envoy.json", settings)
    with (tmp_path / "envoy.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*envoy.command(tmp_path / "envoy.json"), stdout=log, stderr=log)
    try:
        async with grpc.aio.insecure_channel(str(listen), options=SOON_AGAIN) as channel:
            await asyncio.wait_for(channel.channel_ready(), PATIENCE)
            yield Edge(channel)
    finally:
        process.terminate()
        await process.wait()


async def test_user_is_known_and_bearer_and_forgeries_stay_outside(
    edge: Edge, served: Served, databases: Databases
) -> None:
    bearer = await served.sign_in(role="developer")
    forged = FakeTokens().metadata(identity_of(tenant="rival"))
    for more in ((), forged, (*forged, ("x-paas-tenant", "rival"), ("x-paas-identity", "again"))):
        who = await edge.who(bearer, *more)
        assert (who.tenant, who.subject) == ("acme", "user:ada@example.com")
    stub = tokens_pb2_grpc.TokensServiceStub(edge.channel)
    made = await stub.CreateToken(
        tokens_pb2.CreateTokenRequest(request_id=random_id(), name="ci", ttl=Duration(seconds=600)),
        metadata=(("authorization", f"Bearer {bearer}"),),
    )
    assert (await edge.who(made.secret)).subject == "pat:ci"
    await stub.RevokeToken(tokens_pb2.RevokeTokenRequest(token="ci"), metadata=(("authorization", f"Bearer {bearer}"),))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await edge.who(made.secret)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    # The address is the one that Envoy saw.
    (payload,) = databases.look("tokens", "SELECT payload FROM outbox ORDER BY id DESC LIMIT 1")[0]
    assert b"127.0.0.1" in payload


async def test_identity_of_a_token_limited_to_many_apps_gets_through(edge: Edge, served: Served) -> None:
    """A hundred apps with names as long as they may be, and the longest maker: the largest identity there is."""
    bearer = await served.sign_in(user="ada@" + "x" * 124)
    apps = [f"{'a' * 37}-{number:02}" for number in range(100)]
    for app in apps:
        served.apps.make(app)
    made = await tokens_pb2_grpc.TokensServiceStub(edge.channel).CreateToken(
        tokens_pb2.CreateTokenRequest(request_id=random_id(), name="w" * 64, apps=apps),
        metadata=(("authorization", f"Bearer {bearer}"),),
    )
    for _ in range(20):
        assert list((await edge.who(made.secret)).apps) == apps


async def test_nobody_is_told_what_to_do(edge: Edge, served: Served) -> None:
    good = await served.sign_in()
    stub = tokens_pb2_grpc.TokensServiceStub(edge.channel)
    for metadata in (
        (),
        FakeTokens().metadata(identity_of()),
        (("authorization", f"Bearer {pat.generate()}"),),
        (("authorization", f"Bearer {good[:-1]}"),),
        (("authorization", f"Bearer {good}"), ("authorization", f"Bearer {good}")),
        (("authorization", f"Basic {good}"),),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.WhoAmI(ASK, metadata=metadata)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert refused.value.details() == NOT_SIGNED_IN


async def test_check_that_cannot_be_made_is_unavailable_and_says_which_part(
    edge: Edge, served: Served, databases: Databases
) -> None:
    bearer = await served.sign_in()
    databases.look("tokens", "REVOKE SELECT ON tokens FROM tokens")
    try:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await edge.who(bearer)
    finally:
        databases.look("tokens", "GRANT SELECT ON tokens TO tokens")
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
    metadata = failed.value.initial_metadata(), failed.value.trailing_metadata()
    assert any(pair == ("x-paas-unavailable", "tokens") for pairs in metadata for pair in pairs or ())


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return Address(host, int(port))
