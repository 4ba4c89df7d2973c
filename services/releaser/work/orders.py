"""What an order for a release becomes in its app's queue: a number, once per change, and the versions it is for.

Pure rules over what the lock on the app shows. Must not know SQL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from paaskit.release_order import ReleasedChange
from services.releaser.domain import AppKey, Kind, Versions


@dataclass(frozen=True, kw_only=True)
class Order:
    """A wish for one release. `change_id` is the key it happens once under; the release has at least `versions`."""

    key: AppKey
    app: str
    change_id: str
    actor: str
    description: str
    versions: Versions = field(default_factory=Versions)
    changes: tuple[ReleasedChange, ...] = ()
    kind: Kind = Kind.CHANGE
    source_release: int | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    """How an app's queue stands. `targets` are the greatest versions that were ever ordered for it."""

    last_number: int
    gone: bool
    targets: Versions


@dataclass(frozen=True, kw_only=True)
class Given:
    """The newest release that a change has already. `part` is 1 unless the change's halves came apart.

    `named` are the names that any release of the change has, each with whether it is a secret.
    """

    number: int
    part: int
    queued: bool
    versions: Versions
    changes: tuple[ReleasedChange, ...] = ()
    named: frozenset[tuple[str, bool]] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Queued:
    """A new release: at the app's targets, which its own order has raised."""

    order: Order
    number: int
    part: int
    versions: Versions
    gone: bool


@dataclass(frozen=True, kw_only=True)
class Raised:
    """A queued release that is to have more than it was queued with; those behind it then need that as well."""

    key: AppKey
    number: int
    versions: Versions
    changes: tuple[ReleasedChange, ...]


@dataclass(frozen=True, kw_only=True)
class Placement:
    """What becomes of orders: each one's number, in their order, and what is to be written for that."""

    numbers: Sequence[int]
    queued: Sequence[Queued]
    raised: Sequence[Raised]


Lines = Mapping[AppKey, Line]
GivenNumbers = Mapping[tuple[AppKey, str], Given]


def place(orders: Sequence[Order], lines: Lines, given: GivenNumbers) -> Placement:
    """Return what becomes of `orders`, one after the other.

    A change that has a release keeps its number. Only where its second half arrives on its own, which happens after a
    crash between two services, is there more to do: the release is raised while it waits, and followed by another one
    once it does not. That somebody else's release has the half already does not count, since it may be taken back with
    that one.
    """
    lines, given = dict(lines), dict(given)
    numbers: list[int] = []
    queued: list[Queued] = []
    raised: list[Raised] = []
    for order in orders:
        line, known = lines[order.key], given.get((order.key, order.change_id))
        targets = line.targets.raised_to(order.versions)
        if known is None or not (known.queued or line.gone or _has_all(known, order, line)):
            new = Queued(
                order=order,
                number=line.last_number + 1,
                part=known.part + 1 if known else 1,
                versions=targets,
                gone=line.gone,
            )
            queued.append(new)
            lines[order.key] = replace(line, last_number=new.number, targets=targets)
            known = Given(
                number=new.number,
                part=new.part,
                queued=not new.gone,
                versions=targets,
                changes=order.changes,
                named=names_of(order.changes) | (known.named if known else frozenset()),
            )
        elif known.queued and not _has_all(known, order, line):
            changes = joined(known.changes, order.changes)
            raised.append(Raised(key=order.key, number=known.number, versions=order.versions, changes=changes))
            lines[order.key] = replace(line, targets=targets)
            versions = known.versions.raised_to(order.versions)
            known = replace(known, versions=versions, changes=changes, named=known.named | names_of(changes))
        given[order.key, order.change_id] = known
        numbers.append(known.number)
    return Placement(numbers=numbers, queued=queued, raised=raised)


def _has_all(known: Given, order: Order, line: Line) -> bool:
    """Whether the releases of a change have all of an order for it. One without a version takes what is newest."""
    versions = line.targets if known.versions.config is None else known.versions
    return versions.cover(order.versions) and names_of(order.changes) <= known.named


def names_of(changes: Sequence[ReleasedChange]) -> frozenset[tuple[str, bool]]:
    """Return which names were changed, each with whether it is a secret."""
    return frozenset((change.name, change.secret) for change in changes)


def joined(one: Sequence[ReleasedChange], other: Sequence[ReleasedChange]) -> tuple[ReleasedChange, ...]:
    """Return the changes of both halves of a change, each name once."""
    return tuple({(change.name, change.secret): change for change in (*one, *other)}.values())
