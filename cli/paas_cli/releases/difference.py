"""What lies between two releases, name by name, summed up from what each of them changed. Must not call anything."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paas_cli.releases import actions, states
from paas_cli.releases import shown as releases_shown

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import Release

_UNDONE = {actions.ADDED: actions.REMOVED, actions.CHANGED: actions.CHANGED, actions.REMOVED: actions.ADDED}


@dataclass(frozen=True)
class Difference:
    """What became of one name. `release` and `actor` are of its last change; `kind` as `releases_shown.kind` has it."""

    name: str
    kind: str
    action: int
    release: int
    actor: str


def between(releases: "Iterable[Release]") -> list[Difference]:
    """The sum of `releases`, given from the oldest to the newest; by name, the app's spec first.

    What a failed release changed and took back is no change. A name that was added and removed again is left out; one
    that was removed and added again may have another value.
    """
    found: dict[tuple[str, str], Difference] = {}
    for release in releases:
        undone = set(release.reverted_names) if release.state == states.FAILED else set()
        for change in release.changes:
            if change.name in undone or (not change.name and release.HasField("reverted_to")):
                continue
            key = (releases_shown.kind(change), change.name)
            action = _after(found[key].action if key in found else None, change.action)
            if action is None:
                found.pop(key, None)
            else:
                found[key] = Difference(change.name, key[0], action, release.number, change.actor)
    return sorted(found.values(), key=lambda each: (each.name, each.kind))


def reversed_(differences: Iterable[Difference]) -> list[Difference]:
    """The same, looked at from the newer release."""
    return [
        Difference(each.name, each.kind, _UNDONE[each.action], each.release, each.actor)
        for each in differences
        if each.action in _UNDONE
    ]


def _after(before: int | None, now: int) -> int | None:
    """What two changes of one name come to; None where the second undoes the first."""
    if before is None or now not in _UNDONE:
        return now
    if before == actions.ADDED:
        return None if now == actions.REMOVED else actions.ADDED
    if now == actions.REMOVED:
        return actions.REMOVED
    return actions.CHANGED
