"""Which versions of its shared groups a release of an app is given. Pure; settled before anything of it is applied."""

from dataclasses import dataclass, field

from services.releaser.domain import GroupRef, Kind, Pin, Versions


@dataclass(frozen=True, kw_only=True)
class UnderWay:
    """A group's release that goes out to the apps that have the group now; `done` once it is with all of them.

    Its versions are not known yet where it was ordered without any.
    """

    number: int
    kind: Kind
    versions: Versions
    done: bool


@dataclass(frozen=True, kw_only=True)
class Found:
    """What there is of one group when a release of an app begins.

    `kept` is what the app's last good release was given, `ordered` what this one or those it took the place of were
    ordered with, `good` what the group's own last good release has, or one that took something back and failed in some
    app: what it has had proved itself before. Each is without versions where there is none.
    """

    group: GroupRef
    kept: Versions = field(default_factory=Versions)
    ordered: Versions = field(default_factory=Versions)
    good: Versions = field(default_factory=Versions)
    under_way: UnderWay | None = None


def pin_of(found: Found) -> Pin:
    """Return what a release is given of a group: the newest of what there is for it, and nothing that is untried.

    What the app had last counts though the group's release may have failed since: an app goes back by the release that
    takes it back in the group, and not by chance before.
    """
    versions = found.kept.raised_to(found.ordered).raised_to(_good(found))
    return Pin(group=found.group, versions=versions)


def joins(found: Found, pin: Pin) -> bool:
    """Whether the group's release that is under way is to go to the app as well, which begins without it.

    Whoever asked which apps have the group may have asked too early to hear of this one.
    """
    release = found.under_way
    if release is None or release.done:
        return False
    return release.versions.config is None or not pin.versions.cover(release.versions)


def _good(found: Found) -> Versions:
    release = found.under_way
    if release is not None and (release.done or release.kind is Kind.REVERT):
        return found.good.raised_to(release.versions)
    return found.good
