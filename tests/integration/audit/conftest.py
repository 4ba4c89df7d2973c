"""An `audit` to test: its store on a real database, and its whole server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import grpc
import pytest
from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from paaskit.clock import utc_now
from paaskit.db import Database
from paaskit.identity import IdentityVerifier
from services.audit.server import assemble
from services.audit.settings import Settings
from services.audit.store import Store
from tests.fakes.identities import FakeTokens
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import free_address, serving
from tests.fixtures.tls import Certificates


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """The empty `audit` database, with the service's own role."""
    async with databases.open("audit") as database:
        yield database


@pytest.fixture
async def store(database: Database) -> Store:
    """The store on it."""
    return Store(database)


@dataclass(frozen=True)
class Served:
    """A running `audit`, and how its callers call it. `tokens` signs for it."""

    address: str
    gateway: grpc.aio.Channel
    config: grpc.aio.Channel
    tokens: FakeTokens

    @property
    def users(self) -> audit_pb2_grpc.AuditServiceStub:
        """What users call, as the gateway calls it."""
        return audit_pb2_grpc.AuditServiceStub(self.gateway)

    async def append(self, *events: audit_pb2.Event) -> None:
        """Append as `config`."""
        stub = audit_pb2_grpc.AuditInternalServiceStub(self.config)
        await stub.AppendEvents(audit_pb2.AppendEventsRequest(events=events))


@pytest.fixture
def settings(databases: Databases, tls: Certificates, tmp_path: Path) -> Settings:
    """The settings of an `audit` that listens on a free port; tokens is away."""
    files = tls.settings("audit")
    return Settings(
        listen=free_address(),
        database_url=databases.service_url("audit"),
        database_password_file=databases.password_file("audit"),
        tls_cert_file=files.tls_cert_file,
        tls_key_file=files.tls_key_file,
        tls_ca_file=files.tls_ca_file,
        page_key_file=tls.page_key_file,
        tokens_address="127.0.0.1:1",
        log_folder=str(tmp_path / "logs"),
        log_key_files=str(tls.log_key_file),
        log_origin="audit.example.com",
    )


@pytest.fixture
async def served(settings: Settings, databases: Databases, tls: Certificates) -> AsyncIterator[Served]:
    """A running `audit` on an empty database, with the keys of a `tokens` of the test's own."""
    databases.empty("audit")
    tokens = FakeTokens()
    assembly = replace(await assemble(settings), verifier=IdentityVerifier(tokens.public_keys, clock=utc_now))
    async with (
        serving(settings, assembly) as address,
        tls.connected(address, service="audit", caller="gateway") as gateway,
        tls.connected(address, service="audit", caller="config") as config,
    ):
        yield Served(address, gateway, config, tokens)
