"""What readers get of a published log: what it is called, its files, and receipts.

Everything is read from where it is published, in distrust: a receipt is made of hashes that lead to a checkpoint that
was signed. Must not sign, and must not know who asks.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

from paaskit.errors import NotFound, Unavailable
from services.audit.event import Event
from services.audit.leaves import entry_of
from services.audit.publishing.heads import Heads
from services.audit.publishing.writer import LogWriter
from services.audit.retention.dropped import Dropped
from transparency.failures import NotServed
from transparency.merkle.proofs import inclusion_proof
from transparency.notes import checkpoints, signed
from transparency.receipts import Receipt
from transparency.tiles.reader import TileReader

# A checkpoint is due within a second; longer than some of them is waited for by nobody.
_LOOK_AGAIN_SECONDS: Final = 0.1
_LONGEST_WAIT_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Described:
    """A log: its origin, its public keys as text, its checkpoint, empty before there is one, and what was dropped."""

    origin: str
    keys: tuple[str, ...]
    checkpoint: bytes
    dropped: Dropped | None


class Lookup(Protocol):
    """The part of the log that finds one event."""

    async def with_id(self, tenant: str, event_id: str) -> Event | None:
        """Return an event, None where there is none with that id."""

    async def dropped(self, tenant: str) -> Dropped | None:
        """Return what was dropped of a log, None where nothing was."""


class PublishedLogs:
    """Reads logs for those who may. Which tenant's is for the caller to know."""

    def __init__(self, writer: LogWriter, heads: Heads, events: Lookup) -> None:
        self._writer = writer
        self._heads = heads
        self._events = events

    async def describe(self, tenant: str) -> Described:
        """Return what a tenant's log is called, and how far it is. Raises NotFound before its first event."""
        log_id = await self._named(tenant)
        # In this order: the checkpoint has the event that tells of what was dropped.
        dropped = await self._events.dropped(tenant)
        checkpoint = await asyncio.to_thread(self._writer.folder_of(log_id).checkpoint)
        return Described(self._writer.origin_of(log_id), self._writer.keys_of(log_id), checkpoint or b"", dropped)

    async def read(self, tenant: str, path: str) -> bytes:
        """Return a file of a tenant's log. Raises NotFound where there is none at this path."""
        log_id = await self._named(tenant)
        try:
            return await asyncio.to_thread(self._writer.folder_of(log_id).read, path)
        except NotServed:
            raise NotFound("The audit log has no file at this path.") from None

    async def find(self, tenant: str, event_id: str) -> Event | None:
        """Return an event, None where there is none with that id."""
        return await self._events.with_id(tenant, event_id)

    async def receipt(self, event: Event) -> tuple[bytes, bytes]:
        """Return an event's entry and its receipt, once it was published. Raises Unavailable where that takes long."""
        log_id = await self._named(event.report.tenant)
        deadline = asyncio.get_running_loop().time() + _LONGEST_WAIT_SECONDS
        while (made := await asyncio.to_thread(self._receipt, log_id, event)) is None:
            if asyncio.get_running_loop().time() > deadline:
                raise Unavailable("The event is recorded, and not published yet.", metadata={"service": "audit"})
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        return entry_of(event), made

    def _receipt(self, log_id: str, event: Event) -> bytes | None:
        folder, index = self._writer.folder_of(log_id), event.sequence - 1
        content = folder.checkpoint()
        if content is None:
            return None
        checkpoint = checkpoints.parsed(signed.parsed(content).text)
        if checkpoint.size <= index:
            return None
        reader = TileReader(folder.read, size=checkpoint.size, root=checkpoint.root)
        proof = inclusion_proof(index, checkpoint.size, reader.hashes)
        return Receipt(index, tuple(proof), content).encoded()

    async def _named(self, tenant: str) -> str:
        log_id = await self._heads.log_id(tenant)
        if log_id is None:
            raise NotFound("The audit log has no event yet.")
        return log_id
