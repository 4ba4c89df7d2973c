"""The log that audit itself publishes, of events on a real database."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from threading import Thread
from typing import Any, Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.publishing.heads import Heads
from services.audit.publishing.signing import LogKeys
from services.audit.publishing.witnesses import Witnesses, witness_client
from services.audit.publishing.writer import LogWriter
from services.audit.store import Store
from tests.fakes.audit_log import report_of
from tests.fakes.clock import FakeClock
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import PATIENCE
from tests.fixtures.written_log import Folder
from tests.foreign_verifiers.publisher import Publish
from transparency.notes.keys import VerifierKey

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]
_TENANT: Final = "acme"
_NOW: Final = datetime(2026, 5, 4, 13, 42, 1, tzinfo=UTC)


class PublishedLog:
    """A `Publisher` whose entries are events: of those it is given it takes the number alone."""

    def __init__(self, store: Store, writer: LogWriter, *, key: VerifierKey, run: Run[Any]) -> None:
        self._store = store
        self._writer = writer
        self._run = run
        self.key = key

    def grow(self, entries: Sequence[bytes]) -> None:
        """Append as many events, and return once they are published."""
        self._run(self._grown(len(entries)))

    async def _grown(self, count: int) -> None:
        await self._store.append([report_of() for _ in range(count)], service="config", now=_NOW)
        while not await self._writer.publish(_TENANT):
            pass


@contextmanager
def publishing(databases: Databases) -> Iterator[Publish]:
    """Have audit publish for the block, in a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE)

    opened = AsyncExitStack()

    def publish(folder: Folder) -> PublishedLog:
        return run(_begun(databases, opened, folder, run=run))

    try:
        yield publish
    finally:
        run(opened.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _begun(databases: Databases, opened: AsyncExitStack, folder: Folder, *, run: Run[Any]) -> PublishedLog:
    database = await opened.enter_async_context(databases.open("audit"))
    client = await opened.enter_async_context(witness_client())
    store, heads, keys = Store(database), Heads(database), LogKeys([Ed25519PrivateKey.generate()])
    logs = folder.root.parent / "logs"
    writer = LogWriter(
        store,
        heads,
        folder=logs,
        origin="audit.paas.example",
        keys=keys,
        witnesses=Witnesses([], client),
        clock=FakeClock(),
    )
    log_id = await heads.named(_TENANT)
    folder.root.symlink_to(logs / log_id)
    (key,) = keys.verifiers(writer.origin_of(log_id))
    return PublishedLog(store, writer, key=key, run=run)
