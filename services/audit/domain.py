"""The rules of the log: what is accepted, how it is read and followed.

An event is appended once and never changes. Nothing here knows how events are stored: that is behind `Log`.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from paaskit.batching import Batcher
from paaskit.clock import Clock
from paaskit.errors import FieldViolation, InvalidInput, Unavailable
from paaskit.wakeups import Wakeups
from services.audit.event import Event, Report
from services.audit.leaves import fits
from services.audit.selection import OUTCOMES, Selection, check
from services.audit.turns import Turns
from transparency.tiles.bundles import LONGEST_ENTRY

MAX_BATCH: Final = 500
MAX_TARGETS: Final = 500
MAX_TARGET_BYTES: Final = 128
MAX_PAGE_SIZE: Final = 500
DEFAULT_PAGE_SIZE: Final = 50

FROM_NOW_ON: Final = 0
FROM_THE_OLDEST: Final = -1
_FOLLOW_BATCH: Final = 50
# More than there can be streams.
_LOOKS_TOGETHER: Final = 4096
# Other replicas append too, and say nothing.
_LOOK_AGAIN_SECONDS: Final = 1.0
# The right to follow was checked when the stream began; whoever lost it since is not followed up for ever.
LONGEST_FOLLOWING: Final = timedelta(minutes=15)

_LIMITS: Final = {
    "event_id": (1, 64),
    "tenant": (1, 64),
    "action": (1, 64),
    "actor": (1, 200),
    "on_behalf_of": (0, 200),
    "app": (0, 64),
    "app_id": (0, 64),
    "request_id": (0, 64),
    "client_address": (0, 64),
    "token_id": (0, 64),
    "maker": (0, 200),
    "reason": (0, 800),
}
"""The least and the most bytes of each text."""
_NUMBERS: Final = ("version", "repeats", "repeats_seconds")


@dataclass(frozen=True)
class Found:
    """Events in the order they were asked for. `end` is the sequence up to which it was looked, None: to the end.

    There may be fewer events than were asked for, even none, and still more to find after `end`.
    """

    events: Sequence[Event]
    end: int | None


class Log(Protocol):
    """Where events are kept, in order per tenant, for ever."""

    async def append(self, reports: Sequence[Report], *, service: str, now: datetime) -> None:
        """Append in the order given, each event id once per tenant; committed when it returns."""

    async def read(
        self, tenant: str, selection: Selection, *, after: int, before: int | None, oldest_first: bool, limit: int
    ) -> Found:
        """Return the first events of a selection between two sequences. Its times are not looked at."""

    async def first_since(self, tenant: str, time: datetime) -> int:
        """Return the sequence of the first event that was appended then or later; where there is none, the next."""

    async def last_sequence(self, tenant: str) -> int:
        """Return the sequence of the newest event; 0 where there is none."""


class AuditLog:
    """Appends, lists and follows."""

    def __init__(
        self,
        log: Log,
        wakeups: Wakeups[str],
        *,
        has_grown: Callable[[Iterable[str]], None],
        clock: Clock,
        actions: frozenset[str],
    ) -> None:
        self._log = log
        self._has_grown = has_grown
        self._actions = actions
        self._wakeups = wakeups
        self._clock = clock
        self._turns = Turns[Event]()
        # However many of a tenant look at once, it is one look.
        self._ends: Batcher[None, int] = Batcher(self._end_of, name="ends", largest=_LOOKS_TOGETHER)

    async def append(self, reports: Sequence[Report], *, service: str) -> None:
        """Append all or nothing. Raises InvalidInput where one of them is wrong."""
        check_reports(reports)
        await self._log.append(reports, service=service, now=self._clock())
        tenants = {report.tenant for report in reports}
        self._wakeups.announce(*tenants)
        self._has_grown(tenants)

    async def page(
        self,
        tenant: str,
        selection: Selection,
        *,
        limit: int,
        after: int = 0,
        before: int | None = None,
        oldest_first: bool = False,
    ) -> Found:
        """Return the first events between two sequences. Raises InvalidInput for a question that makes no sense."""
        check(selection, actions=self._actions)
        if selection.since is not None:
            after = max(after, await self._log.first_since(tenant, selection.since) - 1)
        if selection.until is not None:
            end = await self._log.first_since(tenant, selection.until)
            before = end if before is None else min(before, end)
        return await self._log.read(
            tenant, selection, after=after, before=before, oldest_first=oldest_first, limit=limit
        )

    async def follow(self, tenant: str, selection: Selection, *, after: int) -> AsyncIterator[Event]:
        """Yield events after a sequence, in order, and new ones as they come. Raises Unavailable when it has to end.

        No connection of the database is held while it waits, or while the reader is slow; nor is a turn, or more than
        one event.
        """
        if after < FROM_THE_OLDEST:
            raise InvalidInput(
                "after_sequence is a sequence, 0 for what is still to come, or -1 for everything.",
                fields=[FieldViolation("after_sequence", "is -1 or more")],
            )
        check(selection, actions=self._actions)
        until = self._clock() + LONGEST_FOLLOWING
        position = max(after, 0) if after != FROM_NOW_ON else await self._ends.submit(tenant, None)
        while True:
            # Taken before the look, so that what is appended in between is not slept through.
            with self._wakeups.expect(tenant) as appended:
                end = await self._ends.submit(tenant, None)
                if end <= position:
                    await appended.wait(_LOOK_AGAIN_SECONDS)
            self._check_may_go_on(until, position)
            if end > position:
                async with self._turns.take(tenant) as turn:
                    self._check_may_go_on(until, position)
                    found = await self._log.read(
                        tenant, selection, after=position, before=None, oldest_first=True, limit=_FOLLOW_BATCH
                    )
                    held = turn.hold(found.events)
                    while held:
                        event = held.popleft()
                        yield event
                        position = event.sequence
                    if not turn.over:
                        # What there is up to here is not selected, or came after the look.
                        position = max(position, end if found.end is None else found.end)

    def _check_may_go_on(self, until: datetime, position: int) -> None:
        """Raise Unavailable where a stream that has sent everything up to `position` has to end."""
        if self._wakeups.closed or self._clock() >= until:
            raise Unavailable(
                f"The stream ends here; follow again after sequence {position}.", metadata={"service": "audit"}
            )

    async def _end_of(self, tenant: str, looks: Sequence[None]) -> Sequence[int]:
        return [await self._log.last_sequence(tenant)] * len(looks)


def check_reports(reports: Sequence[Report]) -> None:
    """Raise InvalidInput unless every report may be appended. What is wrong is named, its text is not repeated."""
    if not 1 <= len(reports) <= MAX_BATCH:
        raise InvalidInput(
            f"1 to {MAX_BATCH} events are appended at a time.", fields=[FieldViolation("events", "size")]
        )
    wrong = [
        FieldViolation(f"events[{index}].{name}", description)
        for index, report in enumerate(reports)
        for name, description in _violations(report)
    ]
    if wrong:
        raise InvalidInput(f"{wrong[0].field} {wrong[0].description}. Nothing was appended.", fields=wrong[:20])


def _violations(report: Report) -> list[tuple[str, str]]:
    wrong = []
    for name, (least, most) in _LIMITS.items():
        text = getattr(report, name)
        if not least <= len(text.encode()) <= most or "\0" in text:
            wrong.append((name, f"has {least} to {most} bytes and no NUL"))
    if report.occurred_at is None:
        wrong.append(("occurred_at", "is a time of the years 1 to 9999"))
    if report.outcome not in OUTCOMES:
        wrong.append(("outcome", "is one of ok, denied and failed"))
    wrong += [(name, "is 0 or more") for name in _NUMBERS if getattr(report, name) < 0]
    if len(report.targets) > MAX_TARGETS:
        wrong.append(("targets", f"are at most {MAX_TARGETS}"))
    if any(not 1 <= len(target.encode()) <= MAX_TARGET_BYTES or "\0" in target for target in report.targets):
        wrong.append(("targets", f"have 1 to {MAX_TARGET_BYTES} bytes each and no NUL"))
    if len(report.target_tokens) not in (0, len(report.targets)):
        wrong.append(("target_tokens", "are one for each target, or none"))
    if not all(_is_token(*pair) for pair in report.target_tokens):
        wrong.append(("target_tokens", "have an id of 1 to 64 bytes and a maker of at most 200, and no NUL"))
    if not wrong and not fits(report):
        wrong.append(("targets", f"take more of the log's entry than its {LONGEST_ENTRY} bytes"))
    return wrong


def _is_token(token_id: str, maker: str) -> bool:
    sizes = 1 <= len(token_id.encode()) <= _LIMITS["token_id"][1] and len(maker.encode()) <= _LIMITS["maker"][1]
    return sizes and "\0" not in token_id + maker
