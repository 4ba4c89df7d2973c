"""Ask audit to sum events up, and add up the parts it answers with. A long log is asked for in slices at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from paas_cli.incident.facts import Actor, Moment, Times
from paas_cli.incident.source import Source

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp
    from paas.audit.v1.audit_pb2 import EventSum, SummarizeEventsRequest, SummarizeEventsResponse

_SUMMARIZE = "/paas.audit.v1.AuditService/SummarizeEvents"
_SLICES = 4
_MOST_ADDRESSES = 10
OK, DENIED = 1, 2
Key = TypeVar("Key")

NameKey = tuple[str, int, str, str, str, str]
"""Action, outcome, app, the app's id, the name, the id of the token that has it."""
ActorKey = tuple[str, int, str, str, str, str]
"""Action, outcome, actor, on behalf of whom, the token's maker, the token's id."""


@dataclass
class _Tally:
    count: int
    first_at: Moment
    last_at: Moment
    version: int
    addresses: dict[str, None]
    more: bool

    def times(self) -> Times:
        kept = list(self.addresses)
        return Times(
            count=self.count,
            first_at=self.first_at,
            last_at=self.last_at,
            version=self.version,
            addresses=tuple(kept[:_MOST_ADDRESSES]),
            more_addresses=self.more or len(kept) > _MOST_ADDRESSES,
        )


@dataclass
class Sums:
    """Events, by what they were done to and by who did them."""

    names: dict[NameKey, _Tally] = field(default_factory=dict)
    actors: dict[ActorKey, _Tally] = field(default_factory=dict)

    def of_names(self) -> Iterator[tuple[NameKey, Times]]:
        """Yield what was done to each name."""
        return ((key, tally.times()) for key, tally in self.names.items())

    def of_actors(self) -> list[Actor]:
        """Return who did it, whatever they did, who did most first."""
        merged: dict[tuple[str, str, str, str], _Tally] = {}
        for (_, outcome, *who), tally in self.actors.items():
            if outcome == OK:
                _merge(merged, (who[0], who[1], who[2], who[3]), tally)
        found = [
            Actor(who=who, on_behalf_of=for_whom, maker=maker, token_id=token_id, times=tally.times())
            for (who, for_whom, maker, token_id), tally in merged.items()
        ]
        return sorted(found, key=lambda actor: (-actor.times.count, actor.who, actor.token_id))

    def first_at(self) -> Moment | None:
        """When the first of all happened; None where there are none."""
        return min((tally.first_at for tally in self.actors.values()), default=None)

    def add(self, answer: "SummarizeEventsResponse") -> None:
        """Add a part."""
        for each in answer.sums:
            tally = _tally(each)
            if each.actor:
                _merge(
                    self.actors,
                    (each.action, each.outcome, each.actor, each.on_behalf_of, each.maker, each.token_id),
                    tally,
                )
            else:
                key = (each.action, each.outcome, each.app, each.app_id, each.name, each.target_token_id)
                _merge(self.names, key, tally)

    def merge(self, other: "Sums") -> None:
        """Add what another slice of the log has."""
        for name, tally in other.names.items():
            _merge(self.names, name, tally)
        for actor, tally in other.actors.items():
            _merge(self.actors, actor, tally)


def summed(source: Source, request: "SummarizeEventsRequest") -> Sums:
    """Sum up everything a request is about. Raises Failure."""
    from paas.audit.v1 import audit_pb2

    answer = source.read(_SUMMARIZE, request, audit_pb2.SummarizeEventsResponse)
    if not answer.next_page_token:
        found = Sums()
        found.add(answer)
        return found
    with ThreadPoolExecutor(_SLICES) as threads:
        slices = list(threads.map(lambda each: _all_of(source, each), _sliced(source, request, answer)))
    found = slices[0]
    for each in slices[1:]:
        found.merge(each)
    return found


def _sliced(
    source: Source, request: "SummarizeEventsRequest", answer: "SummarizeEventsResponse"
) -> list["SummarizeEventsRequest"]:
    """Cut a request into some that have all its time between them, each about as long as the others."""
    from paas.audit.v1 import audit_pb2

    times = [_moment(each.first_at) for each in answer.sums]
    start = _moment(request.since) if request.HasField("since") else min(times, default=0)
    end = _moment(request.until) if request.HasField("until") else int(source.now() * 1_000_000)
    cuts = [start + (end - start) * number // _SLICES for number in range(1, _SLICES)] if start < end else []
    slices = []
    for begin, until in zip([None, *cuts], [*cuts, None], strict=True):
        each = audit_pb2.SummarizeEventsRequest()
        each.CopyFrom(request)
        if begin is not None:
            each.since.FromDatetime(datetime.fromtimestamp(begin / 1_000_000, UTC))
        if until is not None:
            each.until.FromDatetime(datetime.fromtimestamp(until / 1_000_000, UTC))
        slices.append(each)
    return slices


def _all_of(source: Source, request: "SummarizeEventsRequest") -> Sums:
    from paas.audit.v1 import audit_pb2

    found = Sums()
    while True:
        answer = source.read(_SUMMARIZE, request, audit_pb2.SummarizeEventsResponse)
        found.add(answer)
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def _tally(each: "EventSum") -> _Tally:
    addresses = dict.fromkeys(each.client_addresses)
    return _Tally(
        each.count,
        _moment(each.first_at),
        _moment(each.last_at),
        each.version,
        addresses,
        each.address_count > len(addresses),
    )


def _merge(tallies: dict[Key, _Tally], key: Key, tally: _Tally) -> None:
    known = tallies.get(key)
    if known is None:
        tallies[key] = _Tally(**vars(tally))
        return
    known.count += tally.count
    known.first_at, known.last_at = min(known.first_at, tally.first_at), max(known.last_at, tally.last_at)
    known.version = max(known.version, tally.version)
    known.more = known.more or tally.more
    if len(known.addresses) <= _MOST_ADDRESSES:
        known.addresses = {**known.addresses, **tally.addresses}


def _moment(timestamp: "Timestamp") -> Moment:
    return timestamp.seconds * 1_000_000 + timestamp.nanos // 1000
