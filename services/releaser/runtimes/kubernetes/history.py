"""Which Secrets of old releases may go. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from services.releaser.manifests import RELEASE_LABEL
from services.releaser.runtimes.kubernetes.standing import number_of

KEPT_RELEASES: Final = 10


def no_longer_needed(
    there: Collection[int], *, release: int, good: int | None, replica_sets: Iterable[Mapping[str, Any]]
) -> list[int]:
    """Return the releases of `there`, oldest first, whose Secrets nothing needs any more.

    The newest ten stay, and those of the release that runs, of the last good one, and of every ReplicaSet there is: a
    person may go back to one by hand, and pods of it would wait for ever for a Secret that is gone.
    """
    newest = sorted(there)[-KEPT_RELEASES:]
    needed = {release, good, *newest, *map(_release_of, replica_sets)}
    return [number for number in sorted(there) if number not in needed]


def _release_of(replica_set: Mapping[str, Any]) -> int:
    template = (replica_set.get("spec") or {}).get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    return number_of(labels.get(RELEASE_LABEL))
