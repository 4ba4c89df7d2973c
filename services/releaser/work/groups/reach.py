"""Which apps a shared group's release is for. Pure, but for asking what an app has itself, which is handed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.releaser.contracts import GroupUse
from services.releaser.domain import Kind, Release


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What is known of a group's release and of the apps that have the group, by their ids.

    `since_good` are the group's releases after its last good one, up to this. `good` is the last good release of each
    app that has one, `running` are those with one under way, `had` those that were given any of `since_good`.
    """

    since_good: Sequence[Release]
    good: Mapping[str, Release] = field(default_factory=dict)
    running: frozenset[str] = frozenset()
    had: frozenset[str] = frozenset()


def candidates(release: Release, uses: Sequence[GroupUse], reached: Reached) -> list[GroupUse]:
    """Return the apps that a group's release may be for, in their order.

    Taking back is for those that were given it. An app of which nothing ever ran has nothing to be released anew; its
    first release, which may be under way without this, is waited for.
    """
    if release.kind is Kind.REVERT:
        return [use for use in uses if use.key.app_id in reached.had]
    return [use for use in uses if use.key.app_id in reached.good or use.key.app_id in reached.running]


def changed_names(since_good: Sequence[Release]) -> frozenset[str] | None:
    """Return what changed in a group since its last good release; None where that may be anything.

    What a failed release had changed and what was taken back of it count: some apps were given that.
    """
    names: set[str] = set()
    for release in since_good:
        if not release.changes and release.kind is not Kind.REVERT:
            return None
        names |= {change.name for change in release.changes}
        names |= {*release.reverted_names, *release.reverted_secrets}
    return frozenset(names)


def may_be_hidden(use: GroupUse, names: frozenset[str] | None) -> bool:
    """Whether the app has all that changed itself, as far as the registry of names tells."""
    return names is not None and names <= use.own_names
