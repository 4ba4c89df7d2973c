"""A `tokens` to test: its store on a real database, and its whole server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import grpc
import pytest
from envoy.config.core.v3 import address_pb2, base_pb2
from envoy.service.auth.v3 import attribute_context_pb2, external_auth_pb2, external_auth_pb2_grpc
from google.protobuf.duration_pb2 import Duration
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from local.secrets_made import signing_key
from paaskit.db import Database
from paaskit.trail import Trail
from paaskit.write_path import WritePath
from services.tokens.check.store import PresentedTokens
from services.tokens.server import assemble
from services.tokens.settings import Settings
from services.tokens.store import Store
from tests.fakes.app_registry import FakeApps, FakeConfig, register
from tests.fakes.neighbours import on_channel
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import free_address, serving
from tests.fixtures.tls import Certificates


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """The empty `tokens` database, with the service's own role."""
    async with databases.open("tokens") as database:
        yield database


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """The store on it. Its trail has nobody to deliver to, so events stay in the outbox."""
    async with grpc.aio.insecure_channel("127.0.0.1:1") as nowhere:
        yield Store(database, WritePath(database, trail=Trail(database, nowhere)))


@pytest.fixture
def presented(database: Database) -> PresentedTokens:
    """The check's store on it."""
    return PresentedTokens(database)


@dataclass(frozen=True)
class Served:
    """A running `tokens`, and how its callers call it. `apps` are those of the config it asks."""

    address: str
    gateway: grpc.aio.Channel
    operator: grpc.aio.Channel
    apps: FakeApps

    async def sign_in(self, *, tenant: str = "acme", user: str = "ada@example.com", role: str = "admin") -> str:
        """The text of a sign-in issued by the operator."""
        stub = tokens_pb2_grpc.TokensInternalServiceStub(self.operator)
        answer = await stub.IssueSignIn(
            tokens_pb2.IssueSignInRequest(tenant=tenant, user=user, role=role, ttl=Duration(seconds=3600))
        )
        return answer.secret

    async def check(self, bearer: str) -> external_auth_pb2.CheckResponse:
        """What Envoy is told of a request with this bearer."""
        http = attribute_context_pb2.AttributeContext.HttpRequest(headers={"authorization": f"Bearer {bearer}"})
        address = address_pb2.Address(socket_address=address_pb2.SocketAddress(address="203.0.113.9", port_value=40000))
        source = attribute_context_pb2.AttributeContext.Peer(address=address)
        request = external_auth_pb2.CheckRequest(
            attributes=attribute_context_pb2.AttributeContext(
                source=source, request=attribute_context_pb2.AttributeContext.Request(http=http)
            )
        )
        return await external_auth_pb2_grpc.AuthorizationStub(self.gateway).Check(request)

    async def identity(self, bearer: str) -> tuple[tuple[str, str], ...]:
        """The metadata that a call through the gateway would arrive with."""
        answer = await self.check(bearer)
        assert answer.HasField("ok_response")
        (header,) = answer.ok_response.headers
        assert header.append_action == base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
        return ((header.header.key, header.header.value),)

    @property
    def users(self) -> tokens_pb2_grpc.TokensServiceStub:
        """What users call, as the gateway calls it."""
        return tokens_pb2_grpc.TokensServiceStub(self.gateway)


@pytest.fixture
def settings(databases: Databases, tls: Certificates, tmp_path: Path) -> Settings:
    """The settings of a `tokens` that listens on a free port; audit and config are away."""
    key = tmp_path / "signing.key"
    key.write_bytes(signing_key())
    files = tls.settings("tokens")
    return Settings(
        listen=free_address(),
        database_url=databases.service_url("tokens"),
        database_password_file=databases.password_file("tokens"),
        tls_cert_file=files.tls_cert_file,
        tls_key_file=files.tls_key_file,
        tls_ca_file=files.tls_ca_file,
        page_key_file=tls.page_key_file,
        audit_address="127.0.0.1:1",
        config_address="127.0.0.1:1",
        signing_key_file=key,
    )


@pytest.fixture
async def served(settings: Settings, databases: Databases, tls: Certificates) -> AsyncIterator[Served]:
    """A running `tokens` on an empty database, with a config that knows the apps web and api of acme."""
    databases.empty("tokens")
    apps = FakeApps("web", "api")
    async with on_channel(tls, "config", register, FakeConfig(apps)) as config_address:
        connected = replace(settings, config_address=config_address)
        async with (
            serving(connected, await assemble(connected)) as address,
            tls.channel(address, service="tokens", caller="gateway") as gateway,
            tls.channel(address, service="tokens", caller="operator") as operator,
        ):
            yield Served(address, gateway, operator, apps)
