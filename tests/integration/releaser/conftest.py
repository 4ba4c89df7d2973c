"""A `releaser` to test: its whole server with the local runtime; tokens, audit, config and secrets are fakes."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

import grpc
import pytest
from paas.audit.v1 import audit_pb2_grpc
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc
from paas.tokens.v1 import tokens_pb2_grpc

from paaskit.clock import random_id
from paaskit.db import Database
from paaskit.errors import Unavailable
from paaskit.release_order import ReleasedChange, changes_by, released_change_to
from paaskit.trail import Trail
from paaskit.write_path import WritePath
from services.releaser.domain import AppKey, Spec, Versions
from services.releaser.runtimes.local.stop import stop_all
from services.releaser.server import assemble
from services.releaser.settings import Settings
from services.releaser.store.apps import AppStore
from services.releaser.store.by_hand import ByHandStore
from services.releaser.store.leases import Lease, LeaseStore
from services.releaser.store.order_book import OrderBook
from services.releaser.store.releases import ReleaseStore
from services.releaser.store.settlements import SettlementStore
from services.releaser.store.work import WorkStore
from services.releaser.work.orders import Order
from tests.fakes import program
from tests.fakes.desired_state import FakeApp, FakeVariables, changes_between
from tests.fakes.desired_state_rpc import serving_variables
from tests.fakes.neighbours import FakeAudit, FakeTokens, Metadata, Signer, on_channel
from tests.fakes.runtime import FakeRuntime, chosen
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import free_address, serving
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE, until

ADA = "user:ada@example.com"
AnswerT = TypeVar("AnswerT")
PROGRAM = (sys.executable, "-S", "-E", program.__file__)


def spec_of(*, instances: int = 1, command: tuple[str, ...] = PROGRAM, health_path: str = "/", image: str = "") -> Spec:
    """A spec of the test program."""
    return Spec(command=command, image=image, instances=instances, health_path=health_path)


def order_of(
    key: AppKey, change_id: str = "", *, app: str = "web", config: int | None = 1, secrets: int | None = None
) -> Order:
    """An order for a release."""
    return Order(
        key=key,
        app=app,
        change_id=change_id or random_id(),
        actor=ADA,
        description="Set A",
        versions=Versions(config=config, secrets=secrets),
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
    runtime: FakeRuntime = field(default_factory=FakeRuntime)
    """What runs apps, where the stage was set with it."""

    @property
    def users(self) -> Any:
        """ReleaserService as the gateway calls it."""
        return releaser_pb2_grpc.ReleaserServiceStub(self.gateway)

    @property
    def internal(self) -> Any:
        """ReleaserInternalService as config calls it."""
        return releaser_pb2_grpc.ReleaserInternalServiceStub(self.config)

    async def order(
        self,
        app: FakeApp,
        change_id: str = "",
        *,
        versions: Versions | None = None,
        changes: Sequence[ReleasedChange] = (),
        actor: str = ADA,
    ) -> int:
        """Ask for a release as config and secrets do, at the live versions or others; return its number."""
        versions = versions or app.versions
        order = releaser_pb2.ReleaseOrder(
            tenant=app.key.tenant,
            app_id=app.key.app_id,
            app=app.name,
            change_id=change_id or random_id(),
            actor=actor,
            description="Set " + ", ".join(change.name for change in changes),
            config_version=versions.config,
            secrets_version=versions.secrets,
            changes=map(released_change_to, changes),
        )
        request = releaser_pb2.RequestReleasesRequest(orders=[order])
        return int((await self.internal.RequestReleases(request)).numbers[0])

    async def set(self, app: FakeApp, *, actor: str = ADA, **variables: str) -> int:
        """Set config vars and ask for the release, as config does; return its number."""
        before = app.config.live
        app.config.put(variables)
        version = app.config.newest
        changes = changes_by(actor, changes_between(before, app.config.live), secret=False)
        return await self.order(app, versions=Versions(config=version), changes=changes, actor=actor)

    async def unset(self, app: FakeApp, *names: str) -> int:
        """Unset config vars and ask for the release."""
        before = app.config.live
        version = app.unset(*names)
        changes = changes_by(ADA, changes_between(before, app.config.live), secret=False)
        return await self.order(app, versions=Versions(config=version), changes=changes)

    async def sealed(self, app: FakeApp, change: Callable[[FakeApp], object], *, actor: str = ADA) -> int:
        """Change secrets by `change` and ask for the release, as secrets does."""
        before, names = app.secrets.live, app.config.newest
        change(app)
        changes = changes_by(actor, changes_between(before, app.secrets.live), secret=True)
        config = app.config.newest if app.config.newest != names else None
        return await self.order(
            app, versions=Versions(config=config, secrets=app.secrets.newest), changes=changes, actor=actor
        )

    async def seal(self, app: FakeApp, *, actor: str = ADA, **values: str) -> int:
        """Set secrets and ask for the release."""
        return await self.sealed(app, lambda app: app.seal(**values), actor=actor)

    async def create(
        self,
        *,
        app: str = "web",
        request_id: str = "",
        replace_newer: bool = False,
        leave_draft: bool = False,
        validate_only: bool = False,
        me: Metadata | None = None,
    ) -> releaser_pb2.CreateReleaseResponse:
        """Release the draft, or restart."""
        request = releaser_pb2.CreateReleaseRequest(request_id=request_id or random_id(), app=app)
        request.replace_newer, request.leave_draft, request.validate_only = replace_newer, leave_draft, validate_only
        answer: releaser_pb2.CreateReleaseResponse
        answer = await self.users.CreateRelease(request, metadata=me or self.me, timeout=PATIENCE)
        return answer

    async def roll_back(
        self,
        number: int,
        *,
        app: str = "web",
        request_id: str = "",
        with_secrets: bool = False,
        validate_only: bool = False,
        me: Metadata | None = None,
    ) -> releaser_pb2.RollbackResponse:
        """Go back to a release."""
        request = releaser_pb2.RollbackRequest(
            request_id=request_id or random_id(),
            app=app,
            number=number,
            with_secrets=with_secrets,
            validate_only=validate_only,
        )
        answer: releaser_pb2.RollbackResponse
        answer = await self.users.Rollback(request, metadata=me or self.me, timeout=PATIENCE)
        return answer

    async def deliver_kept(self, app: FakeApp) -> list[int]:
        """Send the orders that config and secrets kept, as their relays do after some seconds."""
        return [await self.order(app, kept.change_id, versions=kept.versions) for kept in app.kept]

    async def all_releases(self) -> list[releaser_pb2.Release]:
        """The app's releases, newest first."""
        request = releaser_pb2.ListReleasesRequest(app="web", page_size=100)
        return list((await self.users.ListReleases(request, metadata=self.me)).releases)

    async def get(self, number: int, *, app: str = "web", me: Metadata | None = None) -> releaser_pb2.Release:
        """A release as it is now."""
        request = releaser_pb2.GetReleaseRequest(app=app, number=number)
        answer: releaser_pb2.GetReleaseResponse = await self.users.GetRelease(request, metadata=me or self.me)
        return answer.release

    async def watch(self, number: int, *, app: str = "web", me: Metadata | None = None) -> list[releaser_pb2.Release]:
        """Everything a watch of a release sends."""
        request = releaser_pb2.WatchReleaseRequest(app=app, number=number)
        call = self.users.WatchRelease(request, metadata=me or self.me, timeout=PATIENCE)
        return [answer.release async for answer in call]

    async def end(self, number: int, *, app: str = "web") -> releaser_pb2.Release:
        """How a release ends."""
        return (await self.watch(number, app=app))[-1]

    async def release(self, app: FakeApp) -> releaser_pb2.Release:
        """How a release ends that is asked for now."""
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


async def persistently(ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
    """What is answered in the end: on a busy machine, a crowd may have to be told to try again."""
    async with asyncio.timeout(60):
        while True:
            with suppress(Unavailable):
                try:
                    return await ask()
                except grpc.aio.AioRpcError as error:
                    if error.code() is not grpc.StatusCode.UNAVAILABLE:
                        raise
            await asyncio.sleep(0.05)


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


class Stores:
    """The stores that requests use."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self.apps = AppStore(database)
        self.book = OrderBook(database)
        self.releases = ReleaseStore(database)
        self.by_hand = ByHandStore(database, WritePath(database, trail=trail))


class Worker:
    """A runner's stores."""

    def __init__(
        self,
        database: Database,
        trail: Trail,
        holder: str,
        *,
        share: int = 9,
        at_once: int = 99,
        lease_seconds: float = PATIENCE,
    ) -> None:
        self.leases = LeaseStore(database, holder=holder, share=share, at_once=at_once, lease_seconds=lease_seconds)
        self.work = WorkStore(database, trail, self.leases)
        self.settlements = SettlementStore(self.leases)

    async def claim(self) -> Lease:
        """The lease of the only app with something to do."""
        (lease,) = await self.leases.claim([], limit=9)
        return lease


@pytest.fixture
async def stores(database: Database, trail: Trail) -> Stores:
    """The stores on an empty database."""
    return Stores(database, trail)


@pytest.fixture
async def other_stores(quick: Stage) -> AsyncIterator[Stores]:
    """The stores of another replica beside a running `releaser`."""
    settings = quick.settings
    database = Database(
        settings.database_url, password_file=settings.database_password_file, service="releaser", writers=4, readers=2
    )
    await database.open()
    async with grpc.aio.insecure_channel("127.0.0.1:1") as nowhere:
        yield Stores(database, Trail(database, nowhere))
    await database.close()


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
            page_key_file=tls.page_key_file,
            tokens_address=tokens,
            audit_address=audits,
            config_address=addresses.config,
            secrets_address=addresses.secrets,
            runtime="local",
            runtime_dir=str(runtime_dir),
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


@pytest.fixture
async def quick(neighbourhood: Neighbourhood, tls: Certificates) -> AsyncIterator[Stage]:
    """The same with a runtime that runs nothing, and with little pause between releases."""
    near, runtime = neighbourhood, FakeRuntime()
    settings = replace(near.settings, spacing_seconds=0.02)
    async with (
        serving(settings, await assemble(settings, choose=chosen(runtime))) as address,
        tls.channel(address, service="releaser", caller="gateway") as gateway,
        tls.channel(address, service="releaser", caller="config") as config,
    ):
        yield Stage(settings, near.variables, near.audit, near.signer, gateway, config, near.signer.user(), runtime)
