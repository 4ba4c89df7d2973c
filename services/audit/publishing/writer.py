"""Writing one tenant's log: what was appended becomes tiles, the tree over them is signed, and that is published.

In this order, so that a reader of a checkpoint finds all that it stands for, and so that nothing is ever signed that
does not go on from what was signed before: tiles, the checkpoint's row, the checkpoint. One replica at a time is at a
log, and what it signs it notes over the connection of its turn. Whoever dies in between leaves nothing that the next
would not write alike.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from paaskit import metrics
from paaskit.clock import Clock
from paaskit.ed25519 import Ed25519
from paaskit.settings import SettingsError
from services.audit.domain import Found
from services.audit.event import Event
from services.audit.leaves import entry_of, leaf_hash
from services.audit.publishing.folder import LogFolder
from services.audit.publishing.growth import Growth, Head, grown, grown_by_hashes
from services.audit.publishing.heads import Heads, SigningTurn
from services.audit.publishing.signing import LogKeys
from services.audit.publishing.witnesses import Witnesses
from services.audit.retention.dropped import Dropped
from services.audit.selection import Selection
from transparency.failures import NotVerified
from transparency.notes import checkpoints, signed
from transparency.notes.checkpoints import Checkpoint
from transparency.notes.keys import is_key_name

# Entries of a log that are held in memory at a time, and that get one checkpoint.
_AT_ONCE: Final = 2048
_EVERYTHING: Final = Selection()


class Events(Protocol):
    """What is read of the log."""

    async def read(
        self, tenant: str, selection: Selection, *, after: int, before: int | None, oldest_first: bool, limit: int
    ) -> Found:
        """Return the first events of a selection between two sequences."""

    async def dropped(self, tenant: str) -> Dropped | None:
        """Return what was dropped of a log, None where nothing was."""

    async def hashes(self, tenant: str, *, first: int, end: int) -> bytes:
        """Return the hashes of some of the dropped entries from an index on."""

    async def edge(self, tenant: str) -> tuple[int, list[bytes]] | None:
        """Return the dropped entries that share their bundle with the first event that is kept; the first's index."""


class Inconsistent(Exception):
    """A log can't go on from what was signed of it. The text says why, and has nothing of an event in it."""

    def __init__(self, reason: str, *, log_id: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.log_id = log_id


def log_origin(text: str) -> str:
    """Return what origins begin with. Raises SettingsError unless it is one of a log's (tlog-checkpoint)."""
    if not is_key_name(text) or "/" in text:
        raise SettingsError("PAAS_LOG_ORIGIN: has to be a name like audit.example.com, without spaces, plus or slash")
    return text


class LogWriter:
    """Writes logs under `folder`, each in a folder that is called as the log is. `origin` begins their origins."""

    def __init__(
        self,
        events: Events,
        heads: Heads,
        *,
        folder: Path,
        origin: str,
        keys: LogKeys,
        witnesses: Witnesses,
        clock: Clock,
    ) -> None:
        self._events = events
        self._heads = heads
        self._folder = folder
        self._origin = origin
        self._keys = keys
        self._witnesses = witnesses
        self._clock = clock

    def folder_of(self, log_id: str) -> LogFolder:
        """Return where a log is published."""
        return LogFolder(self._folder / log_id)

    def origin_of(self, log_id: str) -> str:
        """Return what a log is called in its checkpoints: the installation and an id, nothing of the tenant."""
        return f"{self._origin}/{log_id}"

    def keys_of(self, log_id: str) -> tuple[str, ...]:
        """Return the public keys that sign a log, as text (c2sp.org/signed-note)."""
        return tuple(key.text for key in self._keys.verifiers(self.origin_of(log_id)))

    async def publish(self, tenant: str) -> bool:
        """Publish what was appended; False where there is more, or another replica is at this log just now.

        Raises Inconsistent, Unavailable, and OSError where the folder can't be written to.
        """
        log_id = await self._heads.named(tenant)
        async with self._heads.turn(log_id) as turn:
            if turn is None:
                return False
            try:
                return await self._grow(tenant, turn)
            except NotVerified as error:
                raise Inconsistent(str(error), log_id=log_id) from error

    async def _grow(self, tenant: str, turn: SigningTurn) -> bool:
        """Publish up to a bound, so that logs that have grown much take turns with others; whether that was all."""
        folder, head = self.folder_of(turn.log_id), await turn.head()
        await self._bring_up_to(head, tenant, turn)
        events = await self._after(head, tenant, limit=_AT_ONCE)
        if not events:
            return True
        try:
            growth = await asyncio.to_thread(_written, head, events, folder, log_id=turn.log_id)
        except NotVerified:  # somebody changed a file: events that make up the same root are what it was made of
            await self._write_again(head, tenant, folder, log_id=turn.log_id)
            growth = await asyncio.to_thread(_written, head, events, folder, log_id=turn.log_id)
        await turn.note(growth.head, now=self._clock())
        await self._publish(growth.head, turn.log_id)
        await asyncio.to_thread(folder.forget, growth.parts)
        metrics.CHECKPOINTS_PUBLISHED.inc()
        metrics.CHECKPOINT_SECONDS.observe((self._clock() - events[0].recorded_at).total_seconds())
        return len(events) < _AT_ONCE

    async def _publish(self, head: Head, log_id: str) -> None:
        folder, origin = self.folder_of(log_id), self.origin_of(log_id)
        note = self._keys.sign(Checkpoint(origin, head.size, head.root))
        cosignatures = await self._witnesses.cosignatures(note, head, origin=origin, fetch=folder.read)
        await asyncio.to_thread(folder.publish, note.with_signatures(cosignatures).encoded())

    def _published(self, log_id: str) -> Head:
        """Return what the checkpoint in the folder is of. Raises NotVerified where no key of ours has signed it."""
        content = self.folder_of(log_id).checkpoint()
        if content is None:
            return Head()
        verifiers = self._keys.verifiers(self.origin_of(log_id))
        signed.verified(signed.parsed(content), verifiers, Ed25519())
        checkpoint = checkpoints.parsed(signed.parsed(content).text)
        return Head(checkpoint.size, checkpoint.root)

    async def _bring_up_to(self, head: Head, tenant: str, turn: SigningTurn) -> None:
        """Have what was signed last published, whatever the one that signed it still did, and whatever was lost since.

        A checkpoint that is there and was never signed here, as after the database was restored from a backup, is one
        that nothing may be signed beside: readers have seen it.
        """
        folder = self.folder_of(turn.log_id)
        published = await asyncio.to_thread(self._published, turn.log_id)
        if published == head:
            return
        if published.size >= head.size:
            raise Inconsistent(
                "a checkpoint is published that the database does not know, as if it had been restored from a backup",
                log_id=turn.log_id,
            )
        if not await asyncio.to_thread(_is_written, head, folder):
            await self._write_again(head, tenant, folder, log_id=turn.log_id)
        await self._publish(head, turn.log_id)

    async def _after(self, head: Head, tenant: str, *, limit: int) -> Sequence[Event]:
        found = await self._events.read(
            tenant, _EVERYTHING, after=head.size, before=None, oldest_first=True, limit=limit
        )
        return found.events

    async def _write_again(self, head: Head, tenant: str, folder: LogFolder, *, log_id: str) -> None:
        """Write a log's files from its events, and from hashes of those that were dropped, up to what was signed."""
        again = await self._write_dropped_again(tenant, folder, log_id=log_id)
        while again.size < head.size:
            limit = min(_AT_ONCE, head.size - again.size)
            events = await self._after(again, tenant, limit=limit)
            if not events:
                raise Inconsistent("files of the log are missing, and so are its events", log_id=log_id)
            growth = await asyncio.to_thread(_written, again, events, folder, log_id=log_id)
            await asyncio.to_thread(folder.forget, growth.parts)
            again = growth.head
        if again != head:
            raise Inconsistent("the events are not those of which a checkpoint was signed", log_id=log_id)

    async def _write_dropped_again(self, tenant: str, folder: LogFolder, *, log_id: str) -> Head:
        """Write the tiles of what was dropped, and the bundle that has some of it. The tree up to the events kept."""
        again, dropped = Head(), await self._events.dropped(tenant)
        if dropped is None:
            return again
        edge, entries = await self._events.edge(tenant) or (dropped.up_to, [])
        while again.size < edge:
            leaves = await self._events.hashes(tenant, first=again.size, end=edge)
            if not leaves:
                raise Inconsistent("files of the log are missing, and so are hashes", log_id=log_id)
            growth = await asyncio.to_thread(grown_by_hashes, again, leaves, folder.read)
            await asyncio.to_thread(folder.write, growth.parts)
            await asyncio.to_thread(folder.forget, growth.parts)
            again = growth.head
        if entries:
            growth = await asyncio.to_thread(grown, again, entries, folder.read)
            await asyncio.to_thread(folder.write, growth.parts)
            again = growth.head
        return again


def _written(head: Head, events: Sequence[Event], folder: LogFolder, *, log_id: str) -> Growth:
    """Write the files of a growth by events, and return it. Raises Inconsistent, NotVerified and OSError."""
    entries: list[bytes] = []
    for sequence, event in enumerate(events, start=head.size + 1):
        if event.sequence != sequence:
            raise Inconsistent(f"event {sequence} is missing", log_id=log_id)
        entries.append(entry_of(event))
        # Made once where the entry is what was hashed, as it is of all events from the log's first day on.
        if event.kept_hash != leaf_hash(event, entry=entries[-1]):
            raise Inconsistent(f"event {sequence} is not the one that was appended", log_id=log_id)
    growth = grown(head, entries, folder.read)
    folder.write(growth.parts)
    return growth


def _is_written(head: Head, folder: LogFolder) -> bool:
    """Whether what a growth goes on from is there, and is what was signed."""
    try:
        grown(head, [], folder.read)
    except NotVerified:
        return False
    return True
