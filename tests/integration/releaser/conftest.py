"""A `releaser` to test: its whole server with the local runtime; tokens, audit, config and secrets are fakes."""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import grpc
import pytest
from paas.audit.v1 import audit_pb2_grpc
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc
from paas.tokens.v1 import tokens_pb2_grpc

from paaskit.clock import random_id
from paaskit.db import Database
from paaskit.trail import Trail
from services.releaser import processes
from services.releaser.domain import AppKey, Order, Spec
from services.releaser.instance_file import read_records
from services.releaser.local_stop import stop_all
from services.releaser.processes import ProcessId
from services.releaser.server import assemble
from services.releaser.settings import Settings
from services.releaser.store import Store
from tests.fakes import program
from tests.fakes.desired_state import FakeApp, FakeVariables
from tests.fakes.desired_state_rpc import serving_variables
from tests.fakes.neighbours import FakeAudit, FakeTokens, Metadata, Signer, on_channel
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import free_address, serving
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE, until

PROGRAM = (sys.executable, "-S", "-E", program.__file__)


def spec_of(*, instances: int = 1, command: tuple[str, ...] = PROGRAM, health_path: str = "/", image: str = "") -> Spec:
    """A spec of the test program."""
    return Spec(command=command, image=image, instances=instances, health_path=health_path)


def order_of(key: AppKey, change_id: str = "", *, app: str = "web", description: str = "Set A") -> Order:
    """An order for a release."""
    return Order(
        key=key,
        app=app,
        change_id=change_id or random_id(),
        actor="user:ada@example.com",
        description=description,
    )


@dataclass
class Stage:
    """A running `releaser`, everybody it talks to, and how its callers call it."""

    settings: Settings
    variables: FakeVariables
    audit: FakeAudit
    signer: Signer
    gateway: grpc.aio.Channel
    config: grpc.aio.Channel
    me: Metadata

    @property
    def users(self) -> Any:
        """ReleaserService as the gateway calls it."""
        return releaser_pb2_grpc.ReleaserServiceStub(self.gateway)

    @property
    def internal(self) -> Any:
        """ReleaserInternalService as config calls it."""
        return releaser_pb2_grpc.ReleaserInternalServiceStub(self.config)

    async def order(self, app: FakeApp, change_id: str = "") -> int:
        """Ask for a release as config does; return its number."""
        order = releaser_pb2.ReleaseOrder(
            tenant=app.key.tenant,
            app_id=app.key.app_id,
            app=app.name,
            change_id=change_id or random_id(),
            actor="user:ada@example.com",
            description="Set A",
        )
        request = releaser_pb2.RequestReleasesRequest(orders=[order])
        return int((await self.internal.RequestReleases(request)).numbers[0])

    async def watch(self, number: int, *, app: str = "web", me: Metadata | None = None) -> list[releaser_pb2.Release]:
        """Everything a watch of a release sends."""
        request = releaser_pb2.WatchReleaseRequest(app=app, number=number)
        call = self.users.WatchRelease(request, metadata=me or self.me, timeout=PATIENCE)
        return [answer.release async for answer in call]

    async def end(self, number: int, *, app: str = "web") -> releaser_pb2.Release:
        """How a release ends."""
        return (await self.watch(number, app=app))[-1]

    async def release(self, app: FakeApp) -> releaser_pb2.Release:
        """Ask for a release and return how it ends."""
        return await self.end(await self.order(app), app=app.name)

    async def instances(self, app: str = "web") -> list[releaser_pb2.Instance]:
        """The instances that run."""
        request = releaser_pb2.ListInstancesRequest(app=app)
        return list((await self.users.ListInstances(request, metadata=self.me)).instances)

    def environments(self, *, of: list[releaser_pb2.Instance]) -> list[dict[str, str]]:
        """What instances answer, which is their environment."""
        return [environment_on(instance.port) for instance in of]

    async def environments_now(self) -> list[dict[str, str]]:
        """What the instances that run answer."""
        return self.environments(of=await self.instances())

    def told(self) -> list[tuple[str, int, int]]:
        """The audit events so far: action, version, outcome."""
        return [(event.action, event.version, event.outcome) for event in self.audit.events]

    async def actions(self, count: int) -> list[tuple[str, int, int]]:
        """The audit events once there are `count` of them."""
        await until(lambda: len(self.audit.events) >= count)
        return self.told()

    def running(self) -> list[tuple[int, ProcessId]]:
        """The index and process of everything that runs for the apps of the runtime folder, by its records."""
        return [
            (recorded.index, ProcessId(recorded.pid, recorded.started))
            for _, record in read_records(Path(self.settings.runtime_dir))
            for recorded in record.processes
            if processes.alive(ProcessId(recorded.pid, recorded.started)) and recorded.state != "stopping"
        ]


def environment_on(port: int) -> dict[str, str]:
    """What the test program on `port` answers."""
    with urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as answer:
        found: dict[str, str] = json.loads(answer.read())
    return found


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """The empty `releaser` database, with the service's own role."""
    async with databases.open("releaser") as database:
        yield database


@pytest.fixture
async def trail(database: Database) -> AsyncIterator[Trail]:
    """A trail with nobody to deliver to, so that events stay in the outbox."""
    async with grpc.aio.insecure_channel("127.0.0.1:1") as nowhere:
        yield Trail(database, nowhere)


@pytest.fixture
async def store(database: Database, trail: Trail) -> Store:
    """The store that requests use."""
    return Store(database, trail)


@pytest.fixture
def runtime_dir(tmp_path: Path) -> Iterator[Path]:
    """A runtime folder of which nothing runs any more afterwards."""
    folder = tmp_path / "runtime"
    yield folder
    stop_all(folder, grace_seconds=0.3)


@dataclass
class Neighbourhood:
    """Everybody releaser talks to, and the settings to reach them."""

    variables: FakeVariables
    audit: FakeAudit
    signer: Signer
    settings: Settings


@pytest.fixture
async def neighbourhood(databases: Databases, tls: Certificates, runtime_dir: Path) -> AsyncIterator[Neighbourhood]:
    """The fakes on their channels, and an empty database."""
    databases.empty("releaser")
    variables, audit, signer = FakeVariables(), FakeAudit(), Signer()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        addresses = await enter(serving_variables(variables, tls))
        register = tokens_pb2_grpc.add_TokensInternalServiceServicer_to_server
        keys = FakeTokens(signer)
        tokens = await enter(on_channel(tls, "tokens", register, keys))
        audits = await enter(on_channel(tls, "audit", audit_pb2_grpc.add_AuditInternalServiceServicer_to_server, audit))
        files = tls.settings("releaser")
        settings = Settings(
            listen=free_address(),
            database_url=databases.service_url("releaser"),
            database_password_file=databases.password_file("releaser"),
            tls_cert_file=files.tls_cert_file,
            tls_key_file=files.tls_key_file,
            tls_ca_file=files.tls_ca_file,
            tokens_address=tokens,
            audit_address=audits,
            config_address=addresses.config,
            secrets_address=addresses.secrets,
            runtime="local",
            runtime_dir=str(runtime_dir),
            # Only a program that never answers takes that long, and no test waits for one.
            ready_timeout_seconds=PATIENCE,
            grace_seconds=0.5,
            spacing_seconds=0.2,
        )
        yield Neighbourhood(variables, audit, signer, settings)


@pytest.fixture
async def stage(neighbourhood: Neighbourhood, tls: Certificates) -> AsyncIterator[Stage]:
    """A running `releaser` with nothing to do."""
    near = neighbourhood
    async with (
        serving(near.settings, await assemble(near.settings)) as address,
        tls.connected(address, service="releaser", caller="gateway") as gateway,
        tls.connected(address, service="releaser", caller="config") as config,
    ):
        yield Stage(near.settings, near.variables, near.audit, near.signer, gateway, config, near.signer.user())
