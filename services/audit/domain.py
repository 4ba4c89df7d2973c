"""The rules of the log: what an event is, what is accepted, how it becomes a leaf, how it is read and followed.

An event is appended once and never changes. Nothing here knows how events are stored: that is behind `Log`, which the
table of today and the Merkle tree to come both implement.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from paaskit.batching import Batcher
from paaskit.clock import Clock
from paaskit.errors import FieldViolation, InvalidInput, Unavailable
from paaskit.wakeups import Wakeups
from services.audit.selection import OUTCOMES, Selection, check
from services.audit.turns import Turns

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

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
NEWEST_FORMAT: Final = 3
_FORMATS: Final = {1: b"paas.audit.event.v1", 2: b"paas.audit.event.v2", NEWEST_FORMAT: b"paas.audit.event.v3"}
_LEAF: Final = b"\x00"
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
}
"""The least and the most bytes of each text."""
_NUMBERS: Final = ("version", "repeats", "repeats_seconds")


@dataclass(frozen=True, kw_only=True)
class Report:
    """One thing that was done or attempted, as a service reports it. An outcome of 0 was left out.

    `target_tokens` are the ids and makers of tokens, one pair for each target or none at all.
    """

    event_id: str
    tenant: str
    occurred_at: datetime | None
    action: str
    actor: str
    outcome: int
    on_behalf_of: str = ""
    app: str = ""
    app_id: str = ""
    targets: tuple[str, ...] = ()
    version: int = 0
    request_id: str = ""
    client_address: str = ""
    token_id: str = ""
    maker: str = ""
    target_tokens: tuple[tuple[str, str], ...] = ()
    repeats: int = 0
    repeats_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class Event:
    """A report with its place in the tenant's log: `sequence` counts from 1 without gaps.

    `leaf_format` is the one its leaf was made in when it was appended, and is made in ever after.
    """

    report: Report
    sequence: int
    recorded_at: datetime
    service: str
    leaf_format: int = NEWEST_FORMAT


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

    def __init__(self, log: Log, wakeups: Wakeups[str], *, clock: Clock, actions: frozenset[str]) -> None:
        self._log = log
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
        self._wakeups.announce(*{report.tenant for report in reports})

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
    return wrong


def _is_token(token_id: str, maker: str) -> bool:
    sizes = 1 <= len(token_id.encode()) <= _LIMITS["token_id"][1] and len(maker.encode()) <= _LIMITS["maker"][1]
    return sizes and "\0" not in token_id + maker


def leaf_hash(event: Event) -> bytes:
    """Return the hash of an event as a leaf of a Merkle tree: SHA-256(0x00 || canonical bytes), RFC 6962, 2.1."""
    return hashlib.sha256(_LEAF + canonical_bytes(event)).digest()


def canonical_bytes(event: Event) -> bytes:
    """Return the one encoding of an event that is hashed. Each format is final: a change would be a new one.

    A sequence of fields, each a length of 4 bytes (big-endian, unsigned) and that many bytes. In order: the format
    `paas.audit.event.v3`, tenant, sequence, event_id, occurred_at, recorded_at, service, action, actor, on_behalf_of,
    app, app_id, version, outcome, request_id, client_address, the number of targets, each target, token_id, maker,
    repeats, repeats_seconds, the number of target tokens, the id and the maker of each. Texts are UTF-8. Numbers are
    8 bytes, big-endian, signed. Times are microseconds since 1970-01-01T00:00:00Z, as numbers.

    Events of before are in format `paas.audit.event.v2`, which ends with the targets, or `paas.audit.event.v1`, which
    is that without app_id.
    """
    report = event.report
    assert report.occurred_at is not None
    fields: list[bytes] = [
        _FORMATS[event.leaf_format],
        report.tenant.encode(),
        _number(event.sequence),
        report.event_id.encode(),
        _number((report.occurred_at - _EPOCH) // _MICROSECOND),
        _number((event.recorded_at - _EPOCH) // _MICROSECOND),
        event.service.encode(),
        report.action.encode(),
        report.actor.encode(),
        report.on_behalf_of.encode(),
        report.app.encode(),
        *([report.app_id.encode()] if event.leaf_format > 1 else []),
        _number(report.version),
        _number(report.outcome),
        report.request_id.encode(),
        report.client_address.encode(),
        _number(len(report.targets)),
        *(target.encode() for target in report.targets),
    ]
    if event.leaf_format > 2:
        fields += [report.token_id.encode(), report.maker.encode()]
        fields += [_number(report.repeats), _number(report.repeats_seconds), _number(len(report.target_tokens))]
        fields += [text.encode() for pair in report.target_tokens for text in pair]
    return b"".join(part for each in fields for part in (len(each).to_bytes(4, "big"), each))


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)
