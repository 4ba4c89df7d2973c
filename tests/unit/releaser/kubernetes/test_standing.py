"""What a Deployment's status says of its rollout."""

from typing import Any

import pytest

from services.releaser.runtimes.kubernetes.standing import number_of, standing_of
from services.releaser.runtimes.protocol import Progress
from tests.unit.releaser.kubernetes.objects import deployment


def test_complete() -> None:
    assert standing_of(deployment()).complete
    assert standing_of(deployment()).release == 4


@pytest.mark.parametrize(
    "not_yet",
    [
        {"observed": 2},
        {"updated": 1},
        {"available": 1},
        {"total": 3},
    ],
)
def test_not_complete(not_yet: dict[str, Any]) -> None:
    assert not standing_of(deployment(**not_yet)).complete


def test_no_instances_are_complete_at_once() -> None:
    none = {"metadata": deployment()["metadata"], "spec": {"replicas": 0, "template": {}}}
    assert not standing_of(none).complete
    assert standing_of({**none, "status": {"observedGeneration": 3}}).complete


@pytest.mark.parametrize(
    ("numbers", "progress"),
    [
        ({"total": 2, "updated": 0, "ready": 2}, Progress(updated=0, ready=0, old=2)),
        ({"total": 3, "updated": 1, "ready": 2}, Progress(updated=1, ready=0, old=2)),
        ({"total": 3, "updated": 1, "ready": 3}, Progress(updated=1, ready=1, old=2)),
        ({"total": 2, "updated": 2, "ready": 2}, Progress(updated=2, ready=2, old=0)),
        ({"observed": 2, "total": 2, "updated": 2}, Progress(updated=0, ready=0, old=2)),
    ],
)
def test_progress(numbers: dict[str, Any], progress: Progress) -> None:
    assert standing_of(deployment(**numbers)).progress == progress


def test_paused_and_refused() -> None:
    assert standing_of(deployment(paused=True)).paused
    assert not standing_of(deployment()).refused
    refused = deployment()
    refused["status"]["conditions"] = [{"type": "ReplicaFailure", "status": "True", "message": "hunter2"}]
    assert standing_of(refused).refused


@pytest.mark.parametrize(
    ("label", "number"), [(None, 0), ("", 0), ("7", 7), ("x", 0), ("-1", 0), ("٣", 0), ("9" * 30, 0)]
)
def test_labels(label: str | None, number: int) -> None:
    assert number_of(label) == number
