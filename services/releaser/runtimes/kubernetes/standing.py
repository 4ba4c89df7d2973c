"""What a Deployment's object says of its rollout. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.releaser.manifests import RELEASE_LABEL
from services.releaser.runtimes.protocol import Progress

Object = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a Deployment is. `wanted` is how many instances it should have, `total` how many there are by now.

    `seen` says whether its controller has seen the newest change of it; until then the other numbers are of before.
    `refused` says that its pods may not even be made. `release` is the one its pods are to have, 0 for none of ours.
    """

    uid: str
    namespace: str
    generation: int
    seen: bool
    release: int
    wanted: int
    total: int
    updated: int
    ready: int
    available: int
    paused: bool
    refused: bool

    @property
    def complete(self) -> bool:
        """Whether every instance, and no other, runs as the Deployment says, and has been ready for long enough."""
        return self.seen and self.updated == self.wanted == self.available and self.total == self.wanted

    @property
    def progress(self) -> Progress:
        """How many instances run the new release, are ready of these, and are left of older ones."""
        if not self.seen:
            return Progress(updated=0, ready=0, old=self.total)
        old = max(self.total - self.updated, 0)
        # Of what is ready, as many as can be are of the older ones, which are taken away last.
        return Progress(updated=self.updated, ready=max(min(self.ready - old, self.updated), 0), old=old)


def standing_of(deployment: Object) -> Standing:
    """Read a Deployment; what its status does not say is zero."""
    metadata, spec, status = deployment["metadata"], deployment["spec"], deployment.get("status") or {}
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    return Standing(
        uid=metadata["uid"],
        namespace=metadata["namespace"],
        generation=metadata["generation"],
        seen=status.get("observedGeneration", 0) >= metadata["generation"],
        release=number_of(labels.get(RELEASE_LABEL)),
        wanted=spec.get("replicas", 1),
        total=status.get("replicas", 0),
        updated=status.get("updatedReplicas", 0),
        ready=status.get("readyReplicas", 0),
        available=status.get("availableReplicas", 0),
        paused=bool(spec.get("paused")),
        refused=any(
            condition.get("type") == "ReplicaFailure" and condition.get("status") == "True"
            for condition in status.get("conditions") or []
        ),
    )


def number_of(label: str | None) -> int:
    """Return the number of a release's label, 0 where it is none."""
    return int(label) if label and label.isascii() and label.isdigit() and len(label) < 19 else 0
