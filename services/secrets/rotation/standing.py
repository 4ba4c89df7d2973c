"""How a tenant's keys stand, and what may be done with them. Pure rules; never a key in the clear."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from paaskit.audit import Actor
from paaskit.errors import FieldViolation, InvalidInput, Refused
from paaskit.requests import KEPT_HOURS
from paaskit.write_path import Decision
from services.secrets.keys.destroyed import keys_destroyed
from services.secrets.keys.wrapping import WrappedKey

RETIRED_AFTER: Final = timedelta(hours=KEPT_HOURS + 1)
"""How long a key has had a successor when it is retired. Until then fingerprints of remembered requests are made with
it, and it is hundreds of times what any process holds a list of keys for."""
_AWAY_FOR: Final = timedelta(seconds=5)
_LOCKED_FOR: Final = timedelta(seconds=1)
_STRAGGLERS_EVERY: Final = timedelta(minutes=1)
LOOK_EVERY: Final = timedelta(hours=1)
"""How soon a new primary version of the KMS's key is noticed, at the latest."""


class StaleKeyError(Exception):
    """A key was made as the successor of one that has another successor by now."""


@dataclass(frozen=True, kw_only=True)
class Generation:
    """One key of a tenant. `versions` are the stored values that are sealed with it.

    `older_versions` were to be sealed anew when it was made, `finished_at` is when that was over, but for `unreadable`
    ones, which don't open. A retired one seals nothing, and nothing is sealed with it.
    """

    generation: int
    created_at: datetime
    versions: int = 0
    older_versions: int = 0
    finished_at: datetime | None = None
    unreadable: int = 0
    retired_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Destruction:
    """That a tenant's keys were destroyed: when nothing was opened any more, and when the KMS had done its part.

    Until `restorable_until` an administrator of the KMS can take its part back; None where nobody can.
    """

    at: datetime
    kms_at: datetime | None = None
    restorable_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A tenant's keys, the oldest first."""

    generations: Sequence[Generation] = ()
    destruction: Destruction | None = None

    @property
    def newest(self) -> Generation | None:
        """The one that seals."""
        return self.generations[-1] if self.generations else None

    @property
    def older(self) -> Sequence[Generation]:
        """Those that have a successor."""
        return self.generations[:-1]

    @property
    def older_versions(self) -> int:
        """How many stored values are sealed with a key that has a successor."""
        return sum(each.versions for each in self.older)

    @property
    def is_sealing_anew(self) -> bool:
        """Whether values are on their way to the newest key."""
        return bool(self.older) and self.generations[-1].finished_at is None

    def is_over(self, unreadable: int) -> bool:
        """Whether it is news that nothing is on its way any more, where `unreadable` values were found not to open."""
        if not self.older or self.older_versions > unreadable:
            return False
        return self.is_sealing_anew or self.generations[-1].unreadable != self.older_versions

    @property
    def sealed_anew(self) -> int:
        """How many of the values that were to be sealed anew are so now."""
        newest = self.newest
        return 0 if newest is None else max(newest.older_versions - self.older_versions, 0)


@dataclass(frozen=True)
class NewGeneration:
    """A key to store, with how many values are to be sealed anew with it."""

    key: WrappedKey
    older_versions: int


@dataclass(frozen=True)
class Renewed:
    """A key that was wrapped anew, and what it was wrapped as."""

    before: WrappedKey
    after: WrappedKey


@dataclass(frozen=True)
class Destroyed:
    """Nothing of the tenant is opened or sealed from now on."""


KeyRows = NewGeneration | Destroyed
"""What is written where a tenant's keys change."""


def successor(standing: Standing) -> int:
    """Return the number of the next key. Raises Refused where there can be none now.

    One at a time: every key that has values is unwrapped whenever a process begins with a tenant, so there are never
    more of these than two while all goes well.
    """
    newest = standing.newest
    if standing.destruction is not None:
        raise keys_destroyed()
    if newest is None:
        raise Refused("There is no key yet; it is made with the first secret.", reason="NO_KEYS")
    if standing.is_sealing_anew:
        raise Refused(
            f"Generation {newest.generation} is still being rolled out ({standing.sealed_anew} of"
            f" {newest.older_versions}). `paas keys` shows how far it is; rotate again once it is done.",
            reason="ROTATION_UNDER_WAY",
        )
    return newest.generation + 1


def rotate(standing: Standing, made: WrappedKey, actor: Actor, *, request_id: str) -> Decision[KeyRows]:
    """Decide on a key that was made. Raises Refused, and StaleKeyError where it is not the successor any more."""
    if successor(standing) != made.generation:
        raise StaleKeyError
    waiting = sum(each.versions for each in standing.generations)
    return Decision(
        answer={"generation": made.generation, "older_versions": waiting},
        rows=NewGeneration(made, waiting),
        events=[actor.event("keys.rotate", version=made.generation, request_id=request_id)],
    )


def refuse_unconfirmed(tenant: str, confirm: str) -> None:
    """Raise InvalidInput unless the tenant is named exactly."""
    if confirm != tenant:
        raise InvalidInput(
            "That is not the name of your tenant, so nothing was destroyed. `paas whoami` shows it.",
            reason="NOT_CONFIRMED",
            fields=[FieldViolation("confirm", "is the name of the tenant, exactly")],
        )


def shred(standing: Standing, actor: Actor, *, request_id: str) -> Decision[KeyRows]:
    """Decide on destroying all keys. What is destroyed already stays so. Raises Refused where there is none."""
    if standing.destruction is not None:
        return Decision(answer={})
    if standing.newest is None:
        raise Refused("There is no key to destroy; it is made with the first secret.", reason="NO_KEYS")
    return Decision(
        answer={},
        rows=Destroyed(),
        events=[actor.event("keys.shred", version=standing.newest.generation, request_id=request_id)],
    )


def rewrap(stored: bytes | None, renewed: Renewed, actor: Actor) -> Decision[WrappedKey]:
    """Decide on a key that was wrapped anew, given what is stored of it by now: another replica may have been first."""
    if stored != renewed.before.wrapped:
        return Decision(answer={})
    event = actor.event("keys.rewrap", version=renewed.after.generation)
    return Decision(answer={}, rows=renewed.after, events=[event])


def retirable(standing: Standing, now: datetime) -> list[int]:
    """Return the keys that nothing needs any more: no value is sealed with one, and its successor is old enough."""
    successors = zip(standing.generations, standing.generations[1:], strict=False)
    return [
        each.generation
        for each, next_one in successors
        if each.retired_at is None and not each.versions and next_one.created_at <= now - RETIRED_AFTER
    ]


def next_look(standing: Standing, now: datetime) -> datetime | None:
    """Return when to look after a tenant's keys again after all that could be done was, None for never.

    A KMS that may not destroy a key is asked less and less often. While a key with a successor isn't retired, values
    may still turn up that were sealed by a process that had not heard of the successor.
    """
    if standing.newest is None or (standing.destruction is not None and standing.destruction.kms_at is not None):
        return None
    if standing.destruction is not None:
        return now + min(max(now - standing.destruction.at, _AWAY_FOR), LOOK_EVERY)
    if standing.is_sealing_anew:
        return now + _LOCKED_FOR
    if any(each.retired_at is None for each in standing.older):
        return now + _STRAGGLERS_EVERY
    return now + LOOK_EVERY


def look_after_failure(now: datetime) -> datetime:
    """Return when to try again where the KMS or the database is away."""
    return now + _AWAY_FOR
