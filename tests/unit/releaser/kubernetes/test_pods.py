"""Why a pod is not ready."""

import math
from typing import Any

import pytest

from services.releaser.runtimes.kubernetes.pods import instances_of, of_release, trouble_of
from tests.unit.releaser.kubernetes.objects import container, pod


@pytest.mark.parametrize(
    ("found", "sentence", "patience"),
    [
        (pod(container(waiting="ImagePullBackOff")), "its image can't be pulled (ImagePullBackOff)", 10),
        (pod(container(waiting="CreateContainerConfigError")), "its container can't be configured", 10),
        (
            pod(container(waiting="CrashLoopBackOff", last={"exitCode": 3}, restartCount=2)),
            "exited with code 3 again",
            0,
        ),
        (pod(container(ended={"exitCode": 1, "reason": "Error"})), "its program exited with code 1", 10),
        (pod(container(ended={"exitCode": 1}, restartCount=1)), "its program exited with code 1", 0),
        (pod(container(ended={"exitCode": 137, "reason": "OOMKilled"})), "used more memory than it may", 10),
        (pod(container(ended={"exitCode": 139, "signal": 11})), "was ended by signal 11", 10),
        (pod(container(last={"exitCode": 2}, restartCount=2)), "exited with code 2 again and again", 0),
        (pod(phase="Failed", reason="Evicted"), "it was ended (Evicted)", 0),
        (
            pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]),
            "no node takes it (Unschedulable)",
            math.inf,
        ),
    ],
)
def test_trouble(found: dict[str, Any], sentence: str, patience: float) -> None:
    trouble = trouble_of(found)
    assert trouble is not None
    assert sentence in trouble.sentence
    assert trouble.patience == patience
    assert "hunter2" not in trouble.sentence


@pytest.mark.parametrize(
    "fine",
    [
        pod(container()),
        pod(container(waiting="ContainerCreating")),
        pod(container(waiting="PodInitializing")),
        pod(container(), initContainerStatuses=[container(ended={"exitCode": 0, "reason": "Completed"})]),
        pod(container(last={"exitCode": 2}, restartCount=2, ready=True)),
        pod(),
    ],
)
def test_no_trouble(fine: dict[str, Any]) -> None:
    assert trouble_of(fine) is None


def test_a_reason_that_is_no_word_is_not_repeated() -> None:
    found = trouble_of(pod(phase="Failed", reason="password=hunter2"))
    assert found is not None
    assert found.sentence == "it was ended (no reason given)"


def test_the_run_before_is_looked_at_where_this_one_waits() -> None:
    crashing = trouble_of(pod(container(waiting="CrashLoopBackOff", last={"exitCode": 3})))
    assert crashing is not None
    assert crashing.previous
    first = trouble_of(pod(container(ended={"exitCode": 1})))
    assert first is not None
    assert not first.previous


def test_instances() -> None:
    going = pod(container(), name="going")
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:05Z"
    ready = pod(container(), name="b", release=5, startTime="2026-01-01T00:00:01Z")
    ready["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    starting = pod(container(), name="a")
    ended = pod(name="ended", phase="Failed")
    shown = instances_of([ready, going, starting, ended], namespace="tenant-acme", container="web")
    assert [(each.index, each.release, each.state) for each in shown] == [(1, 4, "starting"), (2, 5, "ready")]
    assert shown[1].started_at is not None
    assert shown[0].log == "kubectl logs -n tenant-acme a -c web"
    assert of_release([ready, going, starting, ended], 4) == [starting, ended]
