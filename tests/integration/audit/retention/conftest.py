"""Logs in a database of their own, published as they are in operation, and retention as their owner runs it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from paaskit.ed25519 import Ed25519
from services.audit.publishing.folder import LogFolder
from services.audit.publishing.heads import Heads
from services.audit.publishing.signing import LogKeys
from services.audit.publishing.witnesses import Witnesses
from services.audit.publishing.writer import LogWriter
from services.audit.retention.job import Retention
from services.audit.retention.owner_store import Owner, owner_of
from services.audit.retention.rule import Rule
from services.audit.store import Store
from tests.fakes.audit_log import report_of
from tests.fixtures.postgres import Databases, Earlier
from transparency.notes.checkpoints import Checkpoint, opened
from transparency.verification import verify_at

RULE = Rule(days=30)


@dataclass
class House:
    """An installation's audit logs. `now` is what time it is."""

    database: Earlier
    store: Store
    owners_store: Store
    owner: Owner
    heads: Heads
    folder: Path
    now: datetime = datetime(2030, 1, 10, tzinfo=UTC)
    keys: LogKeys = field(default_factory=lambda: LogKeys([Ed25519PrivateKey.generate()]))

    def __post_init__(self) -> None:
        nobody = Witnesses([], httpx.AsyncClient())
        self.writer = LogWriter(
            self.store,
            self.heads,
            folder=self.folder,
            origin="audit.example.com",
            keys=self.keys,
            witnesses=nobody,
            clock=lambda: self.now,
        )

    def retention(self, owner: Owner | None = None, *, folder: Path | None = None) -> Retention:
        """Retention, while which waits audit publishes."""
        return Retention(
            owner or self.owner,
            self.owners_store,
            folder=folder or self.folder,
            clock=lambda: self.now,
            sleep=lambda _: self.publish(),
        )

    async def append(self, count: int, *, tenant: str = "acme") -> None:
        """Append so many events now."""
        reports = [report_of(tenant=tenant, targets=("A", f"N{at % 3}")) for at in range(count)]
        for at in range(0, count, 500):
            await self.store.append(reports[at : at + 500], service="config", now=self.now)

    async def months(self, count: int, *events: int, tenant: str = "acme") -> None:
        """Append events in each of some months, publish them, and let the time go on to the next."""
        for month in range(count):
            await self.append(events[month % len(events)], tenant=tenant)
            self.now = (self.now.replace(day=1) + timedelta(days=32)).replace(day=10)
        await self.publish()

    async def publish(self) -> None:
        """Publish all there is of all logs."""
        for tenant in await self.heads.tenants(after=""):
            while not await self.writer.publish(tenant):
                pass

    async def log(self, tenant: str = "acme") -> LogFolder:
        """Where a tenant's log is published."""
        return self.writer.folder_of(await self.heads.named(tenant))

    async def checkpoint(self, tenant: str = "acme") -> Checkpoint:
        """A log's checkpoint, its signature verified."""
        log_id = await self.heads.named(tenant)
        (key,) = self.keys.verifiers(self.writer.origin_of(log_id))
        return opened((await self.log(tenant)).read("checkpoint"), key, Ed25519()).checkpoint

    async def verify(self, tenant: str = "acme") -> int:
        """Verify a log as readers do: all hashes, and the events from the first that is kept; how many were dropped."""
        dropped = await self.store.dropped(tenant)
        up_to = 0 if dropped is None else dropped.up_to
        verify_at(await self.checkpoint(tenant), (await self.log(tenant)).read, first_entry=up_to)
        return up_to

    async def bundles(self, tenant: str = "acme") -> set[str]:
        """The numbers of the bundles of entries that a log has, however wide."""
        folder = self.folder / await self.heads.named(tenant) / "tile" / "entries"
        files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        return {file.partition(".p/")[0] for file in files}

    def counts(self) -> dict[str, int]:
        """How many rows each table has, parts of tables included."""
        names = self.database.look(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        return {name: self.database.look(f"SELECT count(*) FROM {name}")[0][0] for (name,) in names}  # noqa: S608


@pytest.fixture
async def house(databases: Databases, tmp_path: Path) -> AsyncIterator[House]:
    """Empty logs, with months from now on."""
    with databases.earlier("audit", revision="head") as database:
        password = database.password_file("audit_owner").read_text()
        async with (
            database.open() as opened,
            database.open_as_owner() as as_owner,
            owner_of(database.owner_url, password) as owner,
        ):
            house = House(database, Store(opened), Store(as_owner), owner, Heads(opened), tmp_path / "logs")
            await house.retention().make_months()
            yield house
