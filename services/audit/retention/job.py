"""Dropping the events whose time is over, in steps that are each safe to repeat: whoever died is gone on from.

First the log says what will be dropped, and that is published and signed; then the database drops it, all at once; then
the files go. So nothing is missing that readers were not told of, and what was told happens with the next run.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from paaskit.clock import Clock
from services.audit.event import Outcome, Report
from services.audit.periods import Period
from services.audit.publishing.folder import LogFolder
from services.audit.retention.dropped import Dropped
from services.audit.retention.owner_store import OfLog, Owner
from services.audit.retention.rule import Rule
from services.audit.store import Store
from transparency.encoding import HASH_SIZE
from transparency.failures import NotVerified
from transparency.notes import checkpoints, signed
from transparency.notes.checkpoints import Checkpoint
from transparency.tiles.bundles import encoded
from transparency.tiles.paths import WIDTH
from transparency.tiles.reader import TileReader

ACTION: Final = "audit.retain"
MONTHS_AHEAD: Final = 3
_SERVICE: Final = "audit"
_ACTOR: Final = "service:audit"
_END: Final = datetime(9999, 1, 1, tzinfo=UTC)
_FOUR_DAYS: Final = timedelta(days=4)
# Replicas look at all logs once a minute.
_LOOKS: Final = 180
_LOOK_EVERY_SECONDS: Final = 1.0

log = structlog.get_logger()


class NotYet(Exception):
    """Something has to happen before events may be dropped. The text says what; nothing was dropped."""


@dataclass(frozen=True)
class Over:
    """What is over of one log: its events from `first` to `up_to`."""

    tenant: str
    log_id: str
    first: int
    up_to: int


class Retention:
    """Makes months and drops them. `folder` is where logs are published; `store` appends and reads as the owner."""

    def __init__(
        self,
        owner: Owner,
        store: Store,
        *,
        folder: Path,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._owner = owner
        self._store = store
        self._folder = folder
        self._clock = clock
        self._sleep = sleep

    async def make_months(self) -> None:
        """Make the parts for this month and those to come, and for those that have events and no part."""
        month = self._clock().date().replace(day=1)
        months = await self._without_part()
        for _ in range(MONTHS_AHEAD + 1):
            months.append(month)
            month = (month.replace(day=28) + _FOUR_DAYS).replace(day=1)
        for month in months:
            if await self._owner.make_month(month):
                made = f"{month:%Y-%m}"
                log.info("month_made", month=made)

    async def drop(self, rule: Rule) -> None:
        """Drop all that is over by a rule. Raises NotYet, OtherEvents and OSError; it can be run again."""
        for since, until in await self._owner.periods(before=rule.over_before(self._clock())):
            over = await self.over(since)
            told = [await self.tell(each, until, rule) for each in over]
            logs = [await self.looked_at(each, one) for each, one in zip(over, told, strict=True)]
            await self._owner.drop(since, logs)
            before, events = until.isoformat(), sum(each.up_to - each.first + 1 for each in over)
            log.info("month_dropped", before=before, events=events)
        await self.remove_files()

    async def over(self, since: datetime) -> list[Over]:
        """Return what a period has of each log."""
        found = []
        for tenant, log_id in await self._owner.logs():
            periods = await self._store.periods(tenant)
            for number, period in enumerate(periods):
                if period.since == since:
                    end = await self._end(tenant, periods, number)
                    found.append(Over(tenant, log_id, period.first_sequence, end))
        return found

    async def tell(self, over: Over, until: datetime, rule: Rule) -> Dropped:
        """Append to a log that events of it are dropped, once; what it says. Raises NotYet where it does not say so."""
        now = self._clock()
        name = hashlib.sha256(f"{ACTION} {over.log_id} {over.up_to}".encode()).hexdigest()[:32]
        report = Report(
            event_id=name,
            tenant=over.tenant,
            occurred_at=now,
            action=ACTION,
            actor=_ACTOR,
            outcome=Outcome.OK,
            targets=(rule.text,),
            version=over.up_to,
        )
        await self._store.append([report], service=_SERVICE, now=now)
        event = await self._store.with_id(over.tenant, name)
        # Any service names its own events, so one of another may have had this id before.
        own = (_SERVICE, ACTION, over.up_to)
        if event is None or (event.service, event.report.action, event.report.version) != own:
            raise NotYet(f"Log {over.log_id} has another event with the id of the one that tells what is dropped.")
        return Dropped(over.up_to, until, event.report.targets[0], event.sequence, now)

    async def looked_at(self, over: Over, told: Dropped) -> OfLog:
        """Return what stays of a log's events, once it was published that they are dropped; all of it is verified."""
        checkpoint = await self._published(over, told)
        return await asyncio.to_thread(_kept, over, told, checkpoint, LogFolder(self._folder / over.log_id))

    async def remove_files(self) -> None:
        """Remove the files that hold nothing but entries that were dropped."""
        for tenant, log_id in await self._owner.logs():
            dropped = await self._store.dropped(tenant)
            if dropped is not None:
                await asyncio.to_thread(LogFolder(self._folder / log_id).drop_entries, dropped.up_to)

    async def _without_part(self) -> list[date]:
        """Return the months that logs have events of while there is no part for them."""
        made = {since for since, _ in await self._owner.periods(before=_END)}
        noted = {period.since for tenant, _ in await self._owner.logs() for period in await self._store.periods(tenant)}
        return [since.date() for since in sorted(noted - made)]

    async def _end(self, tenant: str, periods: Sequence[Period], number: int) -> int:
        if number + 1 < len(periods):
            return periods[number + 1].first_sequence - 1
        return await self._store.last_sequence(tenant)

    async def _published(self, over: Over, told: Dropped) -> Checkpoint:
        folder = LogFolder(self._folder / over.log_id)
        for _ in range(_LOOKS):
            content = await asyncio.to_thread(folder.checkpoint)
            if content is not None:
                checkpoint = checkpoints.parsed(signed.parsed(content).text)
                if checkpoint.size >= told.told_in:
                    if await self._owner.root(over.log_id, checkpoint.size) != checkpoint.root:
                        raise NotYet(f"The checkpoint of log {over.log_id} is not one that audit has signed.")
                    return checkpoint
            await self._sleep(_LOOK_EVERY_SECONDS)
        raise NotYet(f"Log {over.log_id} was not published up to what it says of its retention; does audit run?")


def _kept(over: Over, told: Dropped, checkpoint: Checkpoint, folder: LogFolder) -> OfLog:
    """Read what is kept of entries that are dropped from where it is published, in distrust. Raises NotYet."""
    reader = TileReader(folder.read, size=checkpoint.size, root=checkpoint.root)
    first, end = over.first - 1, over.up_to
    try:
        hashes = []
        for tile in range(first // WIDTH, -(-end // WIDTH)):
            at, to = max(first, tile * WIDTH), min(end, (tile + 1) * WIDTH)
            content = reader.tile(0, tile)
            hashes.append((at, content[(at - tile * WIDTH) * HASH_SIZE : (to - tile * WIDTH) * HASH_SIZE]))
        edge, width = end - end % WIDTH, end % WIDTH
        entries = encoded(reader.entries(edge // WIDTH)[:width]) if width else b""
    except NotVerified as error:
        raise NotYet(f"The files of log {over.log_id} are not what was signed: {error}.") from None
    return OfLog(over.tenant, over.first, told, hashes, (edge, entries) if width else None)
