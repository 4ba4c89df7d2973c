"""Objects of the Kubernetes API as tests need them."""

from typing import Any


def deployment(
    *,
    generation: int = 3,
    observed: int = 3,
    wanted: int = 2,
    total: int = 2,
    updated: int = 2,
    ready: int = 2,
    available: int = 2,
    release: str = "4",
    **spec: Any,
) -> dict[str, Any]:
    return {
        "metadata": {
            "uid": "u",
            "name": "web",
            "namespace": "tenant-acme",
            "generation": generation,
            "resourceVersion": "9",
        },
        "spec": {"replicas": wanted, "template": {"metadata": {"labels": {"paas/release": release}}}, **spec},
        "status": {
            "observedGeneration": observed,
            "replicas": total,
            "updatedReplicas": updated,
            "readyReplicas": ready,
            "availableReplicas": available,
        },
    }


def pod(*containers: dict[str, Any], name: str = "web-1", release: int = 4, **status: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": name,
            "labels": {"paas/release": str(release)},
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "status": {"phase": "Running", "containerStatuses": list(containers), **status},
    }


def container(
    *, waiting: str = "", ended: dict[str, Any] | None = None, last: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    state: dict[str, Any] = {"running": {}}
    if waiting:
        state = {"waiting": {"reason": waiting, "message": "quotes hunter2"}}
    if ended is not None:
        state = {"terminated": ended}
    return {
        "name": "web",
        "ready": False,
        "restartCount": 0,
        "state": state,
        "lastState": {"terminated": last} if last else {},
        **more,
    }
