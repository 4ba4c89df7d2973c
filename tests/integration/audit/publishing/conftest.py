"""A log that is written from events on a real database into a folder of the test's own."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from paaskit.db import Database
from paaskit.ed25519 import Ed25519
from services.audit.publishing.heads import Heads
from services.audit.publishing.signing import LogKeys
from services.audit.publishing.witnesses import Witnesses
from services.audit.publishing.writer import LogWriter
from services.audit.store import Store
from tests.fakes.audit_log import report_of
from tests.fakes.clock import FakeClock
from tests.fixtures.postgres import Databases
from transparency.notes.checkpoints import Checkpoint, opened
from transparency.tiles.paths import WIDTH
from transparency.tiles.reader import TileReader
from transparency.verification import verify_at

NOW = datetime(2026, 5, 4, 13, 42, 1, tzinfo=UTC)
ORIGIN = "audit.example.com"


@dataclass
class Publication:
    """One tenant's log: appended to, written, and read as anybody would."""

    databases: Databases
    store: Store
    heads: Heads
    folder: Path
    keys: LogKeys
    witnesses: Witnesses
    tenant: str = "acme"

    def __post_init__(self) -> None:
        self.writer = self.another_writer(self.keys)

    def another_writer(self, keys: LogKeys, *, heads: Heads | None = None) -> LogWriter:
        """What another replica has, with a connection of its own, or the same one with other keys."""
        heads = heads or self.heads
        return LogWriter(
            self.store, heads, folder=self.folder, origin=ORIGIN, keys=keys, witnesses=self.witnesses, clock=FakeClock()
        )

    async def append(self, count: int) -> None:
        """Append so many events of a tenant."""
        for start in range(0, count, 500):
            reports = [report_of(tenant=self.tenant) for _ in range(min(500, count - start))]
            await self.store.append(reports, service="config", now=NOW)

    async def publish(self) -> None:
        """Publish all there is."""
        while not await self.writer.publish(self.tenant):
            pass

    async def log_id(self) -> str:
        """The name of the log's folder."""
        found = await self.heads.log_id(self.tenant)
        assert found is not None
        return found

    async def read(self, path: str) -> bytes:
        """What anybody reads of the log."""
        return self.writer.folder_of(await self.log_id()).read(path)

    async def checkpoint(self) -> Checkpoint:
        """The checkpoint that is published, its signature verified."""
        (key, *_) = self.keys.verifiers(f"{ORIGIN}/{await self.log_id()}")
        return opened(await self.read("checkpoint"), key, Ed25519()).checkpoint

    async def entries(self) -> list[bytes]:
        """All entries of the log, verified up to its checkpoint."""
        checkpoint = await self.checkpoint()
        fetch = self.writer.folder_of(await self.log_id()).read
        verify_at(checkpoint, fetch)
        reader = TileReader(fetch, size=checkpoint.size, root=checkpoint.root)
        return [entry for index in range(-(-checkpoint.size // WIDTH)) for entry in reader.entries(index)]


@pytest.fixture
def publication(databases: Databases, database: Database, store: Store, tmp_path: Path) -> Publication:
    """A log of nothing yet."""
    keys = LogKeys([Ed25519PrivateKey.generate()])
    nobody = Witnesses([], httpx.AsyncClient())
    return Publication(databases, store, Heads(database), tmp_path / "logs", keys, nobody)
