"""What changed of shared groups between a release of an app and the one before it, by name. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2
from paas.releaser.v1.releaser_pb2 import GroupVersion, Release, ReleasedChange


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A group that an app has as before, in other versions; 0 where none was ever part of a release."""

    group: str
    config: tuple[int, int]
    secrets: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class GroupChanges:
    """What became of a group's names. `hidden` is how many secrets more there are that are not told.

    `is_whole` is whether all releases in between were looked at, and not the newest of them alone.
    """

    group: str
    changes: Sequence[ReleasedChange]
    hidden: int
    is_whole: bool = True


def moved(before: Release, release: Release) -> list[Moved]:
    """Return the groups that both have, where the later one was given other versions.

    One that was attached or detached in between is a change of the app's own, and none of these.
    """
    had = {each.group: each for each in before.groups}
    found = [_moved(had[each.group], each) for each in release.groups if each.group in had]
    return [each for each in found if each.config[0] != each.config[1] or each.secrets[0] != each.secrets[1]]


def is_new(release: Release, group: Moved) -> bool:
    """Whether a release of a group has something that the app's earlier release lacks. So has each after it."""
    return release.config_version > group.config[0] or release.secrets_version > group.secrets[0]


def is_later(release: Release, group: Moved) -> bool:
    """Whether a release of a group has something that the app's later release lacks. So has each after it."""
    return release.config_version > group.config[1] or release.secrets_version > group.secrets[1]


def since(group: Moved, releases: Sequence[Release], *, is_whole: bool = True) -> GroupChanges | None:
    """Return what the group's releases in between did to its names; None where none of them is known."""
    between = sorted(
        (each for each in releases if is_new(each, group) and not is_later(each, group)), key=lambda each: each.number
    )
    # What one that failed did was taken back before the next.
    kept = [each for each in between if each is between[-1] or each.state != releaser_pb2.STATE_FAILED]
    found: dict[tuple[str, bool], ReleasedChange] = {}
    for release in kept:
        for change in release.changes:
            key = change.name, change.secret
            if both := _both(found.pop(key, None), change):
                found[key] = both
    hidden = sum(each.hidden_changes for each in kept)
    changes = [found[key] for key in sorted(found)]
    if not changes and not hidden:
        return None
    return GroupChanges(group=group.group, changes=changes, hidden=hidden, is_whole=is_whole)


def _moved(before: GroupVersion, now: GroupVersion) -> Moved:
    return Moved(
        group=now.group,
        config=(before.config_version, now.config_version),
        secrets=(before.secrets_version, now.secrets_version),
    )


def _both(earlier: ReleasedChange | None, later: ReleasedChange) -> ReleasedChange | None:
    """One change of a name that is both; None where it was not there before, and is not after."""
    if earlier is None:
        return later
    was_there, is_there = earlier.action != config_pb2.ACTION_ADDED, later.action != config_pb2.ACTION_REMOVED
    if not was_there and not is_there:
        return None
    both = ReleasedChange()
    both.CopyFrom(later)
    if is_there:
        both.action = config_pb2.ACTION_CHANGED if was_there else config_pb2.ACTION_ADDED
    return both
