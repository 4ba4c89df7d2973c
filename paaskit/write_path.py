"""The one way in which a service changes something: five steps in one transaction.

1. lock what the change is about, and read what it depends on;
2. recall the answer that an earlier request of the same id got: where there is one, that is the answer;
3. decide: a pure, synchronous function of what was read says what is to be written, or refuses;
4. write the rows;
5. write what follows: audit events, the order for a release, messages to other services, the answer to remember.

After the commit the relays are told. Nothing here awaits another service, and nothing that is given to it may: what has
to be asked is asked before, what has to be told is a message. Must not know any service's tables.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any, Final, Generic, TypeVar

from paaskit import outbox, requests
from paaskit.audit import AuditEvent
from paaskit.batching import Batcher
from paaskit.db import Connection, Database, see_tenant
from paaskit.db.failures import BUSY
from paaskit.errors import PaasError, Unavailable
from paaskit.outbox import Message
from paaskit.release_order import ReleaseOrder
from paaskit.releases import Releases
from paaskit.requests import Answer, Recalled, RequestKey
from paaskit.trail import Trail

SnapshotT = TypeVar("SnapshotT")
RowsT = TypeVar("RowsT")

Read = Callable[[], Awaitable[SnapshotT]]
"""Gives what was queried for. Raises NotFound where what the change is about is not there."""

Look = Callable[[Connection], Awaitable[Read[SnapshotT]]]
"""Sends the statements that lock and read, the lock first, and returns how to get their results.

In two halves, so that everything a change asks for is one round trip.
"""


@dataclass(frozen=True, kw_only=True)
class Together(Generic[SnapshotT, RowsT]):
    """How several changes of one tenant are looked at, and written, in fewer statements than one after the other.

    `look` is given what each change wants, in the order of their locks, and returns how to get each one's results.
    """

    look: Callable[[Connection, str, Sequence[Any]], Awaitable[Sequence[Read[SnapshotT]]]]
    write: Callable[[Connection, str, Sequence[tuple[SnapshotT, RowsT]]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Further(Generic[SnapshotT]):
    """What a change has to look at besides where its snapshot says so, which few do.

    `look` may lock what other changes depend on as well. What those write has to be seen then, and they are decided on
    before any of a transaction is written: so a change that looks further has its own.
    """

    needed: Callable[[SnapshotT], bool]
    look: Callable[[Connection, SnapshotT], Awaitable[SnapshotT]]


_TOGETHER: Final = 32
_GATHER_SECONDS: Final = 0.008


class NoEvent(StrEnum):
    """Why something is written without an audit event. Whoever finds none that fits has something to record."""

    PART = "it is a part of a change of another service, which has the event"
    HALF = "it is the first half of a change, whose second half has the event"
    ALREADY_SO = "nobody could tell that it was done: what can be listed, read and released is as it was"
    REFUSED = "the change was refused, and this puts back what was made ready for it"


class UnrecordedError(Exception):
    """A change was decided on that nobody would find in the audit log. It is a mistake in our code."""


_FOLLOWS: Final = """
    WITH told AS (
        INSERT INTO outbox (destination, key, payload)
        SELECT * FROM unnest(%(destinations)s::text[], %(keys)s::text[], %(payloads)s::bytea[])
        ON CONFLICT DO NOTHING)
    INSERT INTO requests (tenant, request_id, subject, method, fingerprint, answer)
    SELECT %(tenant)s::text, * FROM unnest(%(request_ids)s::text[], %(subjects)s::text[], %(methods)s::text[],
                                           %(fingerprints)s::text[], %(answers)s::text[])"""


@dataclass(frozen=True, kw_only=True)
class Decision(Generic[RowsT]):
    """What a change comes to. `rows` None: no row of the service's own is written.

    With a `refusal` the change is refused after its decision is committed, and no answer is remembered: for a refusal
    that leaves something behind, such as an audit event or a claim to give up. Any other refusal is simply raised.
    What is only the first half of a change is not to `remember` its answer: that is the second half's.

    What writes, orders or tells something has an event or says why not; otherwise it raises UnrecordedError.
    """

    answer: Answer
    rows: RowsT | None = None
    events: Sequence[AuditEvent] = ()
    order: ReleaseOrder | None = None
    messages: Sequence[Message] = ()
    refusal: PaasError | None = None
    remember: bool = True
    no_event: NoEvent | None = None

    def __post_init__(self) -> None:
        """Raise UnrecordedError for what has neither an event nor a reason for having none."""
        does_something = self.rows is not None or self.order is not None or bool(self.messages)
        if does_something and not self.events and self.no_event is None:
            raise UnrecordedError("a change was decided on without an event, and without saying why there is none")


@dataclass(frozen=True, kw_only=True)
class Change(Generic[SnapshotT, RowsT]):
    """One change of one tenant.

    `about` returns the id of what the snapshot is of, which a repeated request must still be about; None where it is
    gone. It is part of what is remembered. `locks` names what is locked, in the same words for every change of it that
    gives any: changes of things apart that arrive together share a transaction. Without it a change has its own. Those
    of one tenant that have the same `together` share statements too; `wanted` is what its `look` has to know. `further`
    is what it looks at besides at need.
    """

    tenant: str
    look: Look[SnapshotT]
    decide: Callable[[SnapshotT], Decision[RowsT]]
    write: Callable[[Connection, SnapshotT, RowsT], Awaitable[None]]
    request: RequestKey | None = None
    about: Callable[[SnapshotT], str | None] = lambda _: ""
    locks: str = ""
    together: Together[SnapshotT, RowsT] | None = None
    wanted: Any = None
    further: Further[SnapshotT] | None = None


AnyChange = Change[Any, Any]


class WritePath:
    """Makes changes. One of these is in every service that changes something.

    A transaction of its own costs a change more than its statements do, so changes that arrive while others are under
    way share the next one. What one is refused for does not touch the others; where a statement fails, each is made on
    its own.
    """

    def __init__(self, database: Database, *, trail: Trail, releases: Releases | None = None) -> None:
        self._database = database
        self._trail = trail
        self._releases = releases
        self._together: Batcher[AnyChange, Any] = Batcher(
            self._make_together,
            name="changes",
            largest=_TOGETHER,
            apart=lambda change: change.locks,
            gather_seconds=_GATHER_SECONDS,
        )

    async def make(self, change: Change[SnapshotT, RowsT]) -> tuple[SnapshotT, Answer]:
        """Make `change`; return what it was decided on, and its answer or the one an equal request got before.

        Committed when it returns. Raises what `look` and `decide` raise, InvalidInput where the request id was used for
        something else, and Unavailable.
        """
        if change.locks:
            with suppress(_ApartError):  # it can't be made with those that it met there
                made: tuple[SnapshotT, Answer] = await self._together.submit("", change)
                return made
        (made_alone,) = await self._make_all([change])
        if isinstance(made_alone, Exception):
            raise made_alone
        return made_alone

    async def _make_together(self, _: str, changes: Sequence[AnyChange]) -> list[tuple[Any, Answer] | Exception]:
        """Make changes of things apart. Where one of them waits too long for its lock, the others need not."""
        try:
            return await self._make_all(changes)
        except Unavailable as error:
            if len(changes) == 1 or error.reason != BUSY.reason:
                raise
        alone = await asyncio.gather(*(self._make_all([change]) for change in changes), return_exceptions=True)
        return [each[0] if isinstance(each, list) else _passed_on(each) for each in alone]

    async def _make_all(self, changes: Sequence[AnyChange]) -> list[tuple[Any, Answer] | Exception]:
        """Make changes of things apart in one transaction; return each one's outcome, or what it is refused with."""
        outcomes: list[tuple[Any, Answer] | Exception] = []
        made: list[_Made] = []
        async with self._database.transaction(changes[0].tenant) as connection:
            begun = await _begin_all(connection, changes)
            for each in (begun[id(change)] for change in changes):
                try:
                    snapshot, decided = await each.decide(connection, is_alone=len(changes) == 1)
                except (PaasError, _ApartError) as refusal:
                    outcomes.append(refusal)
                    continue
                if isinstance(decided, Decision):
                    made.append(_Made(each.change, snapshot, decided))
                    outcomes.append(decided.refusal or (snapshot, decided.answer))
                else:
                    outcomes.append((snapshot, decided))
            for tenant, those in groupby(made, key=lambda each: each.change.tenant):
                await see_tenant(connection, tenant)
                await self._write(connection, tenant, list(those))
        if any(each.decision.events for each in made):
            self._trail.committed()
        return outcomes

    async def _write(self, connection: Connection, tenant: str, made: Sequence["_Made"]) -> None:
        changed = [each for each in made if each.decision.rows is not None]
        for together, those in groupby(changed, key=lambda each: each.change.together):
            several = list(those)
            if together is not None and len(several) > 1:
                await together.write(connection, tenant, [(each.snapshot, each.decision.rows) for each in several])
            else:
                for each in several:
                    await each.change.write(connection, each.snapshot, each.decision.rows)
        messages = [message for each in made for message in self._messages(each.decision)]
        remembered = [
            requests.Remembered(each.change.request, each.decision.answer, each.change.about(each.snapshot))
            for each in made
            if each.change.request is not None and each.decision.refusal is None and each.decision.remember
        ]
        if messages or remembered:
            destinations, keys, payloads = outbox.columns(messages)
            told = {"tenant": tenant, "destinations": destinations, "keys": keys, "payloads": payloads}
            await connection.execute(_FOLLOWS, {**told, **requests.columns(remembered)})

    def _messages(self, decision: Decision[Any]) -> list[Message]:
        parts = [part for event in decision.events for part in event.parts()]
        messages = [*(self._trail.message(part) for part in parts), *decision.messages]
        if decision.order is not None:
            assert self._releases is not None, "a service without release orders decided on one"
            messages.append(self._releases.message(decision.order))
        return messages

    async def record(self, connection: Connection, *events: AuditEvent) -> None:
        """Keep audit events in a transaction of the caller's that no request asked for; call `committed` after it."""
        await outbox.put(connection, *(self._trail.message(event) for event in events))

    def committed(self) -> None:
        """Say that a transaction with recorded events was committed."""
        self._trail.committed()


class _ApartError(Exception):
    """A change turned out to need a transaction of its own; nothing was written of it."""


@dataclass(frozen=True)
class _Begun:
    """A change whose statements are sent: how to read what it locked, and the look-up of an earlier answer."""

    change: AnyChange
    read: Read[Any]
    recalled: Recalled | None

    async def decide(self, connection: Connection, *, is_alone: bool) -> tuple[Any, Decision[Any] | Answer]:
        """Return the snapshot, and the decision or the answer that an equal request got before.

        Raises PaasError, and _ApartError where the change has to be made alone and is not.
        """
        snapshot = await self.read()
        if self.change.request is not None and self.recalled is not None:
            about = self.change.about(snapshot)
            earlier = await self.recalled.answer(self.change.request, about=about)
            if earlier is not None:
                return snapshot, earlier
        further = self.change.further
        if further is not None and further.needed(snapshot):
            if not is_alone:
                raise _ApartError
            snapshot = await further.look(connection, snapshot)
        return snapshot, self.change.decide(snapshot)


@dataclass(frozen=True)
class _Made:
    """A change that was decided, with what it was decided on."""

    change: AnyChange
    snapshot: Any
    decision: Decision[Any]


def _passed_on(error: BaseException) -> Exception:
    """Return an error for the request it is about. Raises what is not an answer to one, such as a cancellation."""
    if not isinstance(error, Exception):
        raise error
    return error


async def _begin_all(connection: Connection, changes: Sequence[AnyChange]) -> dict[int, _Begun]:
    """Send what locks and reads, and behind it what recalls answers; return how to get the results, by change."""
    begun: dict[int, _Begun] = {}
    # Locked in one order everywhere, so that the transactions of two replicas never wait for each other.
    in_order = sorted(changes, key=lambda each: each.locks)
    for (tenant, together), those in groupby(in_order, key=lambda each: (each.tenant, each.together)):
        several = list(those)
        await see_tenant(connection, tenant)
        if together is not None and len(several) > 1:
            reads = await together.look(connection, tenant, [change.wanted for change in several])
        else:
            reads = [await change.look(connection) for change in several]
        keys = [change.request for change in several if change.request is not None]
        recalled = await requests.recall(connection, tenant, keys) if keys else None
        for change, read in zip(several, reads, strict=True):
            begun[id(change)] = _Begun(change, read, recalled)
    return begun
