"""The one way in which a service changes something: five steps in one transaction.

1. lock what the change is about, and read what it depends on;
2. recall the answer that an earlier request of the same id got: where there is one, that is the answer;
3. decide: a pure, synchronous function of what was read says what is to be written, or refuses;
4. write the rows;
5. write what follows: audit events, the order for a release, messages to other services, the answer to remember.

After the commit the relays are told. Nothing here awaits another service, and nothing that is given to it may: what has
to be asked is asked before, what has to be told is a message. Must not know any service's tables.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from paaskit import outbox, requests
from paaskit.audit import AuditEvent
from paaskit.db import Connection, Database
from paaskit.errors import PaasError
from paaskit.outbox import Message
from paaskit.release_order import ReleaseOrder
from paaskit.releases import Releases
from paaskit.requests import Answer, RequestKey
from paaskit.trail import Trail

SnapshotT = TypeVar("SnapshotT")
RowsT = TypeVar("RowsT")

Read = Callable[[], Awaitable[SnapshotT]]
"""Gives what was queried for. Raises NotFound where what the change is about is not there."""

Look = Callable[[Connection], Awaitable[Read[SnapshotT]]]
"""Sends the statements that lock and read, the lock first, and returns how to get their results.

In two halves, so that everything a change asks for is one round trip.
"""

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
    """

    answer: Answer
    rows: RowsT | None = None
    events: Sequence[AuditEvent] = ()
    order: ReleaseOrder | None = None
    messages: Sequence[Message] = ()
    refusal: PaasError | None = None
    remember: bool = True


@dataclass(frozen=True, kw_only=True)
class Change(Generic[SnapshotT, RowsT]):
    """One change of one tenant.

    `about` returns the id of what the snapshot is of, which a repeated request must still be about; None where it is
    gone. It is part of what is remembered.
    """

    tenant: str
    look: Look[SnapshotT]
    decide: Callable[[SnapshotT], Decision[RowsT]]
    write: Callable[[Connection, SnapshotT, RowsT], Awaitable[None]]
    request: RequestKey | None = None
    about: Callable[[SnapshotT], str | None] = lambda _: ""


class WritePath:
    """Makes changes. One of these is in every service that changes something."""

    def __init__(self, database: Database, *, trail: Trail, releases: Releases | None = None) -> None:
        self._database = database
        self._trail = trail
        self._releases = releases

    async def make(self, change: Change[SnapshotT, RowsT]) -> tuple[SnapshotT, Answer]:
        """Make `change`; return what it was decided on, and its answer or the one an equal request got before.

        Committed when it returns. Raises what `look` and `decide` raise, InvalidInput where the request id was used for
        something else, and Unavailable.
        """
        async with self._database.transaction(change.tenant) as connection:
            read = await change.look(connection)
            recall = None
            if change.request is not None:
                recall = await requests.begin_recall(connection, change.tenant, change.request)
            snapshot = await read()
            about = change.about(snapshot)
            if recall is not None and change.request is not None:
                earlier = await requests.finish_recall(recall, change.request, about=about)
                if earlier is not None:
                    return snapshot, earlier
            decision = change.decide(snapshot)
            if decision.rows is not None:
                await change.write(connection, snapshot, decision.rows)
            await self._write_what_follows(connection, change, decision, about=about)
        if decision.events:
            self._trail.committed()
        if decision.refusal is not None:
            raise decision.refusal
        return snapshot, decision.answer

    async def record(self, connection: Connection, *events: AuditEvent) -> None:
        """Keep audit events in a transaction of the caller's that no request asked for; call `committed` after it."""
        await outbox.put(connection, *(self._trail.message(event) for event in events))

    def committed(self) -> None:
        """Say that a transaction with recorded events was committed."""
        self._trail.committed()

    async def _write_what_follows(
        self, connection: Connection, change: Change[Any, Any], decision: Decision[Any], *, about: str | None
    ) -> None:
        remembers = change.request is not None and decision.refusal is None and decision.remember
        parts = [part for event in decision.events for part in event.parts()]
        messages = [*(self._trail.message(part) for part in parts), *decision.messages]
        if decision.order is not None:
            assert self._releases is not None, "a service without release orders decided on one"
            messages.append(self._releases.message(decision.order))
        if not messages and not remembers:
            return
        destinations, keys, payloads = outbox.columns(messages)
        remembered = requests.NOTHING
        if change.request is not None and remembers:
            remembered = requests.columns(change.request, decision.answer, about=about)
        told = {"tenant": change.tenant, "destinations": destinations, "keys": keys, "payloads": payloads}
        await connection.execute(_FOLLOWS, {**told, **remembered})
        if remembers:
            await requests.expire_sometimes(connection, change.tenant)
