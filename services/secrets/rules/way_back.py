"""Going back: to what an earlier version had, or to what was before a change. Pure rules.

Old values are sealed anew, since a seal is bound to the version that stores it. Managed values never go back: an
add-on's former password opens nothing. A name that is something else by now stays that. A value that comes back
has the end it had, past or not.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.secrets.keys.tenant_keys import TenantKeys
from services.secrets.rules.claims import Need, names_needed
from services.secrets.rules.plan import Plan, plan_of
from services.secrets.rules.stored import PREVIOUS_SUFFIX, Entry, Snapshot
from services.secrets.rules.values import equal, new_entry, opened


@dataclass(frozen=True, kw_only=True)
class WayBack:
    """The entries whose values are to be current again, and the names that are to go."""

    keep: Mapping[str, Entry]
    remove: frozenset[str]


Back = Callable[[Snapshot, TenantKeys], WayBack]


def to_version(version: int) -> Back:
    """Return the way back to what an earlier version had, with nothing beside it."""

    def back(snapshot: Snapshot, keys: TenantKeys) -> WayBack:
        now, then = snapshot.secrets(), snapshot.secrets_at(version)
        return WayBack(
            keep={
                name: old for name, old in then.items() if name not in now or not equal(keys, snapshot, now[name], old)
            },
            remove=frozenset(now.keys() - then.keys()),
        )

    return back


def from_changes(*, before: int, after: int) -> Back:
    """Return the way back from what changed between two versions, where it still stands as the later one left it."""

    def back(snapshot: Snapshot, keys: TenantKeys) -> WayBack:
        now, old, new = snapshot.secrets(), snapshot.secrets_at(before), snapshot.secrets_at(after)

        def alike(one: Entry | None, other: Entry | None) -> bool:
            if one is None or other is None:
                return one is other
            return equal(keys, snapshot, one, other)

        names = [
            name
            for name in {**old, **new}
            if not alike(old.get(name), new.get(name)) and alike(now.get(name), new.get(name))
        ]
        return WayBack(
            keep={name: old[name] for name in names if name in old},
            remove=frozenset(name for name in names if name not in old),
        )

    return back


def needs(seen: Snapshot, way: WayBack, *, now: datetime) -> list[Need]:
    """Return what config has to hear of: names that come back, and values whose size counts differently then."""
    kept = {name: old for name, old in way.keep.items() if name not in seen.current or name in seen.secrets()}
    values = [
        Need(name, old.size)
        for name, old in kept.items()
        if name not in seen.current or seen.current[name].size != old.size
    ]
    needed = names_needed(seen)
    overlaps = [
        Need(name + PREVIOUS_SUFFIX, old.size)
        for name, old in kept.items()
        if _overlaps(old, now) and name + PREVIOUS_SUFFIX not in needed
    ]
    return values + overlaps


def plan(
    snapshot: Snapshot, keys: TenantKeys, way: WayBack, elsewhere: Collection[str], *, now: datetime
) -> tuple[Plan, list[str]]:
    """Return the plan that goes back, and the names that stay because they are something else.

    `elsewhere` are those that config says so of; names that add-ons manage are known here.
    """
    managed = snapshot.current.keys() - snapshot.secrets().keys()
    taken = [name for name in way.keep if name in managed or name in elsewhere]
    entries = []
    for name, old in way.keep.items():
        if name in taken:
            continue
        entry = new_entry(keys, snapshot, name, opened(keys, snapshot, old), terms=old.terms)
        previous_name = name + PREVIOUS_SUFFIX
        if _overlaps(old, now) and previous_name not in elsewhere and previous_name not in snapshot.current:
            entry = replace(entry, previous=old.previous, previous_until=old.previous_until)
        entries.append(entry)
    return plan_of(snapshot, keep=entries, remove=sorted(way.remove)), taken


def _overlaps(entry: Entry, now: datetime) -> bool:
    return entry.previous_until is not None and entry.previous_until > now
