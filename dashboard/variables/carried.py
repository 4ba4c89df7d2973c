"""Which release carries a value to an app's instances, and how many of them run with it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

from paas.releaser.v1 import releaser_pb2
from paas.releaser.v1.releaser_pb2 import Instance, ListInstancesResponse, Release

CARRYING: Final = 20
"""Among so many of the newest releases is what runs, but for an app whose releases fail and fail."""


@dataclass(frozen=True, kw_only=True)
class Carried:
    """The newest release that gives instances a value, and how many have it; release 0 where none does yet."""

    release: int
    instances: int = 0

    @property
    def is_released(self) -> bool:
        """Whether the value reached an instance, or would if there was one."""
        return self.release > 0


NOT_YET: Final = Carried(release=0)
"""No release gives the value to anything: its own is on its way, or failed."""


class Carriers:
    """The releases of an app as far as they are known, and what runs; None where a list may not be seen."""

    @classmethod
    def of(
        cls, releases: Sequence[Release] | None, running: ListInstancesResponse | None, *, runs_nothing: bool
    ) -> "Carriers":
        """Those of an app, or of a group, which runs nothing itself: there the last good release has the value."""
        if runs_nothing:
            return cls(releases, ())
        return cls(releases, running.instances if running is not None else None)

    def __init__(self, releases: Sequence[Release] | None, instances: Sequence[Instance] | None) -> None:
        known = {release.number: release for release in releases or ()}
        good = [n for n, release in known.items() if release.state == releaser_pb2.STATE_SUCCEEDED]
        running = [each.release for each in instances or () if each.state != "stopped"]
        self._is_running = bool(running)
        # Without an instance, what one would run with.
        carrying = running or ([max(good)] if good else [])
        # What runs may be older than the releases that were looked at.
        is_known = releases is not None and instances is not None and all(number in known for number in carrying)
        self._carrying = [known[number] for number in carrying] if is_known else None
        self._known = [known[number] for number in sorted(known)]
        # Many variables have one version: what was saved together.
        self._of_config = cache(lambda version: self._carried(version, lambda release: release.config_version))
        self._of_secret = cache(lambda version: self._carried(version, lambda release: release.secrets_version))
        self._of_shared = cache(self._shared)

    def of_config(self, version: int) -> Carried | None:
        """Return what carries the value that a version of config made live; None where that can't be told."""
        return self._of_config(version)

    def of_secret(self, version: int) -> Carried | None:
        """Return what carries the value that a version of secrets made live; None where that can't be told."""
        return self._of_secret(version)

    def of_shared(self, group: str, version: int, *, secret: bool) -> Carried | None:
        """Return what carries a shared group's value, by the version of the group's that made it live.

        None where that can't be told, and where no release has that version: the value may be on its way, or what a
        refused one was taken back to, which runs already; the app's own releases do not say which.
        """
        return self._of_shared(group, version, secret)

    def _shared(self, group: str, version: int, secret: bool) -> Carried | None:
        if self._carrying is None or not version:
            return None
        having = [each.number for each in self._carrying if _given(each, group, secret=secret) >= version]
        return self._of(having) if having else None

    def _carried(self, version: int, version_of: Callable[[Release], int]) -> Carried | None:
        if self._carrying is None or not version:
            return None
        having = [each.number for each in self._carrying if version_of(each) >= version]
        if not having and (back := self._taken_back(version, version_of)):
            having = [each.number for each in self._carrying if each.number >= back]
        return self._of(having) if having else NOT_YET

    def _of(self, having: Sequence[int]) -> Carried:
        return Carried(release=max(having), instances=len(having) if self._is_running else 0)

    def _taken_back(self, version: int, version_of: Callable[[Release], int]) -> int:
        """Return the release that has the value a refused one was taken back to, without another; 0 for none.

        A version that took back is between that of what was refused and that of the next release.
        """
        for release, following in pairwise([*self._known, None]):
            assert release is not None, "the last alone is none"
            is_next = version_of(release) < version and (following is None or version < version_of(following))
            if is_next and release.HasField("reverted_to") and not release.HasField("revert_release"):
                return release.reverted_to
        return 0


def _given(release: Release, group: str, *, secret: bool) -> int:
    """The version of a shared group's config vars or secrets that a release was given; 0 for none."""
    for each in release.groups:
        if each.group == group:
            return each.secrets_version if secret else each.config_version
    return 0
